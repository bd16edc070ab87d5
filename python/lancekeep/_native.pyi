"""
The C++ library, without torch and NumPy; use the package `lancekeep` instead.
"""

from collections.abc import Mapping, Sequence
import datetime
import enum
import os
import pathlib
from typing import Any


def version() -> str: ...

def dtype_itemsize(dtype: str) -> int | None: ...

class TensorInfo:
    """A tensor's row in a version, without its values."""

    @property
    def name(self) -> str: ...

    @property
    def dtype(self) -> str:
        """
        torch's name without the prefix, such as 'bfloat16'; 'json' and 'tree' are not tensors.
        """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def nbytes(self) -> int: ...

    @property
    def hash(self) -> str:
        """XXH3-128 of the bytes, 32 hex digits; empty if pylance wrote the row."""

    @property
    def tied_to(self) -> str | None:
        """Name of the tensor whose storage this one shares, or None."""

    @property
    def damage(self) -> str:
        """Why it cannot be loaded; empty if it can."""

    @property
    def is_tensor(self) -> bool: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __repr__(self) -> str: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

class VersionInfo:
    """A version, without its tensors."""

    @property
    def number(self) -> int: ...

    @property
    def id(self) -> str:
        """
        Identifies the version for good; numbers start at 1 again when a store is replaced.
        """

    @property
    def layout(self) -> str:
        """'native', or 'plain' (lists of float64)."""

    @property
    def time(self) -> datetime.datetime:
        """When the version was committed, in UTC."""

    @property
    def message(self) -> str: ...

    @property
    def metadata(self) -> dict[str, str]: ...

    @property
    def tags(self) -> list[str]: ...

    @property
    def tensors(self) -> int:
        """Number of rows."""

    @property
    def bytes_total(self) -> int:
        """Bytes of all tensors; tied tensors count once."""

    @property
    def bytes_added(self) -> int:
        """Bytes of the files that this version added."""

    @property
    def damage(self) -> str:
        """
        What of its manifest, table or files is damaged or missing; empty if nothing is known to be.
        """

    @property
    def unchecked(self) -> str:
        """
        Why they could not be read, such as a missing permission; empty if they could.
        """

    @property
    def not_read(self) -> str:
        """
        Why it is not a model, or what of it this build does not read; empty if it does.
        """

    @property
    def warning(self) -> str: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __repr__(self) -> str: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

class SaveReport:
    """What a save did. Tied tensors are counted once in bytes."""

    @property
    def version(self) -> int: ...

    @property
    def tensors_written(self) -> int: ...

    @property
    def tensors_kept(self) -> int:
        """Tensors shared with the previous version, not written again."""

    @property
    def bytes_written(self) -> int:
        """Bytes that the save added to the disk, metadata included."""

    @property
    def bytes_shared(self) -> int: ...

    @property
    def bytes_total(self) -> int: ...

    @property
    def notes(self) -> list[str]: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

class ChangeNorms:
    """How far a tensor moved, after − before."""

    @property
    def elements(self) -> int: ...

    @property
    def differing(self) -> int:
        """Elements whose bytes differ."""

    @property
    def non_finite(self) -> int:
        """
        Elements that are NaN or infinite on either side; the other figures exclude them.
        """

    @property
    def l2(self) -> float: ...

    @property
    def max_abs(self) -> float: ...

    @property
    def l2_before(self) -> float: ...

    @property
    def l2_after(self) -> float: ...

    @property
    def cosine(self) -> float: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

    @property
    def relative(self) -> float:
        """l2 / l2_before."""

class TensorChange:
    """A tensor that is in both versions, with different contents."""

    @property
    def before(self) -> TensorInfo: ...

    @property
    def after(self) -> TensorInfo: ...

    @property
    def norms(self) -> ChangeNorms | None:
        """
        None unless requested, and both sides are floats of the same dtype and shape.
        """

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

