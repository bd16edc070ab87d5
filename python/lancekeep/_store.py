# SPDX-License-Identifier: Apache-2.0
"""A store: a Lance dataset in a local folder that keeps the versions of one model."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Union

from . import _native, _progress, _state
from ._errors import InvalidArgumentError
from ._version import Names, Version

Ref = Union[int, str, None]
PathLike = Union[str, "os.PathLike[str]"]
ProgressLike = Union[bool, Callable[[int, int, str], None], None]


class IncompatibleKeys(NamedTuple):
    """As ``torch.nn.Module.load_state_dict`` returns them."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def open(path: PathLike, create: bool = False, *, framework: str = "pt") -> Store:
    """Opens a store; with ``create``, makes one where nothing is, whose first save will be version 1.

    ``framework`` says what ``load`` makes of tensors: ``"pt"`` torch's, ``"np"`` NumPy's.

    Raises NotFoundError (a FileNotFoundError) where nothing is, InvalidArgumentError (a ValueError) where something else is.
    """
    make = _native.Store.create if create else _native.Store.open
    return Store(make(os.fspath(path)), framework)


class Store:
    """The versions of one model, in a folder that pylance opens as a Lance dataset. Made by :func:`lancekeep.open`.

    A version is named by its number, by a tag, or by None, the latest one. Any number of stores, in any threads and
    processes, may be open on one folder; readers never wait for writers.
    """

    def __init__(self, native: _native.Store, framework: str = "pt"):
        self._native = native
        self._framework = framework

    @property
    def path(self) -> str:
        return str(self._native.path)

    def __repr__(self) -> str:
        return f"<lancekeep.Store {self.path!r}>"

    # --- versions in ------------------------------------------------------------------------------------------------

    def save(
        self,
        state: Any,
        *,
        message: str = "",
        metadata: Mapping[str, str] | None = None,
        tag: str | None = None,
        durable: bool = True,
        progress: ProgressLike = None,
    ) -> _native.SaveReport:
        """Publishes a state as a new version. Tensors whose bytes the version before has are shared with it, not written.

        ``state`` is a state dict, or any nesting of dicts, lists and tuples of tensors, arrays, numbers, text, bytes,
        None – a whole training checkpoint; or a ``torch.nn.Module``, whose ``state_dict()`` is taken. Tied, strided,
        conjugated tensors and Parameters are kept as the values they stand for. Anything else is named in the error.

        ``metadata`` is text by text. ``tag`` names the version and must be new. With ``durable`` (the default) the version
        survives a power cut once this returns. ``progress`` is True for a bar (by tqdm, where it is installed), or a
        callable that gets bytes done, bytes in all, and the tensor's name; Ctrl-C, or what it raises, stops the save and
        leaves the store as it was.
        """
        return self._save(self._native.save, state, message, metadata, tag, durable, progress)

    @staticmethod
    def replace(
        path: PathLike,
        state: Any,
        *,
        message: str = "",
        metadata: Mapping[str, str] | None = None,
        tag: str | None = None,
        durable: bool = True,
        progress: ProgressLike = None,
    ) -> _native.SaveReport:
        """Makes ``path`` a store with one version, number 1, whatever versions were there: at once, or not at all."""

        def write(*arguments: Any) -> _native.SaveReport:
            return _native.Store.replace(os.fspath(path), *arguments)

        return Store._save(write, state, message, metadata, tag, durable, progress)

    @staticmethod
    def _save(write: Any, state: Any, message: str, metadata: Any, tag: Any, durable: bool, progress: Any) -> Any:
        source = _state.source_of(_state.plain_state(state))
        with _progress.watch(progress, "save") as watch:
            return write(source, message, checked_metadata(metadata), tag or "", durable, watch)

    # --- and out ----------------------------------------------------------------------------------------------------

    def at(self, version: Ref = None) -> Version:
        """A version, of which nothing but the table of tensors has been read."""
        return Version(self._native.at(checked_ref(version)), self._framework)

    def load(self, version: Ref = None, *, names: Names | None = None, device: Any = None) -> Any:
        """What was saved, as it was: a flat dict of tensors, or the nesting that was given to :meth:`save`.

        Tensors lie on the mapped files: nothing is read before it is used, they hold the mapping alive by themselves, and
        writing to one never touches the file. On a ``device`` other than the CPU they are read by way of pinned memory;
        on ``"meta"`` nothing is read.

        ``names`` picks rows, and the result is then a flat dict: a list of names (in its order; missing ones are a
        KeyError), text with ``*?[`` as a glob, other text as a prefix, or a callable that says yes or no to a name.
        """
        return self.at(version).load(names=names, device=device)

    def load_into(self, target: Any, version: Ref = None, *, strict: bool = True) -> IncompatibleKeys:
        """Reads a version straight into the memory of a module, or of a state dict's tensors; dtypes are converted.

        With ``strict``, missing or unexpected names are an error, and nothing is changed; else they are returned.
        """
        from ._load_into import load_into

        return IncompatibleKeys(*load_into(self.at(version), target, strict))

    # --- history ----------------------------------------------------------------------------------------------------

    def versions(self) -> list[_native.VersionInfo]:
        """Oldest first."""
        return self._native.versions()

    def diff(self, a: Ref, b: Ref = None, *, figures: bool = False, progress: ProgressLike = None) -> _native.Diff:
        """What version ``b`` added to, removed from and changed in version ``a``; with ``figures``, by how much."""
        with _progress.watch(progress, "diff") as watch:
            return self._native.diff(checked_ref(a), checked_ref(b), figures, watch)

    def restore(self, version: Ref) -> int:
        """Publishes the rows of an earlier version as the latest one, and returns its number; nothing is copied."""
        return self._native.restore(checked_ref(version))

    def tags(self) -> dict[str, int]:
        return self._native.tags()

    def tag(self, name: str, version: Ref = None, *, force: bool = False, expected: int | None = None) -> int:
        """Names a version, and returns its number. An existing tag is moved with ``force``, or from ``expected`` only."""
        return self._native.tag(name, checked_ref(version), force, expected)

    def untag(self, name: str) -> None:
        self._native.untag(name)

    # --- care -------------------------------------------------------------------------------------------------------

    def verify(self, version: Ref = None, all: bool = False, *, progress: ProgressLike = None) -> _native.VerifyReport:
        """Holds a version, or all, against what was recorded when it was saved; damage is a finding, not an exception."""
        with _progress.watch(progress, "verify") as watch:
            return self._native.verify(checked_ref(version), all, watch)

    def gc(
        self,
        *,
        keep_last: int | None = None,
        older_than: datetime.timedelta | float | None = None,
        orphans_older_than: datetime.timedelta | float | None = None,
        dry_run: bool = False,
    ) -> _native.GcReport:
        """Removes versions that every given bound lets go – never the latest, never one with a tag – and their files.

        Durations are timedeltas, or seconds. Whoever has a file mapped keeps its bytes.
        """
        return self._native.gc(keep_last, seconds(older_than), seconds(orphans_older_than), dry_run)


def checked_ref(version: Ref) -> Any:
    if version is None or isinstance(version, str):
        return version
    if isinstance(version, bool) or not hasattr(version, "__index__") or version.__index__() < 0:
        raise InvalidArgumentError(f"a version is a number, a tag or None, not {version!r}")
    return version.__index__()


def checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    for key, value in (metadata or {}).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"metadata is text by text, as {{'epoch': '3'}}; not {key!r}: {value!r}")
    return dict(metadata or {})


def seconds(duration: datetime.timedelta | float | None) -> float | None:
    return duration.total_seconds() if isinstance(duration, datetime.timedelta) else duration
