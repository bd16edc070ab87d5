# SPDX-License-Identifier: Apache-2.0
"""torch tensors as bytes and back. The only core module that imports torch, and only where it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.utils.dlpack

from . import _native
from ._errors import CorruptError, InvalidArgumentError, UnsupportedError

PIECE = 16 << 20  # bytes that are gathered, or staged for a device, at once

# Whole values as integers: copied by kernels that exist for every dtype. Nothing integer has 16 bytes.
_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}

DTYPES: dict[str, torch.dtype] = {
    str(value).removeprefix("torch."): value for value in vars(torch).values() if isinstance(value, torch.dtype)
}
_QUANTIZED = {torch.quint8, torch.qint8, torch.qint32, torch.quint4x2, torch.quint2x4}


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def dtype_of(name: str, tensor: str) -> torch.dtype:
    if name not in DTYPES:
        raise UnsupportedError(f"tensor `{tensor}` has dtype {name}, which torch {torch.__version__} does not have")
    return DTYPES[name]


# --- out of torch -----------------------------------------------------------------------------------------------


def refusal(tensor: torch.Tensor) -> str | None:
    """Why the tensor's values cannot be kept as plain bytes."""
    if tensor.is_nested:
        return "is a nested tensor; keep its parts as tensors of their own"
    if tensor.layout != torch.strided:
        return f"has the layout {dtype_name(tensor.layout)}; keep its indices and values, or its to_dense()"
    if tensor.is_quantized:
        return "is quantized; keep its int_repr(), scales and zero points as tensors of their own"
    if tensor.is_meta:
        return "is on the meta device and has no values"
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor) or isinstance(tensor, torch._subclasses.FakeTensor):
        return "is a stand-in without values of its own"
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
        return f"is of the class {type(tensor).__qualname__}; keep its plain tensors instead"
    return None


def tie_key(tensor: torch.Tensor) -> Any:
    """Equal for tensors that are one: same memory, shape, strides and dtype. None: of no memory, tied to nothing."""
    if tensor.numel() == 0:
        return None
    return (
        tensor.device,
        tensor.untyped_storage().data_ptr(),
        tensor.storage_offset(),
        tensor.shape,
        tensor.stride(),
        tensor.dtype,
        tensor.is_conj(),
        tensor.is_neg(),
    )


def extent(tensor: torch.Tensor) -> tuple[Any, int, int]:
    """The storage, and from which byte of it to which the tensor lies."""
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))
    begin = tensor.storage_offset() * tensor.element_size()
    storage = (tensor.device, tensor.untyped_storage().data_ptr())
    return storage, begin, begin + (last + 1) * tensor.element_size()


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether its bytes lie in memory just as they are to be written."""
    return tensor.device.type == "cpu" and tensor.is_contiguous() and not tensor.is_conj() and not tensor.is_neg()


def bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.resolve_conj().resolve_neg().view(_BITS[tensor.element_size()])


def memory(tensor: torch.Tensor) -> Any:
    """A plain tensor's bytes as a buffer, which keeps the tensor."""
    return _native.Memory(tensor.data_ptr(), tensor.nbytes, tensor)


def values(tensor: torch.Tensor) -> Any:
    """What a PythonSource takes: a buffer, or where the bytes lie otherwise, a callable that gathers them in pieces."""
    tensor = tensor.detach()
    if tensor.numel() == 0:
        return b""
    if is_plain(tensor):
        return memory(tensor)
    return lambda: pieces(tensor)