class Diff:
    """What differs between two versions, in model order."""

    @property
    def added(self) -> list[TensorInfo]: ...

    @property
    def removed(self) -> list[TensorInfo]: ...

    @property
    def changed(self) -> list[TensorChange]: ...

    @property
    def unchanged(self) -> list[TensorInfo]: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __bool__(self) -> bool:
        """Whether anything differs."""

    def __repr__(self) -> str: ...

class VerifyFinding:
    """Something that is not as recorded, or that could not be checked."""

    @property
    def kind(self) -> str:
        """
        'damaged', 'unchecked' (no permission, an I/O error) or 'not_read' (not a model, or not read by this build).
        """

    @property
    def version(self) -> int:
        """0 if it does not concern a single version."""

    @property
    def tensor(self) -> str: ...

    @property
    def file(self) -> pathlib.Path: ...

    @property
    def offset(self) -> int | None: ...

    @property
    def what(self) -> str: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __repr__(self) -> str: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

class VerifyReport:
    """The bytes checked against what was recorded at save time."""

    @property
    def versions(self) -> int: ...

    @property
    def newest(self) -> int:
        """The newest version whose manifest can be read; 0 if none can."""

    @property
    def tensors(self) -> int:
        """Number of tensors whose values were checked against their hashes."""

    @property
    def bytes_read(self) -> int: ...

    @property
    def findings(self) -> list[VerifyFinding]: ...

    @property
    def notes(self) -> list[str]:
        """What is not covered, such as values without a hash."""

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    @property
    def ok(self) -> bool:
        """Everything was checked and is as recorded."""

    @property
    def damaged(self) -> int:
        """Number of findings that are damage."""

    @property
    def unchecked(self) -> int:
        """Number of findings that could not be checked."""

    @property
    def not_read(self) -> int:
        """Number of findings that are not a model, or not read by this build."""

    def __repr__(self) -> str: ...

class GcReport:
    """What a clean-up removed, or would remove (dry_run)."""

    @property
    def versions_removed(self) -> list[int]: ...

    @property
    def files_removed(self) -> int: ...

    @property
    def bytes_freed(self) -> int: ...

    @property
    def orphans_kept(self) -> int:
        """Unreferenced files that were kept: too recent, or in use."""

    @property
    def orphan_bytes_kept(self) -> int: ...

    @property
    def rewritten(self) -> int | None: ...

    @property
    def dry_run(self) -> bool: ...

    @property
    def notes(self) -> list[str]: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

class DiskUsage:
    """What a store occupies on disk, in bytes."""

    @property
    def bytes(self) -> int:
        """values + bookkeeping + unreachable."""

    @property
    def values(self) -> int: ...

    @property
    def bookkeeping(self) -> int: ...

    @property
    def unreachable(self) -> int:
        """Files that no version references."""

    @property
    def beside(self) -> int:
        """What killed replacements left beside the store; not part of bytes."""

    @property
    def versions(self) -> list[VersionUsage]:
        """Oldest first."""

    @property
    def notes(self) -> list[str]: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

class VersionUsage:
    """What one version occupies on disk, in bytes."""

    @property
    def number(self) -> int: ...

    @property
    def bytes(self) -> int:
        """All files that it references; 0 if its manifest is damaged."""

    @property
    def exclusive(self) -> int:
        """
        Files that no other version references: what removing it alone would free.
        """

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

class TensorSource:
    """Where a save or an export reads its tensors from."""

    def tensors(self) -> list[tuple[str, str, tuple[int, ...], int, int | None]]: ...

    def read(self, index: int) -> bytearray: ...

    def metadata(self) -> dict[str, str]: ...

    def notes(self) -> list[str]: ...

class PythonSource(TensorSource):
    def __init__(self, metadata: Mapping[str, str], notes: Sequence[str]) -> None: ...

    def add(self, name: str, dtype: str, shape: Sequence[int], nbytes: int, tied_to: int | None, values: object) -> None: ...

