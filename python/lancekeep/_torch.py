# SPDX-License-Identifier: Apache-2.0
"""torch tensors as bytes and back. Implements ``Framework``; it imports torch, so it is imported only when needed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.utils.dlpack

from . import _native
from ._errors import UnsupportedError

PIECE = 16 << 20  # bytes that are gathered, or staged for a device, at a time

# For each element size, a dtype whose copy kernels exist and keep every bit. No integer has 16 bytes, so a complex one.
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}

DTYPES: dict[str, torch.dtype] = {
    str(value).removeprefix("torch."): value for value in vars(torch).values() if isinstance(value, torch.dtype)
}
NAMES = {value: str(value).removeprefix("torch.") for value in DTYPES.values()}
QUANTIZED = {torch.quint8, torch.qint8, torch.qint32, torch.quint4x2, torch.quint2x4}
CLASSES = {torch.Tensor, torch.nn.Parameter, getattr(torch.nn, "Buffer", torch.Tensor)}
UNINITIALIZED = (torch.nn.parameter.UninitializedParameter, torch.nn.parameter.UninitializedBuffer)


def dtype_name(tensor: torch.Tensor) -> str:
    return NAMES[tensor.dtype]


def dtype_of(name: str, tensor: str) -> torch.dtype:
    if name not in DTYPES:
        raise UnsupportedError(f"tensor `{tensor}` has dtype {name}, which torch {torch.__version__} does not have")
    return DTYPES[name]


# --- save: tensors to bytes -------------------------------------------------------------------------------------------


def why_unsupported(tensor: torch.Tensor) -> str | None:
    """Why the tensor's values cannot be kept as plain bytes; None if they can."""
    if type(tensor) not in CLASSES:
        why = why_no_plain_memory(tensor)
        if why:
            return why
        tensor = plain(tensor)
    if tensor.is_nested:
        return "is a nested tensor; keep its parts as separate tensors"
    if tensor.layout != torch.strided:
        layout = str(tensor.layout).removeprefix("torch.")
        return f"has the layout {layout}; keep its indices and values, or its to_dense()"
    if tensor.is_quantized:
        return "is quantized; keep its int_repr(), scales and zero points as separate tensors"
    if tensor.is_meta:
        return "is on the meta device and has no values"
    if tensor.is_neg() and not negates(tensor.dtype):
        return f"is a negative view, and torch cannot negate {dtype_name(tensor)}; keep the tensor it is a view of"
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return "is a wrapper inside a torch.func transformation and has no values of its own"
    if not tensor._is_zerotensor() and not has_storage(tensor):
        return f"is on the device {tensor.device}, which does not give its memory; keep its cpu()"
    return None


def why_no_plain_memory(tensor: torch.Tensor) -> str | None:
    """Why a tensor of a subclass is more than its own memory; None if that memory has all its values."""
    kind = type(tensor)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(tensor, UNINITIALIZED):
        return f"is of the class {name} and has no values yet; run the lazy module once, then save it"
    # A class with this method computes with other tensors than its own memory: a wrapper.
    if kind.__torch_dispatch__ is torch.Tensor.__torch_dispatch__:
        return None
    if kind.__name__ == "DTensor":
        return f"is a {name}, of which this process has one shard; keep its full_tensor()"
    if name.startswith("torchao."):
        return (
            f"is of torchao's class {name}; keep the plain tensors and the metadata that torchao's"
            " flatten_tensor_state_dict() makes of the state dict"
        )
    if name.startswith("torch.nested."):
        return "is a nested tensor; keep its parts as separate tensors"
    return f"is of the class {name}, a wrapper of other tensors; keep those instead"


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor as a torch.Tensor with the same memory. A class of its own, and its attributes, are not kept."""
    if type(tensor) not in CLASSES:
        with torch._C.DisableTorchFunctionSubclass():
            tensor = torch.Tensor.as_subclass(tensor.detach(), torch.Tensor)
    if tensor._is_zerotensor():  # has no memory at all
        return torch.zeros(tensor.shape, dtype=tensor.dtype)
    return tensor


def has_storage(tensor: torch.Tensor) -> bool:
    """Whether the tensor's memory can be asked for."""
    try:
        tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return False
    return tensor.device.type not in ("xla", "lazy")


@functools.lru_cache(maxsize=None)
def negates(dtype: torch.dtype) -> bool:
    """Whether torch can read a negative view of this dtype. It can make such a view of any dtype."""
    try:
        torch._neg_view(torch.zeros(1, dtype=BITS[dtype.itemsize], device="cpu").view(dtype)).resolve_neg()
    except (RuntimeError, NotImplementedError):
        return False
    return True


def tie_key(tensor: torch.Tensor) -> Any:
    """A key that is equal for tied tensors: same memory, shape, strides and dtype."""
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


