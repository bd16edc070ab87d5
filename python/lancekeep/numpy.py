# SPDX-License-Identifier: Apache-2.0
"""The functions of ``safetensors.numpy``, on stores: every save is a version, and costs what changed.

Of the dtypes that NumPy lacks, those of the package ml_dtypes – bfloat16, the kinds of float8 – are there where it is.
``save`` and ``load`` are on bytes, which are those of a safetensors file.

Errors are those of :meth:`lancekeep.Store.save` and :meth:`lancekeep.Store.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy

from . import _files
from ._native import SaveReport
from ._progress import ProgressLike
from ._safe_open import safe_open
from ._store import PathLike, Ref

__all__ = ["load", "load_file", "safe_open", "save", "save_file"]

Array = numpy.ndarray[Any, Any]


def save_file(
    tensor_dict: Mapping[str, Array],
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    *,
    message: str = "",
    tag: str | None = None,
    durable: bool = True,
    progress: ProgressLike = None,
) -> SaveReport:
    """Saves arrays by name as a new version of the store ``filename``, which is made where nothing is."""
    return _files.save_tensors(
        tensor_dict, filename, metadata, "np", message=message, tag=tag, durable=durable, progress=progress
    )


def load_file(filename: PathLike, *, backend: str = "mmap", version: Ref = None) -> dict[str, Array]:
    """The tensors of a version by name, in model order, as arrays on the mapped files, copied when written to.

    ``backend`` is taken for safetensors' sake.
    """
    return _files.load_tensors(filename, "np", None, version)


def save(tensor_dict: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file. Raises UnsupportedError for a dtype that safetensors lacks."""
    return _files.to_bytes(tensor_dict, metadata, "np")


def load(data: bytes) -> dict[str, Array]:
    """The arrays of a safetensors file's bytes, each with memory of its own. Raises CorruptError."""
    return _files.from_bytes(data, "np")
