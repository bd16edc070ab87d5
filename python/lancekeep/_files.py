# SPDX-License-Identifier: Apache-2.0
"""Model files of other formats, into a store and out of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from . import _native, _progress
from ._errors import InvalidArgumentError
from ._progress import ProgressLike
from ._store import PathLike, Ref, checked_metadata, open, save_options

RESERVED = ("lancekeep.", "__lance")


def import_file(
    file: PathLike,
    path: PathLike,
    *,
    message: str = "",
    metadata: Mapping[str, str] | None = None,
    tag: str | None = None,
    layout: str | None = None,
    durable: bool = True,
    progress: ProgressLike = None,
) -> _native.SaveReport:
    """Saves a model file as a new version of the store ``path``, which is made where nothing is.

    ``file`` is told by its content: safetensors, the ``.index.json`` of a model in several files, torch's ``.pth``,
    ``.pt`` and ``.bin`` (state dicts and training checkpoints; no pickle is run), NumPy's ``.npz`` and ``.npy``. Text
    that came with it becomes metadata, over which ``metadata`` has precedence.

    Raises NotFoundError, CorruptError, UnsupportedError, or UnsafeError (a pickle that would run code), and what
    :meth:`Store.save` raises.
    """
    source = _native.open_model_file(os.fspath(file))
    settings = {**_of_file(source), **checked_metadata(metadata)}
    with _progress.watch(progress, "import") as watch:
        return save_checked(source, path, save_options(message, settings, tag, layout, durable, watch))


def _of_file(source: _native.TensorSource) -> dict[str, str]:
    """What a file says under a key that the store keeps for itself was never this version's."""
    return {key: value for key, value in source.metadata().items() if key and not key.startswith(RESERVED)}


def save_checked(source: Any, path: PathLike, options: _native.SaveOptions) -> _native.SaveReport:
    """The store is made by the save, so that one that fails leaves none."""
    return _native.Store.create(os.fspath(path)).save(source, options)


def export_file(path: PathLike, file: PathLike, version: Ref = None, *, max_shard_bytes: int = 0) -> _native.ExportReport:
    """Writes a version of the store ``path`` as the kind of file that the name says: .safetensors, .npz or .npy.

    With ``max_shard_bytes``, a larger model becomes several safetensors files and their index. A file that is there is
    replaced, in one step.

    Raises UnsupportedError for dtypes that the format lacks, before anything is written; what the format merely has no
    place for, such as ties, is listed in the report.
    """
    at = open(path).at(version)
    return _native.write_model_file(os.fspath(file), at._native.source(), at.info.metadata, max_shard_bytes)


# --- as safetensors' functions have it --------------------------------------------------------------------------------


def save_tensors(
    tensors: Mapping[str, Any], path: PathLike, metadata: Mapping[str, str] | None, framework: str, **options: Any
) -> _native.SaveReport:
    """Tensors by name as a new version of a store."""
    text = os.fspath(path)
    if text.endswith(".safetensors") and not os.path.isdir(text):
        raise InvalidArgumentError(
            f"{text}: a store is a folder, which others would take for a file of safetensors by this name; call it"
            " model.lance, and write files for others by lancekeep.export_file"
        )
    source = source_of_tensors(tensors, framework)
    with _progress.watch(options.pop("progress"), "save") as watch:
        return save_checked(source, path, save_options(metadata=metadata, layout=None, progress=watch, **options))


def source_of_tensors(tensors: Mapping[str, Any], framework: str) -> _native.PythonSource:
    from . import _state

    is_value = _state.is_array if framework == "np" else _state.is_tensor
    what = "arrays" if framework == "np" else "tensors"
    for name, value in tensors.items():
        if not isinstance(name, str) or not is_value(value):
            raise InvalidArgumentError(
                f"{what} by name are saved, not {name!r}: {type(value).__name__}; Store.save keeps other values too"
            )
    return _state.source_of(dict(tensors), framework)


def load_tensors(path: PathLike, framework: str, device: Any, version: Ref) -> dict[str, Any]:
    return open(path, framework=framework).at(version)._tensors(device)


def to_bytes(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None, framework: str) -> bytes:
    return _native.safetensors_bytes(source_of_tensors(tensors, framework), checked_metadata(metadata))


def from_bytes(data: bytes, framework: str) -> dict[str, Any]:
    """Each tensor of a model file that is in memory, in memory of its own."""
    from ._load import framework_of

    module = framework_of(framework)
    file = os.memfd_create("lancekeep")
    try:
        with os.fdopen(os.dup(file), "wb") as out:
            out.write(data)
        source = _native.open_model_file(f"/proc/self/fd/{file}")
        made = {}
        for index, (name, dtype, shape, nbytes, _) in enumerate(source.tensors()):
            if dtype not in ("json", "tree"):
                made[name] = module.from_values(name, dtype, shape, nbytes, source.read(index) if nbytes else None)
        return made
    finally:
        os.close(file)
