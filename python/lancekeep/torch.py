# SPDX-License-Identifier: Apache-2.0
"""The functions of ``safetensors.torch``, on stores: another import line, and every save is a version.

What they keep is no different: any dtype, tied, overlapping, strided tensors. Where safetensors overwrites a file, these
add a version, which costs what changed; ``load_file`` and the others take the latest unless ``version=`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ._errors import InvalidArgumentError
from ._native import SaveReport
from ._safe_open import safe_open
from ._store import IncompatibleKeys, PathLike, ProgressLike, Ref, open

__all__ = ["load_file", "load_model", "safe_open", "save_file", "save_model"]


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
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise InvalidArgumentError(
                f"save_file takes tensors by name, not {name!r}: {type(tensor).__name__}; Store.save keeps other values too"
            )
    store = open(filename, create=True)
    return store.save(dict(tensors), message=message, metadata=metadata, tag=tag, durable=durable, progress=progress)


def load_file(filename: PathLike, device: Any = "cpu", *, version: Ref = None) -> dict[str, torch.Tensor]:
    """The tensors of a version by name, in model order. On the CPU they lie on the mapped files, copied when written to."""
    at = open(filename).at(version)
    return at.load(names=list(at), device=device)


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
    """Saves a module's state dict as a new version; tied tensors are kept tied, once. ``force_contiguous`` changes nothing."""
    return save_file(
        model.state_dict(), filename, metadata, message=message, tag=tag, durable=durable, progress=progress
    )


def load_model(
    model: torch.nn.Module, filename: PathLike, strict: bool = True, device: Any = "cpu", *, version: Ref = None
) -> IncompatibleKeys:
    """Reads a version into a module's own memory, wherever that is; ``device`` is taken for safetensors' sake."""
    return open(filename).load_into(model, version, strict=strict)
