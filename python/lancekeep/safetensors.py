# SPDX-License-Identifier: Apache-2.0
"""The names of the package ``safetensors`` itself, for programs that use more than ``safetensors.torch``.

``SafetensorError`` is :class:`lancekeep.Error`, the base of all errors here. ``serialize`` and ``deserialize`` work on the bytes of
a safetensors file, and ``serialize_file`` writes one: a file, not a store.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from . import _native
from ._arguments import PathLike, checked_metadata
from ._errors import Error as SafetensorError
from ._errors import InvalidArgumentError
from ._files import open_bytes
from ._safe_open import DTYPES, safe_open

__all__ = ["SafetensorError", "TensorSpec", "deserialize", "safe_open", "serialize", "serialize_file"]


class TensorSpec:
    """A tensor in memory, for ``serialize``: ``data_len`` bytes at the address ``data_ptr``, which the caller keeps alive.

    ``dtype`` is torch's name for it, such as ``"float32"``. Raises InvalidArgumentError for one that safetensors lacks.
    """

    def __init__(self, *, dtype: str, shape: Sequence[int], data_ptr: int, data_len: int):
        if dtype not in DTYPES:
            raise InvalidArgumentError(f"unknown dtype {dtype!r}; safetensors has {', '.join(DTYPES)}")
        self.dtype = DTYPES[dtype]
        self.shape = list(shape)
        if dtype == "float4_e2m1fn_x2" and self.shape:
            self.shape[-1] *= 2  # safetensors counts values, of which a byte has two
        self.data_ptr = data_ptr
        self.data_len = data_len
        self._row = dtype, list(shape)

    def __repr__(self) -> str:
        return f"TensorSpec(dtype={self.dtype!r}, shape={self.shape}, data_ptr={self.data_ptr}, data_len={self.data_len})"


def serialize(tensor_dict: Mapping[str, TensorSpec], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file. Raises InvalidArgumentError if a tensor's bytes do not fit its dtype and shape."""
    source = _native.PythonSource({}, [])
    for name, spec in tensor_dict.items():
        if not isinstance(spec, TensorSpec):
            raise TypeError(f"`{name}` must be a TensorSpec, not {type(spec).__name__}")
        dtype, shape = spec._row
        values = (ctypes.c_char * spec.data_len).from_address(spec.data_ptr) if spec.data_len else b""
        source.add(name, dtype, shape, spec.data_len, None, values)
    return _native.safetensors_bytes(source, checked_metadata(metadata))


def serialize_file(
    tensor_dict: Mapping[str, TensorSpec], filename: PathLike, metadata: Mapping[str, str] | None = None
) -> None:
    """Writes a safetensors file under a temporary name, then renames it."""
    data = serialize(tensor_dict, metadata)
    folder = os.path.dirname(os.path.abspath(filename))
    file = tempfile.NamedTemporaryFile(dir=folder, delete=False)
    try:
        with file:
            file.write(data)
        os.chmod(file.name, 0o666 & ~_umask())
        os.replace(file.name, filename)
    except BaseException:
        os.unlink(file.name)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def deserialize(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """(name, {"shape", "dtype", "data"}) of each tensor in the bytes of a safetensors file. Raises CorruptError."""
    with open_bytes(data) as source:
        return [
            (name, {"shape": _logical(dtype, shape), "dtype": DTYPES.get(dtype, dtype), "data": source.read(index)})
            for index, (name, dtype, shape, _, _) in enumerate(source.tensors())
        ]


def _logical(dtype: str, shape: Sequence[int]) -> list[int]:
    return [*shape[:-1], shape[-1] * 2] if dtype == "float4_e2m1fn_x2" and shape else list(shape)
