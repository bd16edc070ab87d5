# SPDX-License-Identifier: Apache-2.0
"""Calls that change a store, and Ctrl-C: an exception that comes after the change says what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ._arguments import save_options

if TYPE_CHECKING:
    from ._native import SaveReport

Result = TypeVar("Result")


def finish(call: Callable[..., Result], *arguments: Any, says: Callable[[Result], str]) -> Result:
    """``call(*arguments)``. If a signal raises an exception once it has returned, that says what was done: ``says``."""
    done: list[Result] = []
    try:
        keep_result(done, call, *arguments)
    except BaseException as error:
        add_outcome(error, done, says)
        raise
    return done[0]


def run_save(title: str, call: Callable[..., SaveReport], *arguments: Any, **options: Any) -> SaveReport:
    """``call(*arguments, options)`` with the options of a save; ``title`` is that of its progress bar. See finish()."""
    done: list[SaveReport] = []
    try:
        with save_options(title, **options) as native:
            keep_result(done, call, *arguments, native)
    except BaseException as error:
        add_outcome(error, done, lambda report: f"version {report.version} is saved")
        raise
    return done[0]


def keep_result(done: list[Result], call: Callable[..., Result], *arguments: Any) -> None:
    # A loop in C: the interpreter runs signal handlers only after the result is in the list.
    done.extend(map(call, *((argument,) for argument in arguments)))


def add_outcome(error: BaseException, done: list[Result], says: Callable[[Result], str]) -> None:
    if not done:
        return
    text = says(done[0])
    if isinstance(error, KeyboardInterrupt) and not error.args:
        error.args = (text,)
    else:
        error.add_note(text)
