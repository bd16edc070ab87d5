# SPDX-License-Identifier: Apache-2.0
"""One version of a store: a mapping from names to TensorInfo, which reads values on request."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import _native
from ._arguments import Names, ProgressLike, checked_text, device_of, name_filter, watching
from ._errors import ConflictError, NotFoundError, WrongTypeError
from ._native import Diff, TensorInfo, VersionInfo

if TYPE_CHECKING:
    from ._load import Loader


class Version(Mapping[str, TensorInfo]):
    """One version, as it was when it was opened; later saves do not change it. Made by :meth:`Store.at`.

    A mapping from the names of its tensors, in model order, to their ``TensorInfo``: name, dtype, shape, nbytes, hash,
    tied_to. ``version[name]`` reads no values. Values that are not tensors (numbers, text) are not in the mapping;
    :meth:`load` returns them.

    Any number of threads may use one version. Its tensors stay valid when it is gone, and after ``gc`` has removed its
    files. All tensors of one name in one ``Version`` share their memory: what is written to one of them is visible in
    the next one of that name, but never in the file or in another ``Version``.
    """

    def __init__(self, native: _native.Version, framework: str, path: str = "", dtype: str = ""):
        self._native = native
        self._framework = framework  # "pt" or "np"
        self._path = path  # of the store; empty for a version that is used inside one call
        self._dtype = dtype  # what Store.at was given

    def __reduce__(self) -> Any:
        """Pickled and copied as the store's path and the number: in another process, the version is opened again."""
        return reopened, (os.path.abspath(self._path), self._framework, self.number, self._dtype, identity(self._native.info))

    @functools.cached_property
    def _infos(self) -> dict[str, TensorInfo]:
        return {info.name: info for info in self._native.tensors() if info.is_tensor}

    @property
    def number(self) -> int:
        return self._native.number

    @property
    def info(self) -> VersionInfo:
        """Number, layout, time, message, metadata, tags (as of when it was opened), number of rows, bytes."""
        return self._native.info

    def __getitem__(self, name: str) -> TensorInfo:
        """Describes a tensor, without its values. Raises NotFoundError, a KeyError."""
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
        names = ", ".join(f"`{name}`" for name in itertools.islice(self, 3)) + (", …" if len(self) > 3 else "")
        counted = f"{len(self)} tensor{'' if len(self) == 1 else 's'}"
        return f"<lancekeep.Version {self.number} of {self._path!r}: {counted}, {self.info.bytes_total} bytes: {names}>"

    def _repr_html_(self) -> str:
        from . import _html

        return _html.of_tensors(f"version {self.number} of {self._path}", self.values())

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def get_tensor(self, name: str, device: Any = None) -> Any:
        """The tensor in its own dtype and shape, memory-mapped.

        Bytes are read when they are used, and writing to the tensor never changes the file. On another ``device`` the
        tensor is a copy.

        Raises NotFoundError (a KeyError); CorruptError if the tensor's row is damaged.
        """
        return self._loader(device).rows([self[name].name])[name]

    def get_slice(self, name: str, device: Any = None) -> Slice:
        """For ``get_slice(name)[3:7, :2]``: reads only the rows that the index needs."""
        return Slice(self, self[name], device)

    def locate(self, name: str) -> tuple[str, int, int]:
        """(path, offset, length in bytes) of the value, for code that reads files itself: O_DIRECT, GPU-direct, ranges.

        Raises UnsupportedError for a plain dataset, whose values are stored encoded.
        """
        where = self._native.locate(self[name].name)
        return str(where.path), where.offset, where.length

    def diff(self, after: Version, *, norms: bool = False, progress: ProgressLike = None) -> Diff:
        """What is added, removed and changed in ``after``, a version of this or another store, relative to this one.

        With ``norms``, also by how much.
        """
        with watching(progress, "diff") as watch:
            return self._native.diff(after._native, norms, watch)

    def load(self, *, names: Names | None = None, device: Any = None) -> Any:
        """What was saved, as it was. Arguments and errors are those of :meth:`Store.load`."""
        loader = self._loader(device)
        return loader.whole() if names is None else loader.rows(self._matching(names))

    def _tensors(self, device: Any) -> dict[str, Any]:
        return self._loader(device).tensors()

    def _loader(self, device: Any) -> Loader:
        from ._load import Loader

        return Loader(self._native, self._framework, device_of(device, self._framework))

    def _matching(self, names: Names) -> list[str]:
        existing = [info.name for info in self._native.tensors() if info.dtype != "tree"]
        if callable(names) or isinstance(names, str):
            return [*filter(name_filter(names), existing)]
        if not isinstance(names, Iterable):
            raise WrongTypeError(f"names must be a str, an iterable of str, or a callable, not {names!r}")
        wanted = [checked_text("a name", name) for name in names]
        known = set(existing)
        if missing := [name for name in wanted if name not in known]:
            raise NotFoundError(f"version {self.number} has no tensor {', '.join(f'`{name}`' for name in missing)}")
        return wanted


def identity(info: VersionInfo) -> tuple[str, str]:
    """What tells a version from another one of the same number, in a store that has replaced this one."""
    return info.id, info.time.isoformat()


def reopened(path: str, framework: str, number: int, dtype: str, expected: tuple[str, str]) -> Version:
    """A version that was pickled. Raises ConflictError if the store was replaced meanwhile."""
    version = Version(_native.Store.open(path).at(number, dtype), framework, path, dtype)
    if identity(version._native.info) != expected:
        raise ConflictError(f"{path}: the store was replaced, and its version {number} is another one; open it again")
    return version


class Slice:
    """One tensor, read in part by indexing it. Made by :meth:`Version.get_slice`."""

    def __init__(self, version: Version, info: TensorInfo, device: Any = None):
        self._version = version
        self._info = info
        self._device = device_of(device, version._framework)

    def __repr__(self) -> str:
        return f"<lancekeep.Slice of `{self._info.name}`: {self._info.dtype} {list(self._info.shape)}>"

    def __len__(self) -> int:
        """The size of the first dimension."""
        if not self._info.shape:
            raise WrongTypeError(f"`{self._info.name}` is a scalar and has no length")
        return self._info.shape[0]

    def get_shape(self) -> list[int]:
        """The shape of the whole tensor."""
        return list(self._info.shape)

    def get_dtype(self) -> str:
        """torch's name for the dtype, such as ``"bfloat16"``."""
        return self._info.dtype

    def __getitem__(self, index: Any) -> Any:
        """The indexed part, copied into its own memory: it does not keep the rest of the tensor mapped."""
        from ._framework import framework_of

        whole = self._version.get_tensor(self._info.name)
        part = framework_of(self._version._framework).part_of(whole, index)
        return part if self._device is None else part.to(self._device)