class Memory:
    """Memory that `owner` keeps alive, as a read-only buffer."""

    def __init__(self, address: int, nbytes: int, owner: object) -> None: ...

class Values:
    """The mapped bytes of one tensor, as a buffer."""

class Form(enum.Enum):
    """What rows() returns for tensors."""

    none = 0

    buffer = 1

    dlpack = 2

class Location:
    """Where a tensor's bytes are."""

    @property
    def path(self) -> pathlib.Path: ...

    @property
    def offset(self) -> int: ...

    @property
    def length(self) -> int: ...

class Version:
    @property
    def number(self) -> int: ...

    @property
    def info(self) -> VersionInfo: ...

    def tensors(self) -> list[TensorInfo]: ...

    def find(self, name: str) -> TensorInfo: ...

    def locate(self, name: str) -> Location: ...

    def rows(self, names: Sequence[str] | None, form: Form) -> list[tuple[str, str, tuple[int, ...], int, str | None, Any, bool]]: ...

    def tree(self) -> tuple[str, bytes] | None: ...

    def read_into(self, name: str, offset: int, address: int, nbytes: int) -> None: ...

    def read_all(self, requests: Sequence[tuple[str, int, int, str]]) -> None: ...

    def state_dicts(self) -> str:
        """
        The versions of modules that were saved with state dicts, as JSON; empty if none.
        """

    def source(self) -> TensorSource: ...

    def diff(self, after: Version, norms: bool, progress: object | None) -> Diff: ...

class SaveOptions:
    def __init__(self, message: str, metadata: Mapping[str, str], tag: str, move_tag: bool, layout: str | None, durable: bool, progress: object | None) -> None: ...

class Store:
    @staticmethod
    def open(path: str | os.PathLike[str]) -> Store: ...

    @staticmethod
    def create(path: str | os.PathLike[str]) -> Store: ...

    @property
    def path(self) -> pathlib.Path: ...

    def at(self, ref: int | str | None, dtype: str) -> Version: ...

    def versions(self) -> list[VersionInfo]: ...

    def tags(self) -> dict[str, int]: ...

    def disk_usage(self) -> DiskUsage: ...

    def verify(self, ref: int | str | None, all: bool, progress: object | None) -> VerifyReport: ...

    def save(self, source: TensorSource, options: SaveOptions) -> SaveReport: ...

    @staticmethod
    def replace(path: str | os.PathLike[str], source: TensorSource, options: SaveOptions) -> SaveReport: ...

    def tag(self, name: str, ref: int | str | None, force: bool, expected: int | None) -> int: ...

    def untag(self, name: str) -> None: ...

    def restore(self, ref: int | str | None) -> tuple[int, list[str]]: ...

    def gc(self, keep_last: int | None, older_than: float | None, orphans_older_than: float | None, dry_run: bool) -> GcReport: ...

class ExportReport:
    """What an export wrote, and what the file format cannot hold."""

    @property
    def tensors(self) -> int: ...

    @property
    def bytes_written(self) -> int: ...

    @property
    def not_kept(self) -> list[str]: ...

    @property
    def files(self) -> list[pathlib.Path]: ...

    @property
    def notes(self) -> list[str]: ...

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...

    def __getstate__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: tuple[Any, ...], /) -> None: ...

    def __repr__(self) -> str: ...

def safetensors_bytes(source: TensorSource, metadata: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file."""

def open_model_file(path: str | os.PathLike[str]) -> TensorSource: ...

def open_model(path: str | os.PathLike[str], skip_objects: bool, void_dtype: str, hint: str) -> TensorSource:
    """Errors end with the hint if the file can be read without its objects."""

def write_model_file(path: str | os.PathLike[str], source: TensorSource, metadata: Mapping[str, str], max_shard_bytes: int, all_names: bool, strip_prefix: str) -> ExportReport: ...
