# SPDX-License-Identifier: Apache-2.0
"""A store: a Lance dataset in a local folder that keeps the versions of one model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from . import _native, _progress
from ._errors import InvalidArgumentError
from ._progress import ProgressLike
from ._version import Names, Version, dtype_text

if TYPE_CHECKING:
    import datetime

Ref = Union[int, str, None]
PathLike = Union[str, "os.PathLike[str]"]
Duration = Union["datetime.timedelta", float]

FRAMEWORKS = ("pt", "torch", "pytorch", "np", "numpy")


class IncompatibleKeys(NamedTuple):
    """As ``torch.nn.Module.load_state_dict`` returns them."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def open(path: PathLike, create: bool = False, *, framework: str = "pt") -> Store:
    """Opens a store; with ``create``, makes one where nothing is, whose first save will be version 1.

    ``framework`` says what ``load`` makes of tensors: ``"pt"`` torch's, ``"np"`` NumPy's.

    Raises NotFoundError (a FileNotFoundError) where nothing is, InvalidArgumentError (a ValueError) where something
    else than a Lance dataset is.
    """
    if framework not in FRAMEWORKS:
        raise InvalidArgumentError(f"the framework {framework!r} is not known; 'pt' (torch) and 'np' (NumPy) are")
    make = _native.Store.create if create else _native.Store.open
    return Store(make(os.fspath(path)), framework)


