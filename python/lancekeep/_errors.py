# SPDX-License-Identifier: Apache-2.0
"""What Lancekeep raises: ``Error``, with a subclass for each kind, which is also what Python calls such a thing."""

from __future__ import annotations


class Error(Exception):
    """Something that Lancekeep could not or would not do; the text says what, where, and what to do.

    ``code`` is the kind as the command line prints it, ``file`` the file and ``offset`` the byte of it that
    the error is about, or None.
    """

    code: str = "error"
    file: str | None = None
    offset: int | None = None

    def __str__(self) -> str:
        # KeyError would print its text in quotes, with every newline escaped.
        return str(self.args[0]) if self.args else ""


class NotFoundError(Error, FileNotFoundError, KeyError):
    """No such file, store, version, tag or tensor."""

    code = "not_found"


class AlreadyExistsError(Error, FileExistsError):
    """The name is taken, and nothing was overwritten."""

    code = "already_exists"


class InvalidArgumentError(Error, ValueError):
    """What was asked for cannot be."""

    code = "invalid_argument"


class CorruptError(Error, ValueError):
    """Bytes of a file contradict each other or its format."""

    code = "corrupt"


class UnsupportedError(Error, ValueError):
    """Well formed, but with a feature that this version does not read or write."""

    code = "unsupported"


class UnsafeError(Error, ValueError):
    """Refused on purpose: a pickle that would run code, a path that leaves its folder."""

    code = "unsafe"


class ConflictError(Error, RuntimeError):
    """Someone else changed the store; nothing was published."""

    code = "conflict"


class OutOfSpaceError(Error, OSError):
    """The disk or a quota is full."""

    code = "out_of_space"


class StorageError(Error, OSError):
    """The operating system said no."""

    code = "io"
