# SPDX-License-Identifier: Apache-2.0
"""The functions of ``safetensors.torch``, on stores: change the import line, and every save is a version.

They keep all that safetensors keeps, and more: any dtype, and tied, overlapping and strided tensors. Where safetensors
overwrites a file, these add a version to a store, which is a folder; a version costs only what changed. ``load_file``
and the others load the latest version unless ``version=`` (a number or a tag) is given. ``save`` and ``load`` work on
the bytes of a safetensors file: safetensors can load what ``save`` returns, and ``load`` what safetensors saved.

A real model file, such as a ``.safetensors`` file, is loaded as well: ``load_file``, ``load_model`` and ``safe_open`` look at
what is there. Files are written by :func:`lancekeep.export_file`. ``SafetensorError`` is :class:`lancekeep.Error`.

Errors are those of :meth:`lancekeep.Store.save` and :meth:`lancekeep.Store.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import torch

from . import _files
from ._arguments import FileOptions, PathLike, Ref, device_of
from ._errors import Error as SafetensorError
from ._model_file import check_backend
from ._model_file import open_place as open
from ._native import SaveReport
from ._safe_open import safe_open
from ._store import IncompatibleKeys

__all__ = ["SafetensorError", "load", "load_file", "load_model", "safe_open", "save", "save_file", "save_model"]


def save_file(
    tensors: Mapping[str, torch.Tensor],
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    **options: Unpack[FileOptions],
) -> SaveReport:
    """Saves tensors by name as a new version of the store ``filename``, which is created if there is none.

    The options are ``message``, ``tag``, ``durable`` and ``progress`` of :meth:`lancekeep.Store.save`.
    """
    return _files.save_tensors(tensors, filename, metadata, "pt", **options)


def load_file(
    filename: PathLike, device: Any = "cpu", *, backend: str = "mmap", version: Ref = None
) -> dict[str, torch.Tensor]:
    """The tensors of a version by name, in model order. On the CPU they are memory-mapped; writing never changes a file.

    ``backend`` is accepted because safetensors has it, but has no effect.
    """
    check_backend(backend)
    return _files.load_tensors(filename, "pt", device, version)


def save(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file. Raises UnsupportedError for a dtype that safetensors lacks."""
    return _files.to_bytes(tensors, metadata, "pt")


def load(data: bytes) -> dict[str, torch.Tensor]:
    """The tensors in the bytes of a safetensors file, each copied into its own memory. Raises CorruptError."""
    return _files.from_bytes(data, "pt")


def save_model(
    model: torch.nn.Module,
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    force_contiguous: bool = True,
    **options: Unpack[FileOptions],
) -> SaveReport:
    """Saves a module's state dict as a new version. Tied tensors stay tied and are stored once.

    ``force_contiguous`` has no effect: values are always stored contiguously. The options are those of ``save_file``.
    """
    return save_file(model.state_dict(), filename, metadata, **options)


def load_model(
    model: torch.nn.Module,
    filename: PathLike,
    strict: bool = True,
    device: Any = "cpu",
    *,
    backend: str = "mmap",
    version: Ref = None,
) -> IncompatibleKeys:
    """Loads a version, by default the latest, into a module. Returns the missing and the unexpected names.

    As :meth:`lancekeep.Store.load_into`, which also has ``prefix`` and ``names``. ``device`` is checked, but like
    ``backend`` has no effect: values are read to the device of each of the module's tensors.
    """
    device_of(device, "pt")
    return open(filename).load_into(model, version, strict=strict)
