# SPDX-License-Identifier: Apache-2.0
"""Imports and exports model files of other formats. Implements the functions that safetensors has for its files."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Unpack

from . import _native
from ._arguments import FileOptions, PathLike, Ref, SaveOptions, checked_metadata, dtype_text
from ._errors import InvalidArgumentError, WrongTypeError
from ._framework import framework_of, is_array, is_tensor
from ._model_file import open_version
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
    return save_to(path, source, "import", **options)


def _open_model(file: str, objects: str, void_dtype: str) -> _native.TensorSource:
    if objects not in ("refuse", "skip"):
        raise InvalidArgumentError(f"objects is 'refuse' or 'skip', not {objects!r}")
    hint = "objects='skip' imports the tensors and plain values of the file without its objects"
    return _native.open_model(file, objects == "skip", void_dtype, hint)


def _metadata_of(source: _native.TensorSource) -> dict[str, str]:
    """A file's metadata, without reserved keys: those describe a version of the store that wrote the file."""
    return {key: value for key, value in source.metadata().items() if key and not key.startswith(RESERVED)}


def export_file(
    path: PathLike,
    file: PathLike,
    version: Ref = None,
    *,
    max_shard_bytes: int = 0,
    strip_prefix: str = "",
    all_names: bool = False,
) -> ExportReport:
    """Writes a version of the store ``path`` to a file, in the format of its suffix: .safetensors, .npz or .npy.

    With ``max_shard_bytes``, a larger model is split into several safetensors files and an index. An existing file is
    replaced in one step. With ``strip_prefix``, only tensors whose names start with it are written, under the rest of
    their names: ``"model."`` makes a model file of a training checkpoint.

    A safetensors file gets one name of tied tensors, and lists the others in its metadata, as safetensors' ``save_model``
    does and its ``load_model`` needs; with ``all_names``, it gets each name, with a copy of the values. Its metadata, if
    it has any, has ``format``, which transformers and accelerate need.

    Raises UnsupportedError for dtypes that the format lacks, before anything is written; NotFoundError if no name starts
    with ``strip_prefix``. What else the format cannot hold is listed in the report.
    """
    at = open(path).at(version)
    return _native.write_model_file(
        os.fspath(file), at._native.source(), at.info.metadata, max_shard_bytes, all_names, strip_prefix
    )


# --- for lancekeep.torch and lancekeep.numpy; framework is "pt" or "np" -----------------------------------------------


def save_tensors(
    tensors: Mapping[str, Any],
    path: PathLike,
    metadata: Mapping[str, str] | None,
    framework: str,
    **options: Unpack[FileOptions],
) -> SaveReport:
    """Saves tensors by name as a new version of a store."""
    source = source_of_tensors(tensors, framework)
    return save_to(path, source, metadata=checked_metadata(metadata, numbers=False), **options)


def source_of_tensors(tensors: Mapping[str, Any], framework: str) -> _native.PythonSource:
    from ._state import source_of

    is_value, kind = (is_array, "numpy.ndarray") if framework == "np" else (is_tensor, "torch.Tensor")
    if not isinstance(tensors, Mapping):
        raise WrongTypeError(f"expected a dict of str to {kind}, found {type(tensors).__name__}")
    for name, value in tensors.items():
        if not isinstance(name, str) or not is_value(value):
            raise InvalidArgumentError(
                f"expected a dict of str to {kind}, found {name!r}: {type(value).__name__}; Store.save keeps other values too"
            )
    # The OrderedDict of a module has the versions of its modules.
    return source_of(tensors if type(tensors) is OrderedDict else dict(tensors), framework)


def load_tensors(path: PathLike, framework: str, device: Any, version: Ref) -> dict[str, Any]:
    return open_version(path, version, framework=framework)._tensors(device)


def to_bytes(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None, framework: str) -> bytes:
    return _native.safetensors_bytes(source_of_tensors(tensors, framework), checked_metadata(metadata, numbers=False))


@contextlib.contextmanager
def open_bytes(data: bytes) -> Iterator[_native.TensorSource]:
    """Opens a model file that is in memory."""
    file = os.memfd_create("lancekeep")
    try:
        with os.fdopen(os.dup(file), "wb") as out:
            out.write(data)
        yield _native.open_model_file(f"/proc/self/fd/{file}")
    finally:
        os.close(file)


def from_bytes(data: bytes, framework: str) -> dict[str, Any]:
    """The tensors of a model file that is in memory, each copied into its own memory."""
    module = framework_of(framework)
    with open_bytes(data) as source:
        made = {}
        for index, (name, dtype, shape, nbytes, _) in enumerate(source.tensors()):
            if dtype not in ("json", "tree"):
                made[name] = module.from_values(name, dtype, shape, nbytes, source.read(index) if nbytes else None)
        return made
