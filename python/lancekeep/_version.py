# SPDX-License-Identifier: Apache-2.0
"""One version of a store: a mapping from names to what is known of the tensors, which reads values when asked."""

from __future__ import annotations

import fnmatch
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Union

from . import _native
from ._errors import InvalidArgumentError, NotFoundError

if TYPE_CHECKING:
    from ._load import Loader

Names = Union[str, Iterable[str], Callable[[str], bool]]


class Version(Mapping[str, _native.TensorInfo]):
    """One version, as it was when it was opened; a later save does not change it. Made by :meth:`Store.at`.

    A mapping from the names of its tensors, in model order, to their ``TensorInfo``: name, dtype, shape, nbytes, hash,
    tied_to. ``version[name]`` reads no value. Values that are no tensors (numbers, text) are left out of the mapping;
    :meth:`load` has them.

    Any number of threads may use one. What it gave out lives on without it, and after ``gc`` removed its files. Tensors
    of one version share their memory, however often they are asked for: what is written to one of them is seen in the
    next, though never by the file, and not by another ``Version``.
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
        """Number, layout, time, message, metadata, tags (as they were when it was opened), counts, bytes."""
        return self._native.info

    def __getitem__(self, name: str) -> _native.TensorInfo:
        """What is known of a tensor. Raises NotFoundError, a KeyError."""
        try:
            return self._infos[name]
        except KeyError:
            raise NotFoundError(f"version {self.number} has no tensor `{name}`") from None

    def __contains__(self, name: object) -> bool:
        return name in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<lancekeep.Version {self.number}: {len(self)} tensors, {self.info.bytes_total} bytes>"

    def get_tensor(self, name: str, device: Any = None) -> Any:
        """The tensor, of its dtype and shape, on the mapped file.

        Nothing is read before it is used, and writing to it never touches the file. On another ``device`` it is a copy.

        Raises NotFoundError (a KeyError), CorruptError where its row is damaged.
        """
        return self._loader(device).rows([self[name].name])[name]

    def get_slice(self, name: str, device: Any = None) -> Slice:
        """For ``get_slice(name)[3:7, :2]``: reads the rows that the index needs, and no others."""
        return Slice(self, self[name], device)

    def locate(self, name: str) -> tuple[str, int, int]:
        """(path, offset, length in bytes) of the value, for readers that go their own way: O_DIRECT, GPU-direct, ranges.

        Raises UnsupportedError for a recipe dataset, whose values are encoded and lie nowhere as they are.
        """
        where = self._native.locate(self[name].name)
        return str(where.path), where.offset, where.length

    def load(self, *, names: Names | None = None, device: Any = None) -> Any:
        """What was saved, just as it was: see :meth:`Store.load`."""
        loader = self._loader(device)
        return loader.whole() if names is None else loader.rows(self._chosen(names))

    def _tensors(self, device: Any) -> dict[str, Any]:
        return self._loader(device).tensors()

    def _loader(self, device: Any) -> Loader:
        from ._load import Loader

        return Loader(self._native, self._framework, device_of(device, self._framework))

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
    """One tensor, of which an index reads a part. Made by :meth:`Version.get_slice`."""

    def __init__(self, version: Version, info: _native.TensorInfo, device: Any = None):
        self._version = version
        self._info = info
        self._device = device_of(device, version._framework)

    def get_shape(self) -> list[int]:
        """Sizes of the whole tensor."""
        """Of the whole tensor."""
        return list(self._info.shape)

    def get_dtype(self) -> str:
        """torch's name for it, such as ``"bfloat16"``."""
        return self._info.dtype

    def __getitem__(self, index: Any) -> Any:
        """The part, with memory of its own: it does not keep the rest of the tensor's pages."""
        from ._load import framework_of

        whole = self._version.get_tensor(self._info.name)
        part = framework_of(self._version._framework).part_of(whole, index)
        return part if self._device is None else part.to(self._device)


def device_of(device: Any, framework: str) -> Any:
    """As a torch.device; None for where tensors are mapped."""
    if device is None:
        return None
    if framework in ("np", "numpy"):
        if str(device) != "cpu":
            raise InvalidArgumentError(f"NumPy arrays live on the CPU, not on {device}")
        return None
    import torch

    try:
        return torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise InvalidArgumentError(f"{device!r} is no device: {error}") from error


def dtype_text(dtype: Any) -> str:
    """torch's name for a dtype of torch's or NumPy's, or for a name; empty for None."""
    if dtype is None:
        return ""
    torch = sys.modules.get("torch")
    if isinstance(dtype, str) or (torch is not None and isinstance(dtype, torch.dtype)):
        return str(dtype).removeprefix("torch.")
    import numpy

    try:
        return str(numpy.dtype(dtype).name)
    except TypeError as error:
        raise InvalidArgumentError(f"{dtype!r} is no dtype; give torch.float32, 'float32' or the like") from error
