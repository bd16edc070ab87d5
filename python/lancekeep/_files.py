# SPDX-License-Identifier: Apache-2.0
"""Imports and exports model files of other formats. Implements the functions that safetensors has for its files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Unpack

from . import _native
from ._arguments import FileOptions, PathLike, Ref, SaveOptions, checked_metadata, dtype_text, save_options
from ._errors import Error, InvalidArgumentError, UnsafeError, UnsupportedError
from ._framework import framework_of, is_array, is_tensor
from ._native import ExportReport, SaveReport
from ._store import open, save_to

RESERVED = ("lancekeep.", "__lance")  # prefixes of metadata keys that the store itself uses


def import_file(
    file: PathLike,
    path: PathLike,
    *,
    objects: str = "refuse",
    void_dtype: Any = None,
    **options: Unpack[SaveOptions],
) -> SaveReport:
    """Saves a model file as a new version of the store ``path``, which is created if there is none.

    The format is recognised by the file's content: safetensors, the ``.index.json`` of a sharded model, torch's ``.pth``,
    ``.pt`` and ``.bin`` (state dicts and training checkpoints; no pickle is run), NumPy's ``.npz`` and ``.npy``. A folder
    with one model in it is taken for that model, and one file of several without an index for all of them. The
    file's own text metadata is kept; ``metadata`` overrides it. The options are those of :meth:`Store.save`, and:

        objects (str): what happens to a checkpoint that holds objects, such as an argparse.Namespace, a config or a whole
            module. ``"refuse"``, the default, raises UnsafeError, which lists their classes and keys. ``"skip"`` keeps
            every tensor and plain value: an object becomes plain data (a module its state dict, an object with
            attributes a dict of them, an enum its value) or is left out, and the report's notes list each class with
            its keys. Nothing is ever run.
        void_dtype: the dtype of NumPy's arrays of raw bytes (``V2``), such as ``"bfloat16"``, for which NumPy has no name.

    Raises NotFoundError, CorruptError, UnsupportedError, UnsafeError (a pickle that would run code),
    InvalidArgumentError (one of several files of a model that has an index), and the errors of :meth:`Store.save`.
    """
    source = _open_model(os.fspath(file), objects, dtype_text(void_dtype))
    options["metadata"] = {**_metadata_of(source), **checked_metadata(options.get("metadata"))}
    with save_options("import", **options) as native:
        return save_to(path, source, native)


def _open_model(file: str, objects: str, void_dtype: str) -> _native.TensorSource:
    if objects not in ("refuse", "skip"):
        raise InvalidArgumentError(f"objects is 'refuse' or 'skip', not {objects!r}")
    try:
        return _native.open_model(file, objects == "skip", void_dtype)
    except (UnsafeError, UnsupportedError) as error:
        if objects == "skip" or not _is_readable_without_objects(file, void_dtype):
            raise
        error.args = (f"{error}; objects='skip' imports the tensors and plain values of the file without its objects",)
        raise


def _is_readable_without_objects(file: str, void_dtype: str) -> bool:
    try:
        return bool(_native.open_model(file, True, void_dtype).tensors())
    except Error:
        return False


def _metadata_of(source: _native.TensorSource) -> dict[str, str]:
    """A file's metadata, without reserved keys: those describe a version of the store that wrote the file."""
    return {key: value for key, value in source.metadata().items() if key and not key.startswith(RESERVED)}


def export_file(path: PathLike, file: PathLike, version: Ref = None, *, max_shard_bytes: int = 0) -> ExportReport:
    """Writes a version of the store ``path`` to a file, in the format of its suffix: .safetensors, .npz or .npy.

    With ``max_shard_bytes``, a larger model is split into several safetensors files and an index. An existing file is
    replaced in one step.

    Raises UnsupportedError for dtypes that the format lacks, before anything is written. What else the format cannot
    hold, such as ties, is listed in the report.
    """
    at = open(path).at(version)
    return _native.write_model_file(os.fspath(file), at._native.source(), at.info.metadata, max_shard_bytes)


# --- for lancekeep.torch and lancekeep.numpy; framework is "pt" or "np" -----------------------------------------------


def save_tensors(
    tensors: Mapping[str, Any],
    path: PathLike,
    metadata: Mapping[str, str] | None,
    framework: str,
    **options: Unpack[FileOptions],
) -> SaveReport:
    """Saves tensors by name as a new version of a store."""
    text = os.fspath(path)
    if text.endswith(".safetensors") and not os.path.isdir(text):
        raise InvalidArgumentError(
            f"{text}: a store is a folder, and other programs would take this name for a safetensors file; use a name such"
            " as model.lance, and write safetensors files with lancekeep.export_file"
        )
    source = source_of_tensors(tensors, framework)
    with save_options("save", metadata=metadata, layout=None, **options) as native:
        return save_to(path, source, native)


def source_of_tensors(tensors: Mapping[str, Any], framework: str) -> _native.PythonSource:
    from ._state import source_of

    is_value, kind = (is_array, "numpy.ndarray") if framework == "np" else (is_tensor, "torch.Tensor")
    for name, value in tensors.items():
        if not isinstance(name, str) or not is_value(value):
            raise InvalidArgumentError(
                f"expected a dict of str to {kind}, found {name!r}: {type(value).__name__}; Store.save keeps other values too"
            )
    return source_of(dict(tensors), framework)


def load_tensors(path: PathLike, framework: str, device: Any, version: Ref) -> dict[str, Any]:
    return open(path, framework=framework).at(version)._tensors(device)


def to_bytes(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None, framework: str) -> bytes:
    return _native.safetensors_bytes(source_of_tensors(tensors, framework), checked_metadata(metadata))


def from_bytes(data: bytes, framework: str) -> dict[str, Any]:
    """The tensors of a model file that is in memory, each copied into its own memory."""
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