class Store:
    """The versions of one model, in a folder that pylance opens as a Lance dataset. Made by :func:`lancekeep.open`.

    A version is named by its number, by a tag, or by None, the latest one. Any number of threads may use one store; any
    number of stores, in any threads and processes, may be open on one folder; readers never wait for writers. After a
    fork, the child may go on with the stores, versions and tensors that it got.
    """

    def __init__(self, native: _native.Store, framework: str = "pt"):
        self._native = native
        self._framework = framework

    @property
    def path(self) -> str:
        return str(self._native.path)

    def __repr__(self) -> str:
        return f"<lancekeep.Store {self.path!r}>"

    # --- versions in --------------------------------------------------------------------------------------------------

    def save(
        self,
        state: Any,
        *,
        message: str = "",
        metadata: Mapping[str, str] | None = None,
        tag: str | None = None,
        layout: str | None = None,
        durable: bool = True,
        progress: ProgressLike = None,
    ) -> _native.SaveReport:
        """Publishes a state as a new version. Tensors whose bytes the version before has are shared with it, not written.

        ``state`` is a state dict, or any nesting of dicts, lists and tuples of tensors, arrays, numbers, text, bytes,
        None – a whole training checkpoint; or a ``torch.nn.Module``, whose ``state_dict()`` is taken. Tied tensors stay
        tied; strided, conjugated tensors and Parameters are kept as the values they stand for.

        ``metadata`` is text by text. ``tag`` names the version and must be new. ``layout`` is that of the store unless
        said otherwise; a new one gets ``"native"``, or ``"plain"``: the columns name, value and shape of the published
        recipe, values as float64. With ``durable`` (the default) the version survives a power cut once this returns.
        ``progress`` is True for a bar (by tqdm, where it is installed), or a callable that gets bytes done, bytes in all,
        and the tensor's name.

        Raises InvalidArgumentError, which names by its path of keys what cannot be kept; AlreadyExistsError for a tag
        that exists; ConflictError where the store was replaced; OutOfSpaceError, StorageError. With each of them, and
        after Ctrl-C or what ``progress`` raises, the store is as it was.
        """
        from ._state import source_of

        source = source_of(state, self._framework)
        with _progress.watch(progress, "save") as watch:
            return self._native.save(source, save_options(message, metadata, tag, layout, durable, watch))

    @staticmethod
    def replace(
        path: PathLike,
        state: Any,
        *,
        message: str = "",
        metadata: Mapping[str, str] | None = None,
        tag: str | None = None,
        layout: str | None = None,
        durable: bool = True,
        progress: ProgressLike = None,
    ) -> _native.SaveReport:
        """Makes ``path`` a store with one version, number 1, whatever versions were there: at once, or not at all.

        Arguments and errors are those of :meth:`save`; a path that holds something else than a Lance dataset is refused.
        """
        from ._state import source_of

        source = source_of(state)
        with _progress.watch(progress, "save") as watch:
            options = save_options(message, metadata, tag, layout, durable, watch)
            return _native.Store.replace(os.fspath(path), source, options)

    # --- and out ------------------------------------------------------------------------------------------------------

    def at(self, version: Ref = None, *, dtype: Any = None) -> Version:
        """A version, of which nothing but the table of tensors has been read.

        ``dtype`` is what the numbers of a recipe dataset are to become, float64 unless said otherwise: a float dtype, to
        which they are rounded as torch does, or an integer dtype or bool, which they must fit exactly.

        Raises NotFoundError for a version or a tag that is not there; CorruptError; InvalidArgumentError for a ``dtype``
        of a native store, whose tensors have their own.
        """
        return Version(self._native.at(checked_ref(version), dtype_text(dtype)), self._framework)

    def load(self, version: Ref = None, *, names: Names | None = None, device: Any = None, dtype: Any = None) -> Any:
        """What was saved, as it was: a flat dict of tensors, or the nesting that was given to :meth:`save`.

        Tensors lie on the mapped files, at multiples of 256 bytes: nothing is read before it is used, they hold the
        mapping alive by themselves, and writing to one never touches the file. On a ``device`` other than the CPU they
        are read by way of pinned memory; on ``"meta"`` nothing is read. ``dtype`` is as for :meth:`at`.

        ``names`` picks rows, and the result is then a flat dict: a list of names (in its order), text with ``*?[`` as a
        glob, other text as a prefix, or a callable that says yes or no to a name.

        Raises NotFoundError for a version, or a name of the list (then also a KeyError), that is not there;
        CorruptError; UnsupportedError for a dtype that the framework lacks.
        """
        return self.at(version, dtype=dtype).load(names=names, device=device)

    def load_into(self, target: Any, version: Ref = None, *, strict: bool = True) -> IncompatibleKeys:
        """Reads a version straight into the memory of a module, or of a dict's tensors, wherever that is.

        Values are converted to the dtypes that are there. With ``strict``, missing or unexpected names are an error;
        else they are returned, as (missing_keys, unexpected_keys). Rows that are no tensors are passed over.

        Raises InvalidArgumentError, with nothing changed, which names tensors that are missing, or differ in shape, or
        cannot be converted. Where reading itself fails or is interrupted, some tensors have their new values.
        """
        from ._load_into import load_into

        return IncompatibleKeys(*load_into(self.at(version), target, strict))

    # --- history ------------------------------------------------------------------------------------------------------

    def versions(self) -> list[_native.VersionInfo]:
        """Oldest first. One whose manifest is damaged says so in ``damage``."""
        return self._native.versions()

    def diff(self, a: Ref, b: Ref = None, *, norms: bool = False, progress: ProgressLike = None) -> _native.Diff:
        """What version ``b`` added to, removed from and changed in version ``a``; with ``norms``, by how much."""
        with _progress.watch(progress, "diff") as watch:
            return self._native.diff(checked_ref(a), checked_ref(b), norms, watch)

    def restore(self, version: Ref) -> int:
        """Publishes the rows of an earlier version as the latest one, and returns its number; nothing is copied."""
        return self._native.restore(checked_ref(version))

    def tags(self) -> dict[str, int]:
        """Versions by tag. A damaged tag is left out; asking for it says why."""
        return self._native.tags()

    def tag(self, name: str, version: Ref = None, *, force: bool = False, expected: int | None = None) -> int:
        """Names a version, and returns its number. An existing tag is moved with ``force``, or from ``expected`` only.

        Raises AlreadyExistsError for a tag that is there; ConflictError where it does not stand for ``expected``;
        InvalidArgumentError for a name that is none: letters, digits, ``. _ -``, at most 128, not all digits.
        """
        return self._native.tag(name, checked_ref(version), force, expected)

    def untag(self, name: str) -> None:
        """Takes a name from a version. Raises NotFoundError where there is no such tag."""
        self._native.untag(name)

    # --- care ---------------------------------------------------------------------------------------------------------

    def verify(self, version: Ref = None, all: bool = False, *, progress: ProgressLike = None) -> _native.VerifyReport:
        """Holds a version, or all, against what was recorded when it was saved; damage is a finding, not an exception."""
        with _progress.watch(progress, "verify") as watch:
            return self._native.verify(checked_ref(version), all, watch)

    def gc(
        self,
        *,
        keep_last: int | None = None,
        older_than: Duration | None = None,
        orphans_older_than: Duration | None = None,
        dry_run: bool = False,
    ) -> _native.GcReport:
        """Removes versions that every given bound lets go – never the latest, never one with a tag – and their files.

        Durations are timedeltas, or seconds. Files that no version names, as killed saves leave them, go after a week,
        or ``orphans_older_than``. Whoever has a file mapped keeps its bytes. With ``dry_run``, only says what would go.

        Raises InvalidArgumentError without a bound.
        """
        if keep_last is None and older_than is None:
            raise InvalidArgumentError("gc needs a bound: keep_last=, older_than=, or both; what neither lets go stays")
        if keep_last is not None and keep_last < 0:
            raise InvalidArgumentError(f"keep_last={keep_last} is not a number of versions")
        return self._native.gc(keep_last, seconds(older_than), seconds(orphans_older_than), dry_run)

    def du(self) -> _native.DiskUsage:
        """What the store takes on the disk, in bytes: values, bookkeeping, what is unreachable; and by version."""
        return self._native.disk_usage()


def save_options(
    message: str = "",
    metadata: Mapping[str, str] | None = None,
    tag: str | None = None,
    layout: str | None = None,
    durable: bool = True,
    progress: Any = None,
) -> _native.SaveOptions:
    if tag == "":
        raise InvalidArgumentError("a tag's name cannot be empty")
    return _native.SaveOptions(message, checked_metadata(metadata), tag or "", layout, durable, progress)


def checked_ref(version: Ref) -> int | str | None:
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


def seconds(duration: Duration | None) -> float | None:
    if duration is None:
        return None
    count = duration if isinstance(duration, (int, float)) else duration.total_seconds()
    if not count >= 0:
        raise InvalidArgumentError(f"an age is not negative, and {duration!r} is")
    return count
