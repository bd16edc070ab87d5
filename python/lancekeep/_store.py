# SPDX-License-Identifier: Apache-2.0
"""A store: a Lance dataset in a local folder that keeps the versions of one model."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple, Unpack

from . import _native
from ._arguments import (
    Duration,
    Names,
    PathLike,
    ProgressLike,
    Ref,
    SaveOptions,
    checked_count,
    checked_ref,
    checked_text,
    dtype_text,
    path_text,
    seconds,
    watching,
)
from ._errors import InvalidArgumentError
from ._framework import framework_name
from ._interrupts import finish, run_save
from ._native import Diff, DiskUsage, GcReport, SaveReport, VerifyReport, VersionInfo
from ._version import Version


class IncompatibleKeys(NamedTuple):
    """What ``torch.nn.Module.load_state_dict`` returns: names that the version lacks, and names that the target lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def open(path: PathLike, create: bool = False, *, framework: str = "pt") -> Store:
    """Opens a store. With ``create`` it need not exist yet: the first save then creates it, as version 1.

    ``framework`` says what ``load`` returns: ``"pt"`` torch tensors, ``"np"`` NumPy arrays.

    Raises NotFoundError (a FileNotFoundError) if there is nothing at ``path``; InvalidArgumentError (a ValueError) if
    something other than a Lance dataset is there.
    """
    framework = framework_name(framework)
    open_native = _native.Store.create if create else _native.Store.open
    return Store(open_native(path_text(path)), framework, create)