def pieces(tensor: torch.Tensor) -> Iterator[Any]:
    """The bytes in row-major order, conjugation and negation applied, in buffers of at most PIECE bytes."""
    if is_plain(tensor):
        yield memory(tensor)
    elif tensor.nbytes <= PIECE:
        yield memory(bits(tensor).cpu().contiguous())
    else:
        rows = tensor.shape[0]
        step = max(PIECE // (tensor.nbytes // rows), 1)
        for row in range(0, rows, step):
            yield from pieces(tensor[row] if step == 1 else tensor[row : row + step])


# --- into torch -------------------------------------------------------------------------------------------------


def check_shape(name: str, dtype: str, shape: Sequence[int], nbytes: int) -> None:
    """A shape from a file must not come to torch unless the bytes back it."""
    count = _native.dtype_itemsize(dtype) or 0
    for size in shape:
        count *= size
    if count != nbytes or any(size < 0 for size in shape):
        raise CorruptError(f"tensor `{name}` of dtype {dtype} and shape {list(shape)} cannot have {nbytes} bytes")


def from_values(name: str, dtype: str, shape: Sequence[int], values: Any) -> torch.Tensor:
    """A tensor on these very bytes, which it keeps."""
    kind = dtype_of(dtype, name)
    if values is None:
        return torch.empty(shape, dtype=kind)
    if kind in _QUANTIZED:  # torch would want a quantizer of it
        return torch.frombuffer(values, dtype=_BITS[kind.itemsize]).view(kind).view(shape)
    return torch.frombuffer(values, dtype=kind).view(shape)


from_capsule = torch.utils.dlpack.from_dlpack

Read = Callable[[int, int, int], None]  # offset into the value, address, bytes


def to_device(name: str, dtype: str, shape: Sequence[int], nbytes: int, read: Read, device: torch.device) -> torch.Tensor:
    """A tensor on another device, by way of pinned memory where that is one of CUDA."""
    tensor = torch.empty(shape, dtype=dtype_of(dtype, name), device=device)
    if not tensor.is_meta:
        stage(tensor, nbytes, read)
    return tensor


def stage(target: torch.Tensor, nbytes: int, read: Read) -> None:
    """Reads values piece by piece into memory that a device can fetch from, and from there into a contiguous target."""
    if nbytes == 0:
        return
    flat = target.view(_BITS[target.element_size()]).view(-1).view(torch.uint8)
    pinned = target.device.type == "cuda"
    staging = torch.empty(min(PIECE, nbytes), dtype=torch.uint8, pin_memory=pinned)
    for start in range(0, nbytes, PIECE):
        count = min(PIECE, nbytes - start)
        read(start, staging.data_ptr(), count)
        flat[start : start + count].copy_(staging[:count])


def takes_bytes(target: torch.Tensor, dtype: str) -> bool:
    """Whether a value's bytes can be read straight into the tensor's memory."""
    return dtype_name(target.dtype) == dtype and is_plain(target)


def copy_into(target: torch.Tensor, dtype: str, nbytes: int, read: Read, mapped: Callable[[], torch.Tensor]) -> None:
    """Fills a tensor that does not take the bytes as they are: on a device, strided, or of another dtype."""
    same = dtype_name(target.dtype) == dtype and not target.is_conj() and not target.is_neg()
    if same and target.device.type != "cpu" and target.is_contiguous():
        stage(target, nbytes, read)
    elif same:
        target.view(_BITS[target.element_size()]).copy_(bits(mapped()))
    else:
        target.copy_(mapped())


def require_targets(targets: dict[str, torch.Tensor], infos: dict[str, Any]) -> None:
    """Everything that can be wrong with a target, told before the first one is changed."""
    problems = []
    for name, target in targets.items():
        info = infos[name]
        if why := refusal(target):
            problems.append(f"`{name}` of the target {why}")
        elif tuple(target.shape) != info.shape:
            problems.append(f"`{name}` is {list(info.shape)} in the store and {list(target.shape)} in the target")
        elif not info.is_tensor:
            problems.append(f"`{name}` is no tensor in the store")
        else:
            problems += conversion_problem(name, info.dtype, target.dtype)
    if problems:
        raise InvalidArgumentError("; ".join(problems) + "; nothing was loaded")


def conversion_problem(name: str, dtype: str, to: torch.dtype) -> list[str]:
    """torch lacks a kernel for some pairs of dtypes; one value is tried."""
    kind = dtype_of(dtype, name)
    if kind == to:
        return []
    try:
        one = torch.zeros(1, dtype=_BITS[kind.itemsize]).view(kind)
        torch.zeros(1, dtype=_BITS[to.itemsize]).view(to).copy_(one)
    except (RuntimeError, NotImplementedError):
        return [f"`{name}` is {dtype} in the store and {dtype_name(to)} in the target, and torch does not convert it"]
    return []
