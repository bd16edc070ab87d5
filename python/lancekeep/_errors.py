# SPDX-License-Identifier: Apache-2.0
"""The errors: ``Error``, and a subclass for each kind, which also derives from a matching built-in exception."""

from __future__ import annotations

from collections.abc import Iterable

MOST_LISTED = 10


class Error(Exception):
    """Base class of all errors. The text says what is wrong, where, and what to do.

    ``code`` is the kind as the command prints it. ``file`` is the file that the error is about and ``offset`` the byte in
    it; both are None if they do not apply.
    """

    code: str = "error"
    file: str | None = None
    offset: int | None = None

    def __str__(self) -> str:
        # KeyError would print its text in quotes, with newlines escaped. A name may have a lone surrogate, which no stream takes.
        return str(self.args[0]).encode("utf-8", "backslashreplace").decode() if self.args else ""


class NotFoundError(Error, FileNotFoundError, KeyError):
    """No such file, store, version, tag or tensor."""

    code = "not_found"


class AlreadyExistsError(Error, FileExistsError):
    """The name is taken; nothing was overwritten."""

    code = "already_exists"


class InvalidArgumentError(Error, ValueError):
    """An argument that cannot be used."""

    code = "invalid_argument"


class WrongTypeError(InvalidArgumentError, TypeError):
    """An argument of the wrong type: an InvalidArgumentError that is also a TypeError."""


class CorruptError(Error, ValueError):
    """A file contradicts itself or its format."""

    code = "corrupt"


class UnsupportedError(Error, ValueError):
    """Valid, but uses a feature, a dtype or a package that is not available here."""

    code = "unsupported"


class UnsafeError(Error, ValueError):
    """Rejected on purpose: a pickle that would run code, or a path that leaves its folder."""

    code = "unsafe"


class ConflictError(Error, RuntimeError):
    """Another writer changed the store; nothing was committed."""

    code = "conflict"


class OutOfSpaceError(Error, OSError):
    """The disk or a quota is full."""

    code = "out_of_space"


class StorageError(Error, OSError):
    """A call to the operating system failed. ``code`` is "io", after ``ErrorCode::io`` in C++."""

    code = "io"


def listed(items: Iterable[str], separator: str = ", ") -> str:
    """The first items, and how many more there are; "none" if there are none."""
    items = list(items)
    more = [f"and {len(items) - MOST_LISTED} more"] if len(items) > MOST_LISTED else []
    return separator.join([*items[:MOST_LISTED], *more]) or "none"
