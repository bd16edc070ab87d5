# SPDX-License-Identifier: Apache-2.0
"""What bytes a tensor stands for, found without Lancekeep: by its storage and strides, in NumPy."""

import numpy as np
import torch

DTYPES = {str(value).removeprefix("torch."): value for value in vars(torch).values() if isinstance(value, torch.dtype)}
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}


def bits(dtype: torch.dtype) -> torch.dtype:
    """A dtype of the same width, whose tensors torch copies as they are; many of the 46 have no kernel for that."""
    return BITS[dtype.itemsize]


def stored(tensor: torch.Tensor) -> bytes:
    """In row-major order, as they lie in memory: a conjugation or negation that is still due is not applied."""
    memory = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage()).numpy()
    size = tensor.element_size()
    start = memory[tensor.storage_offset() * size :]
    strides = [stride * size for stride in tensor.stride()]
    return np.lib.stride_tricks.as_strided(start, (*tensor.shape, size), (*strides, 1)).tobytes()


def contents(tensor: torch.Tensor) -> bytes:
    """In row-major order, as they are for whoever reads the tensor."""
    return stored(tensor.detach().resolve_conj().resolve_neg())


def noise(dtype: torch.dtype, count: int, seed: int = 0) -> torch.Tensor:
    """A plain tensor of any bytes; where NaNs have payloads, its first elements are some of those, and −0.0."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(0, 256, (count * dtype.itemsize,), dtype=torch.uint8, generator=generator)
    values = values.view(bits(dtype)).view(dtype)
    if dtype.is_floating_point or dtype.is_complex:
        odd = odd_floats(dtype.to_real())[: values.nbytes]
        torch.empty(0, dtype=torch.uint8).set_(values.untyped_storage())[: len(odd)] = odd
    return values


def odd_floats(dtype: torch.dtype) -> torch.Tensor:
    """Bytes of a signalling NaN, one of all ones, −0.0, −infinity; of dtypes without them: whatever these come to."""
    top = 1 << (8 * dtype.itemsize - 1)
    infinity = {torch.float16: 0x7C00, torch.bfloat16: 0x7F80, torch.float32: 0x7F800000, torch.float64: 0x7FF << 52}
    exponent = infinity.get(dtype, top - 1)
    words = [exponent + 1, 2 * top - 1, top, top + exponent]
    data = b"".join((word % (2 * top)).to_bytes(dtype.itemsize, "little") for word in words)
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