class Store:
    """The versions of one model, in a folder that pylance opens as a Lance dataset. Made by :func:`lancekeep.open`.

    A version is given by its number, by a tag, or as None, which means the latest. Any number of threads may use one
    store; any number of stores, in any threads and processes, may be open on one folder. Readers never wait for
    writers. If the store is replaced or removed, every call raises ConflictError, or NotFoundError where nothing is left:
    open it again. After a fork, the child process may keep using the stores, versions and tensors that it inherited.
    """

    def __init__(self, native: _native.Store, framework: str = "pt", create: bool = False):
        self._open: _native.Store | None = native
        self._path = str(native.path)
        self._framework = framework  # "pt" or "np"
        self._create = create

    @property
    def _native(self) -> _native.Store:
        if self._open is None:
            raise InvalidArgumentError(f"{self.path}: this store was closed; open it again")
        return self._open

    @property
    def path(self) -> str:
        return self._path

    def __repr__(self) -> str:
        return f"<lancekeep.Store {self.path!r}{'' if self._open else ', closed'}>"

    def __reduce__(self) -> Any:
        """Pickled and copied as its path: in another process, the store is opened again."""
        return open, (os.path.abspath(self.path), self._create), {"framework": self._framework}

    def __setstate__(self, state: dict[str, str]) -> None:
        self._framework = state["framework"]

    def close(self) -> None:
        """Makes every further call an error. Versions and tensors that were loaded stay valid."""
        self._open = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getitem__(self, version: int | str) -> Version:
        """``store[3]`` and ``store["best"]`` are ``store.at(3)`` and ``store.at("best")``."""
        return self.at(version)

    def __contains__(self, version: object) -> bool:
        """Whether there is a version of this number, or a tag of this name."""
        return version in (self.tags() if isinstance(version, str) else [info.number for info in self.versions()])

    def __iter__(self) -> Iterator[Version]:
        """All versions, oldest first, each opened when it is reached."""
        return (self.at(info.number) for info in self.versions())

    def __len__(self) -> int:
        """How many versions there are."""
        return len(self.versions())

    def __bool__(self) -> bool:
        return True  # also without a version

    def _repr_html_(self) -> str:
        from . import _html

        return repr(self) if self._open is None else _html.of_versions(self.path, self.versions())

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.tags())

    # --- save ---------------------------------------------------------------------------------------------------------

    def save(self, state: Any, *, objects: str = "refuse", **options: Unpack[SaveOptions]) -> SaveReport:
        """Saves a state as a new version. Tensors with the same bytes as in the previous version are shared, not written.

        ``state`` is a state dict, or any nesting of dicts, lists and tuples of tensors, arrays, numbers, text, bytes,
        dates, paths and None, such as a whole training checkpoint; or a ``torch.nn.Module``, whose ``state_dict()`` is
        saved. Tied tensors stay tied. Strided and conjugated tensors and Parameters are saved as the values that they show.
        What loading would need a class of yours for is kept in its plain form (an Enum as its value, a namedtuple as a
        tuple), with a note in the report.

        Options:
            objects (str): what to do with values that cannot be kept, such as an object of your own class: ``"refuse"``,
                the default, raises an error; ``"skip"`` leaves them out; ``"str"`` keeps ``str()`` of them. The report's
                notes name them.
            message (str): what the version is; empty by default.
            metadata (dict of str to str): kept with the version. Numbers are kept as text: ``0.5`` as ``"0.5"``.
            tag (str): names the version. The tag must be new, unless ``move_tag`` is True: then it may exist, and points to
                the new version once this returns. If the process dies in between, it points where it did before.
            layout (str): ``"native"`` or ``"plain"``; by default that of the store, and native for a new store. Plain has
                the three columns of the published article: name, value, shape, with values as lists of float64.
            durable (bool): with True, the default, the version survives a power cut once this returns.
            progress: True for a bar on stderr (if tqdm is installed), or a callable that is called with bytes done, bytes
                in total, and a tensor's name.

        Raises InvalidArgumentError, which names every value that cannot be kept, by its path of keys;
        AlreadyExistsError if the tag exists; ConflictError if the store was replaced; OutOfSpaceError; StorageError.
        After any of them, and after Ctrl-C or an exception from ``progress``, the store is unchanged; unless the
        KeyboardInterrupt came after the version was committed, and then its message is "version N is saved".

        Do not change the tensors while this runs in another thread, or save a copy of them: a tensor that changes is saved
        with values of different moments. The version is intact all the same, and verify finds nothing wrong with it.
        """
        from ._state import source_of

        return run_save("save", self._native.save, source_of(state, self._framework, objects), **options)

    @staticmethod
    def replace(path: PathLike, state: Any, *, objects: str = "refuse", **options: Unpack[SaveOptions]) -> SaveReport:
        """Makes ``path`` a store with one version, number 1, in place of all versions that were there, in one step.

        The new folder has the mode of the old one and, where permitted, its owner and group. Where the file system
        cannot exchange folders (a store of a container's image), the model becomes the next version, and the older ones
        are removed after it; the report has its number.

        Options and errors are those of :meth:`save`. Raises InvalidArgumentError if ``path`` holds something other than a
        Lance dataset.
        """
        from ._state import source_of

        return run_save("save", _native.Store.replace, path_text(path), source_of(state, objects=objects), **options)

    # --- load ---------------------------------------------------------------------------------------------------------

    def at(self, version: Ref = None, *, dtype: Any = None) -> Version:
        """A version; only its tensor table has been read.

        ``dtype`` converts the numbers of a plain dataset, which are float64 otherwise: to a float dtype, rounded as torch
        does, or to an integer dtype or bool, which must hold every value exactly.

        Raises NotFoundError if the version or the tag does not exist; CorruptError; InvalidArgumentError for a ``dtype``
        with a native store, whose tensors have their own dtypes.
        """
        wanted = dtype_text(dtype)
        return Version(self._native.at(checked_ref(version), wanted), self._framework, self.path, wanted)

    def load(self, version: Ref = None, *, names: Names | None = None, device: Any = None, dtype: Any = None) -> Any:
        """What was saved, as it was: a flat dict of tensors, or the nesting that was given to :meth:`save`.

        Tensors are memory-mapped, 256-byte aligned: bytes are read when they are used. A tensor keeps its mapping alive
        by itself, and writing to it never changes the file. On a ``device`` other than the CPU, tensors are read through
        pinned memory; on ``"meta"`` nothing is read. ``dtype`` is that of :meth:`at`.

        ``names`` picks rows; the result is then a flat dict. What it means depends on its type:
            a str with any of ``*?[``: a glob, matched against the whole name
            any other str: a prefix
            another iterable: names, and the result has their order; every name must exist
            a callable: called with each name, says whether to load it

        Raises NotFoundError if the version, or one of the listed names (then also a KeyError), does not exist;
        CorruptError; UnsupportedError for a dtype that the framework lacks.
        """
        return self.at(version, dtype=dtype).load(names=names, device=device)

    def load_into(
        self, target: Any, version: Ref = None, *, strict: bool = True, names: Names | None = None, prefix: str = ""
    ) -> IncompatibleKeys:
        """Loads a version into a module, or into the tensors of a dict, on any device. Returns (missing, unexpected).

        Values are read straight into the memory of the target's tensors, converted to their dtypes. A module whose
        loading is its own – with state-dict hooks, extra state, lazy or sharded parameters, or methods such as
        ``load_state_dict`` overridden – gets them through its ``load_state_dict`` instead.

        With ``strict``, missing or unexpected names are an error; otherwise they are returned, and it is an error if the
        target and the version have no name in common. A missing name whose memory is filled under another name, as with
        tied tensors, is not reported. Rows that are not tensors are ignored, except a module's extra state.

        ``prefix`` picks the names that start with it, and removes it from them: ``prefix="model."`` loads the model of a
        checkpoint. ``names`` picks names as in :meth:`load`, after the prefix is removed; other tensors of the target
        keep their values, and are not reported.

        Raises InvalidArgumentError, which names the tensors that are missing, have another shape or cannot be converted,
        and a prefix if that is what differs; nothing has changed then, but a module that loads by its own rules may have
        loaded what fits. If reading itself fails or is interrupted, some tensors have changed.
        """
        from ._load_into import load_into

        return IncompatibleKeys(*load_into(self.at(version), target, strict, names, prefix))

    # --- history ------------------------------------------------------------------------------------------------------

    def versions(self) -> list[VersionInfo]:
        """All versions, oldest first. If a version's manifest is damaged, or a file of it missing or cut short, its
        ``damage`` says so; values are not read. Its ``id`` identifies a version even if the store is replaced.
        """
        return self._native.versions()

    def diff(
        self, a: Ref | Version, b: Ref | Version = None, *, norms: bool = False, progress: ProgressLike = None
    ) -> Diff:
        """What is added, removed and changed in version ``b`` relative to ``a``; with ``norms``, also by how much.

        Either may be a :class:`Version` of another store.
        """
        before, after = (each if isinstance(each, Version) else self.at(each) for each in (a, b))
        return before.diff(after, norms=norms, progress=progress)

    def restore(self, version: Ref) -> int:
        """Makes an earlier version the latest again, as a new version; returns the new number. Copies nothing.

        The new version has the message and the metadata of the old one, and ``restored_from`` in its metadata. Warns
        of what pylance had made and the new version lacks: indices, stable row ids.
        """

        def says(done: tuple[int, list[str]]) -> str:
            return f"version {done[0]} is saved"

        number, notes = finish(self._native.restore, checked_ref(version), says=says)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return number

    def tags(self) -> dict[str, int]:
        """The version that each tag points to. A damaged tag is omitted; using it raises an error that says why."""
        return self._native.tags()

    def tag(self, name: str, version: Ref = None, *, force: bool = False, expected: int | None = None) -> int:
        """Makes a tag point to a version; returns the version's number. An existing tag is moved with ``force``, or if it
        currently points to ``expected``.

        :meth:`save` with ``tag`` and ``move_tag`` saves and moves a tag in one call.

        Raises AlreadyExistsError if the tag exists; ConflictError if it does not point to ``expected``;
        InvalidArgumentError for an invalid name: a tag has up to 128 letters, digits, ``. _ -``, and not digits alone.
        """
        name = checked_text("a tag's name", name)
        arguments = name, checked_ref(version), force, checked_count("expected", expected)
        return finish(self._native.tag, *arguments, says=lambda number: f"tag {name} points to version {number}")

    def untag(self, name: str) -> None:
        """Deletes a tag; the version stays. Raises NotFoundError if there is no such tag."""
        name = checked_text("a tag's name", name)
        finish(self._native.untag, name, says=lambda _: f"tag {name} is deleted")

    # --- maintenance --------------------------------------------------------------------------------------------------

    def verify(self, version: Ref = None, all: bool = False, *, progress: ProgressLike = None) -> VerifyReport:
        """Checks every byte of a version, or of all, against what was recorded at save time.

        Damage is reported as findings, not raised.
        """
        with watching(progress, "verify") as watch:
            return self._native.verify(checked_ref(version), all, watch)

    def gc(
        self,
        *,
        keep_last: int | None = None,
        older_than: Duration | None = None,
        orphans_older_than: Duration | None = None,
        dry_run: bool = False,
    ) -> GcReport:
        """Removes old versions, and the files that no remaining version references.

        A version is removed only if it satisfies every given limit: it is not among the latest ``keep_last``, and it is
        older than ``older_than``. The latest version and tagged versions are always kept. Unreferenced files, such as a
        killed save leaves, are removed after a week, or after ``orphans_older_than``. Durations are timedeltas, or
        seconds. Files that are still mapped stay readable. With ``dry_run``, only reports what would be removed.

        Raises InvalidArgumentError if neither limit is given; CorruptError or NotFoundError, with nothing removed, if a
        file of a version that would be kept is damaged or missing.
        """
        if keep_last is None and older_than is None:
            raise InvalidArgumentError("gc needs a limit: keep_last=, older_than=, or both")
        keep_last = checked_count("keep_last", keep_last)
        ages = seconds("older_than", older_than), seconds("orphans_older_than", orphans_older_than)
        return finish(self._native.gc, keep_last, *ages, dry_run, says=lambda report: f"gc is done: {report!r}")

    def disk_usage(self) -> DiskUsage:
        """What the store occupies on disk, in bytes: values, bookkeeping, unreachable files; and for each version."""
        return self._native.disk_usage()

    def du(self) -> DiskUsage:
        """Deprecated: use :meth:`disk_usage`."""
        warnings.warn("Store.du() is deprecated; use Store.disk_usage()", DeprecationWarning, stacklevel=2)
        return self.disk_usage()


def save_to(
    path: PathLike, source: _native.TensorSource, title: str = "save", **options: Unpack[SaveOptions]
) -> SaveReport:
    """Saves a source as a new version of the store ``path``, which is created if there is none."""
    return run_save(title, _native.Store.create(path_text(path)).save, source, **options)
