# SPDX-License-Identifier: Apache-2.0
"""One version of a store: a mapping from names to what is known of the tensors, which reads values when asked."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Union

from . import _native, _state
from ._errors import InvalidArgumentError, NotFoundError

Names = Union[str, Sequence[str], Callable[[str], bool]]


class Version(Mapping[str, _native.TensorInfo]):
    """One version, as it was when it was opened; a later save does not change it.

    A mapping from the names of its tensors, in model order, to their ``TensorInfo``: name, dtype, shape, nbytes, hash,
    tied_to. ``version[name]`` reads no value. Values that are no tensors (numbers, text) are left out of the mapping;
    :meth:`load` has them.

    Any number of threads may use one. What it gave out lives on without it, and after ``gc`` removed its files.
    """

    def __init__(self, native: _native.Version, framework: str):
        self._native = native
        self._framework = framework

    @functools.cached_property
    def _infos(self) -> dict[str, _native.TensorInfo]:
        return {info.name: info for info in self._native.tensors() if info.is_tensor}

    @property
    def number(self) -> int:
        return self._native.number

    @property
    def info(self) -> _native.VersionInfo:
        """Number, time, message, metadata, tags (as they were when the version was opened), counts, bytes."""
        return self._native.info

    def __getitem__(self, name: str) -> _native.TensorInfo:
        if name not in self._infos:
            raise NotFoundError(f"version {self.number} has no tensor `{name}`")
        return self._infos[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def __repr__(self) -> str:
        return f"<lancekeep.Version {self.number}: {len(self)} tensors, {self.info.bytes_total} bytes>"

    def get_tensor(self, name: str, device: Any = None) -> Any:
        """The tensor, on the mapped file: nothing is read before it is used, and writing to it never touches the file."""
        return self._loader(device).rows([self[name].name])[name]

    def get_slice(self, name: str) -> Slice:
        """For ``get_slice(name)[3:7, :2]``: reads the rows that the index needs, and no others."""
        return Slice(self, self[name])

    def locate(self, name: str) -> tuple[str, int, int]:
        """(path, offset, length) of the value's bytes, for readers that go their own way: O_DIRECT, GPU-direct, ranges."""
        where = self._native.locate(self[name].name)
        return str(where.path), where.offset, where.length

    def load(self, *, names: Names | None = None, device: Any = None) -> Any:
        """What was saved, just as it was: see :meth:`Store.load`."""
        loader = self._loader(device)
        if names is None:
            return _state.load_whole(self._native, loader)
        return loader.rows(self._chosen(names))

    def _loader(self, device: Any) -> _state.Loader:
        return _state.Loader(self._native, self._framework, _device(device, self._framework))

    def _chosen(self, names: Names) -> list[str]:
        there = [info.name for info in self._native.tensors() if info.dtype != "tree"]
        if callable(names):
            return [name for name in there if names(name)]
        if isinstance(names, str):
            if any(special in names for special in "*?["):
                return [name for name in there if fnmatch.fnmatchcase(name, names)]
            return [name for name in there if name.startswith(names)]
        wanted = list(names)
        known = set(there)
        if missing := [name for name in wanted if name not in known]:
            raise NotFoundError(f"version {self.number} has no tensor {', '.join(f'`{name}`' for name in missing)}")
        return wanted


class Slice:
    """One tensor, of which an index reads a part."""

    def __init__(self, version: Version, info: _native.TensorInfo):
        self._version = version
        self._info = info

    def get_shape(self) -> list[int]:
        return list(self._info.shape)

    def get_dtype(self) -> str:
        return self._info.dtype

    def __getitem__(self, index: Any) -> Any:
        """The part, with memory of its own: it does not keep the rest of the tensor's pages."""
        part = self._version.get_tensor(self._info.name)[index]
        return part.clone() if hasattr(part, "clone") else part.copy()


def _device(device: Any, framework: str) -> Any:
    if device is None:
        return None
    if framework in ("np", "numpy"):
        if str(device) != "cpu":
            raise InvalidArgumentError(f"NumPy arrays live on the CPU, not on {device}")
        return None
    import torch

    return torch.device(device)
