# SPDX-License-Identifier: Apache-2.0
"""The bytes of a tensor, computed without Lancekeep: with NumPy, from its storage and strides."""

import numpy as np
import torch

DTYPES = {str(value).removeprefix("torch."): value for value in vars(torch).values() if isinstance(value, torch.dtype)}
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}


def bits(dtype: torch.dtype) -> torch.dtype:
    """A dtype of the same width that torch can copy bit for bit; many of the 46 dtypes have no copy kernel."""
    return BITS[dtype.itemsize]


def stored(tensor: torch.Tensor) -> bytes:
    """In row-major order, as they are in memory: a pending conjugation or negation is not applied."""
    memory = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage()).numpy()
    size = tensor.element_size()
    start = memory[tensor.storage_offset() * size :]
    strides = [stride * size for stride in tensor.stride()]
    return np.lib.stride_tricks.as_strided(start, (*tensor.shape, size), (*strides, 1)).tobytes()


def contents(tensor: torch.Tensor) -> bytes:
    """In row-major order, with the values that a reader of the tensor sees."""
    return stored(tensor.detach().resolve_conj().resolve_neg())


def noise(dtype: torch.dtype, count: int, seed: int = 0) -> torch.Tensor:
    """A contiguous tensor of random bytes. The first elements of a float dtype are NaNs with payloads, and −0.0."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(0, 256, (count * dtype.itemsize,), dtype=torch.uint8, generator=generator)
    values = values.view(bits(dtype)).view(dtype)
    if dtype.is_floating_point or dtype.is_complex:
        odd = odd_floats(dtype.to_real())[: values.nbytes]
        torch.empty(0, dtype=torch.uint8).set_(values.untyped_storage())[: len(odd)] = odd
    return values


def odd_floats(dtype: torch.dtype) -> torch.Tensor:
    """The bytes of a signalling NaN, a NaN of all ones, −0.0 and −infinity; other values in dtypes that lack them."""
    top = 1 << (8 * dtype.itemsize - 1)
    infinity = {torch.float16: 0x7C00, torch.bfloat16: 0x7F80, torch.float32: 0x7F800000, torch.float64: 0x7FF << 52}
    exponent = infinity.get(dtype, top - 1)
    words = [exponent + 1, 2 * top - 1, top, top + exponent]
    data = b"".join((word % (2 * top)).to_bytes(dtype.itemsize, "little") for word in words)
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
