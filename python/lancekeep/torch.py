# SPDX-License-Identifier: Apache-2.0
"""The functions of ``safetensors.torch``, on stores: another import line, and every save is a version.

What they keep is no different, but more: any dtype, tied, overlapping, strided tensors. Where safetensors overwrites a
file, these add a version to a store – a folder –, which costs what changed; ``load_file`` and the others take the latest
unless ``version=`` (a number, a tag) says otherwise. ``save`` and ``load`` are on bytes, which are those of a safetensors
file: the package safetensors reads what ``save`` gives, and ``load`` what it wrote.

Errors are those of :meth:`lancekeep.Store.save` and :meth:`lancekeep.Store.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from . import _files
from ._native import SaveReport
from ._progress import ProgressLike
from ._safe_open import safe_open
from ._store import IncompatibleKeys, PathLike, Ref, open

__all__ = ["load", "load_file", "load_model", "safe_open", "save", "save_file", "save_model"]


def save_file(
    tensors: Mapping[str, torch.Tensor],
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    *,
    message: str = "",
    tag: str | None = None,
    durable: bool = True,
    progress: ProgressLike = None,
) -> SaveReport:
    """Saves tensors by name as a new version of the store ``filename``, which is made where nothing is."""
    return _files.save_tensors(
        tensors, filename, metadata, "pt", message=message, tag=tag, durable=durable, progress=progress
    )


def load_file(
    filename: PathLike, device: Any = "cpu", *, backend: str = "mmap", version: Ref = None
) -> dict[str, torch.Tensor]:
    """The tensors of a version by name, in model order. On the CPU they lie on the mapped files, copied when written to.

    ``backend`` is taken for safetensors' sake.
    """
    return _files.load_tensors(filename, "pt", device, version)


def save(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file. Raises UnsupportedError for a dtype that safetensors lacks."""
    return _files.to_bytes(tensors, metadata, "pt")


def load(data: bytes) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file's bytes, each with memory of its own. Raises CorruptError."""
    return _files.from_bytes(data, "pt")


def save_model(
    model: torch.nn.Module,
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    force_contiguous: bool = True,
    *,
    message: str = "",
    tag: str | None = None,
    durable: bool = True,
    progress: ProgressLike = None,
) -> SaveReport:
    """Saves a module's state dict as a new version; tied tensors are kept tied, once.

    ``force_contiguous`` is taken for safetensors' sake: values are always kept contiguous.
    """
    return save_file(
        model.state_dict(), filename, metadata, message=message, tag=tag, durable=durable, progress=progress
    )


def load_model(
    model: torch.nn.Module,
    filename: PathLike,
    strict: bool = True,
    device: Any = "cpu",
    *,
    backend: str = "mmap",
    version: Ref = None,
) -> IncompatibleKeys:
    """Reads a version into a module's own memory; returns the names that were missing, and those that were unexpected.

    ``device`` and ``backend`` are taken for safetensors' sake: values go to wherever the module's memory is.
    """
    return open(filename).load_into(model, version, strict=strict)
