# SPDX-License-Identifier: Apache-2.0
"""A model file where the functions of safetensors expect one: it is read, though a store is what they are for.

``open_place`` opens a store or a model file. A ``ModelFile`` has what these functions use of a ``Store`` and a ``Version``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _native
from ._arguments import PathLike, Ref, device_of
from ._errors import InvalidArgumentError, NotFoundError, listed
from ._framework import framework_name, framework_of, is_tensor
from ._store import IncompatibleKeys, Store, open

if TYPE_CHECKING:
    from ._version import Version


def open_place(path: PathLike, *, framework: str = "pt") -> Store | ModelFile:
    """Opens a store; or, if a file is there, a model file of any kind that ``import_file`` reads."""
    if os.path.isfile(path):
        return ModelFile(path, framework)
    return open(path, framework=framework)


def open_version(path: PathLike, version: Ref, *, framework: str = "pt") -> Version | ModelFile:
    """Opens a version of a store, or a model file, which has only one."""
    return open_place(path, framework=framework).at(version)


class FileTensor(NamedTuple):
    """One tensor of a model file, as ``TensorInfo``."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    tied_to: str | None
    row: int  # in the file


class FileInfo(NamedTuple):
    """What ``VersionInfo`` says, for a model file."""

    layout: str
    metadata: dict[str, str]
    bytes_total: int


class ModelFile(Mapping[str, FileTensor]):
    """The tensors of a model file, by name. Each is read into its own memory when it is asked for. Any thread may use it."""

    def __init__(self, path: PathLike, framework: str = "pt"):
        self.path = os.fspath(path)
        self._framework = framework_name(framework)
        self._source = _native.open_model_file(self.path)
        self._lock = threading.Lock()  # a source belongs to one thread at a time
        rows = self._source.tensors()
        self._tensors_by_name = {
            name: FileTensor(name, dtype, tuple(shape), nbytes, None if tied is None else rows[tied][0], row)
            for row, (name, dtype, shape, nbytes, tied) in enumerate(rows)
            if dtype not in ("json", "tree")
        }

    def at(self, version: Ref = None) -> ModelFile:
        """The file itself. Raises InvalidArgumentError if a version is given."""
        if version is not None:
            raise InvalidArgumentError(
                f"{self.path}: a model file has no versions; import it into a store, or leave out version={version!r}"
            )
        return self

    @property
    def info(self) -> FileInfo:
        total = sum(tensor.nbytes for tensor in self._tensors_by_name.values())
        metadata = {key: value for key, value in self._source.metadata().items() if not key.startswith("lancekeep.")}
        return FileInfo("file", metadata, total)

    def __getitem__(self, name: str) -> FileTensor:
        try:
            return self._tensors_by_name[name]
        except KeyError:
            raise NotFoundError(f"{self.path} has no tensor `{name}`") from None

    def __contains__(self, name: object) -> bool:
        return name in self._tensors_by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors_by_name)

    def __len__(self) -> int:
        return len(self._tensors_by_name)

    def __repr__(self) -> str:
        return f"<model file {self.path!r}: {len(self)} tensors>"

    def get_tensor(self, name: str, device: Any = None) -> Any:
        """The tensor, in its own memory. Raises NotFoundError."""
        tensor = self[name]
        with self._lock:
            values = self._source.read(tensor.row) if tensor.nbytes else None
        made = framework_of(self._framework).from_values(name, tensor.dtype, tensor.shape, tensor.nbytes, values)
        device = device_of(device, self._framework)
        return made if device is None else made.to(device)

    def load(self, *, names: list[str], device: Any = None) -> dict[str, Any]:
        """These tensors by name. Tied ones are one tensor."""
        made: dict[str, Any] = {}
        for name in names:
            tied_to = self[name].tied_to
            made[name] = made[tied_to] if tied_to in made else self.get_tensor(name, device)
        return made

    def _tensors(self, device: Any) -> dict[str, Any]:
        return self.load(names=list(self), device=device)

    def offset_keys(self) -> list[str]:
        """Names in the order of the values: widest elements first, as safetensors writes them."""
        return list(self)

    def load_into(self, target: Any, version: Ref = None, *, strict: bool = True) -> IncompatibleKeys:
        """Loads the file into a module through its ``load_state_dict``, with safetensors' rule for tied names.

        Raises InvalidArgumentError if shapes differ; with ``strict``, also if names do; without, if no name is common.
        """
        from ._load_state_dict import require_no_meta

        tensors = self.at(version)._tensors(None)
        state = target.state_dict()
        require_no_meta([name for name, value in state.items() if is_tensor(value) and value.is_meta], target)
        try:
            missing, unexpected = target.load_state_dict(tensors, strict=False)
        except RuntimeError as error:
            raise InvalidArgumentError(f"{self.path}: {error}") from error
        covered, contrary = _tied_names(target, tensors)
        missing = [name for name in missing if name not in covered]
        unexpected = [*unexpected, *contrary]
        nothing = bool(tensors) and not contrary and len(unexpected) == len(tensors)
        if (strict and (missing or unexpected)) or nothing:
            raise InvalidArgumentError(
                f"the module and {self.path} have {'no name in common' if nothing else 'different tensors'};"
                f" missing in the file: {listed(f'`{name}`' for name in missing)};"
                f" unexpected in it: {listed(f'`{name}`' for name in unexpected)}"
                + ("" if nothing else "; the tensors that both have were loaded")
            )
        return IncompatibleKeys(missing, unexpected)


def _tied_names(module: Any, tensors: Mapping[str, Any]) -> tuple[set[str], list[str]]:
    """The module's names whose tensor the file has; and names in the file with other values than one that they are tied to."""
    from . import _torch

    keys = {name: _torch.tie_key(value) for name, value in module.state_dict(keep_vars=True).items() if _has_memory(value)}
    filled: dict[Any, Any] = {}
    contrary = []
    for name, key in keys.items():
        if name in tensors:
            first = filled.setdefault(key, tensors[name])
            if first is not tensors[name] and not _torch.bits(first).equal(_torch.bits(tensors[name])):
                contrary.append(name)
    return {name for name, key in keys.items() if key in filled}, contrary


def _has_memory(value: Any) -> bool:
    return bool(getattr(value, "nbytes", 0)) and not value.is_meta


BACKENDS = ("mmap", "pread")


def check_backend(backend: str) -> None:
    """Raises InvalidArgumentError for a ``backend`` that safetensors lacks. Otherwise it has no effect."""
    if backend not in BACKENDS:
        raise InvalidArgumentError(f"unknown backend {backend!r}; safetensors has {' and '.join(map(repr, BACKENDS))}")