def extent(tensor: torch.Tensor) -> tuple[str, int, int]:
    """(storage, begin, end): the bytes of the storage that the tensor spans."""
    last = sum((int(size) - 1) * int(stride) for size, stride in zip(tensor.shape, tensor.stride()))
    begin = int(tensor.storage_offset()) * tensor.element_size()
    storage = f"{tensor.device} {tensor.untyped_storage().data_ptr()}"
    return storage, begin, begin + (last + 1) * tensor.element_size()


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether the tensor's memory is exactly the bytes to write."""
    return tensor.is_cpu and tensor.is_contiguous() and not tensor.is_conj() and not tensor.is_neg()


def bits(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor's values, conjugation and negation applied, viewed in a dtype of BITS."""
    return tensor.resolve_conj().resolve_neg().view(BITS[tensor.element_size()])


def memory(tensor: torch.Tensor) -> Any:
    """The bytes of a tensor that is_plain(), as a buffer that keeps the tensor alive."""
    return _native.Memory(tensor.data_ptr(), tensor.nbytes, tensor)


def source_values(tensor: torch.Tensor, staging: dict[bool, Any]) -> Any:
    """The tensor's own memory as a buffer, or a callable that gathers its bytes in pieces if they are laid out otherwise.

    ``staging`` holds scratch memory for all tensors of a source; only one of them is read at a time.
    """
    tensor = tensor.detach()
    if tensor.numel() == 0:
        return b""
    if is_plain(tensor):
        return memory(tensor)
    return lambda: pieces(tensor, staging)


def pieces(tensor: torch.Tensor, staging: dict[bool, Any]) -> Iterator[Any]:
    """The bytes in row-major order, conjugation and negation applied, in buffers of at most PIECE bytes.

    A buffer is valid until the next one is requested: they share scratch memory.
    """
    for part in parts(tensor):
        if is_plain(part):
            yield memory(part)
        else:
            if tensor.is_cuda not in staging:
                staging[tensor.is_cuda] = staging_for(PIECE, tensor)
            yield memory(gathered(part, staging[tensor.is_cuda]))


def parts(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    """Consecutive views of the tensor; those whose bytes must be gathered have at most PIECE bytes."""
    if is_plain(tensor) or tensor.nbytes <= PIECE:
        yield tensor
        return
    rows = tensor.shape[0]
    step = max(PIECE // (tensor.nbytes // rows), 1)
    for row in range(0, rows, step):
        yield from parts(tensor[row] if step == 1 else tensor[row : row + step])


def gathered(tensor: torch.Tensor, staging: torch.Tensor) -> torch.Tensor:
    """A contiguous copy of the tensor's bits in scratch memory."""
    values = bits(tensor)
    return staging[: tensor.nbytes].view(values.dtype).view(tensor.shape).copy_(values)


def staging_for(nbytes: int, tensor: torch.Tensor) -> torch.Tensor:
    """Scratch memory on the CPU; pinned for a CUDA tensor, so that the device can copy to and from it directly."""
    return torch.empty(nbytes, dtype=torch.uint8, device="cpu", pin_memory=tensor.is_cuda)


# --- load: bytes to tensors -------------------------------------------------------------------------------------------


def made_as(dtype: torch.dtype) -> torch.dtype:
    """The dtype to create a tensor with, before it is viewed as ``dtype``: a quantized dtype would make a quantized tensor."""
    return BITS[dtype.itemsize] if dtype in QUANTIZED else dtype


def blank(shape: Sequence[int], dtype: torch.dtype, device: Any) -> torch.Tensor:
    return torch.empty(shape, dtype=made_as(dtype), device=device).view(dtype)


def from_values(name: str, dtype: str, shape: Sequence[int], nbytes: int, values: Any) -> torch.Tensor:
    """A tensor that shares the memory of the buffer ``values``, and keeps it alive."""
    kind = dtype_of(dtype, name)
    if values is None:
        return blank(shape, kind, "cpu")
    return torch.frombuffer(values, dtype=made_as(kind)).view(kind).view(shape)


def part_of(tensor: torch.Tensor, index: Any) -> torch.Tensor:
    """``tensor[index]``, copied into its own memory, as bits: not every dtype has a copy kernel."""
    return tensor.view(BITS[tensor.element_size()])[index].clone().view(tensor.dtype)


from_capsule: Callable[[Any], Any] | None = torch.utils.dlpack.from_dlpack

Read = Callable[[int, int, int], None]  # offset into the value, destination address, number of bytes


def to_device(name: str, dtype: str, shape: Sequence[int], nbytes: int, read: Read, device: torch.device) -> torch.Tensor:
    """A tensor on another device. For the meta device, nothing is read."""
    tensor = blank(shape, dtype_of(dtype, name), device)
    if not tensor.is_meta:
        stage(tensor, nbytes, read)
    return tensor


def stage(target: torch.Tensor, nbytes: int, read: Read) -> None:
    """Reads a value in pieces into scratch memory, and copies them into a contiguous target on any device."""
    if nbytes == 0:
        return
    flat = target.view(BITS[target.element_size()]).view(-1).view(torch.uint8)
    staging = staging_for(min(PIECE, nbytes), target)
    for start in range(0, nbytes, PIECE):
        count = min(PIECE, nbytes - start)
        read(start, staging.data_ptr(), count)
        flat[start : start + count].copy_(staging[:count])
