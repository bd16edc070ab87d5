# SPDX-License-Identifier: Apache-2.0
"""The functions of ``safetensors.numpy``, on stores: every save is a version, and costs only what changed.

dtypes that NumPy lacks – bfloat16, the float8 dtypes – need the package ml_dtypes. ``save`` and ``load`` work on the
bytes of a safetensors file.

A real model file, such as a ``.safetensors`` file, is loaded as well. ``SafetensorError`` is :class:`lancekeep.Error`.

Errors are those of :meth:`lancekeep.Store.save` and :meth:`lancekeep.Store.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import numpy

from . import _files
from ._arguments import FileOptions, PathLike, Ref
from ._errors import Error as SafetensorError
from ._model_file import check_backend
from ._native import SaveReport
from ._safe_open import safe_open

__all__ = ["SafetensorError", "load", "load_file", "safe_open", "save", "save_file"]

Array = numpy.ndarray[Any, Any]


def save_file(
    tensor_dict: Mapping[str, Array],
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    **options: Unpack[FileOptions],
) -> SaveReport:
    """Saves arrays by name as a new version of the store ``filename``, which is created if there is none.

    The options are ``message``, ``tag``, ``durable`` and ``progress`` of :meth:`lancekeep.Store.save`.
    """
    return _files.save_tensors(tensor_dict, filename, metadata, "np", **options)


def load_file(filename: PathLike, *, backend: str = "mmap", version: Ref = None) -> dict[str, Array]:
    """The tensors of a version by name, in model order, as memory-mapped arrays. Writing to one never changes a file.

    ``backend`` is accepted because safetensors has it, but has no effect.
    """
    check_backend(backend)
    return _files.load_tensors(filename, "np", None, version)


def save(tensor_dict: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file. Raises UnsupportedError for a dtype that safetensors lacks."""
    return _files.to_bytes(tensor_dict, metadata, "np")


def load(data: bytes) -> dict[str, Array]:
    """The arrays in the bytes of a safetensors file, each copied into its own memory. Raises CorruptError."""
    return _files.from_bytes(data, "np")
