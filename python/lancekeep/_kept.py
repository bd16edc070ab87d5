# SPDX-License-Identifier: Apache-2.0
"""What a save keeps as something else, and what it cannot keep: collected while a state is flattened, told in its notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _json
from ._errors import InvalidArgumentError, listed
from ._framework import is_array, is_tensor
from ._plain import EXACT, label, plain_form

MOST_NAMED = 3  # places that a note names
OBJECTS = ("refuse", "skip", "str")
LEFT_OUT = object()  # in place of the JSON of a value that is left out


class Kept:
    """The plain forms of one state's values. ``objects``, one of OBJECTS, says what to do with those that have none.

    A path is the list of keys to a value.
    """

    def __init__(self, objects: str) -> None:
        if objects not in OBJECTS:
            raise InvalidArgumentError(f"objects must be 'refuse', 'skip' or 'str', not {objects!r}")
        self.objects = objects
        self.forms: dict[int, tuple[Any, Any]] = {}  # by id(): a value, which stays alive here, and its form or its problem
        self.changed: dict[tuple[str, str], list[str]] = {}  # for (class, kept as), the places
        self.problems: list[str] = []  # of values that cannot be kept, if they are refused
        self.left_out: list[str] = []
        self.notes: list[str] = []

    def plain(self, value: Any, make: Callable[[Any], Any] = plain_form) -> Any:
        """The value as it is kept: itself, or its plain form. A value without one is returned as it is."""
        if type(value) in EXACT or (make is plain_form and (is_tensor(value) or is_array(value))):
            return value
        if id(value) not in self.forms:
            try:
                self.forms[id(value)] = (value, make(value))
            except _json.UnsupportedValue as problem:
                skip = self.objects == "skip" and problem.instead is not None
                self.forms[id(value)] = (value, problem.instead if skip else problem)
        form = self.forms[id(value)][1]
        return value if isinstance(form, _json.UnsupportedValue) else form

    def noted(self, value: Any, path: list[str], make: Callable[[Any], Any] = plain_form) -> Any:
        """As plain(), with a note if the value is kept as something else."""
        plain = self.plain(value, make)
        if plain is not value:
            self.changed.setdefault((label(value), _json.type_name(plain)), []).append(".".join(path))
        return plain

    def require_form(self, value: Any) -> None:
        """Raises the UnsupportedValue of a value that has no plain form."""
        form = self.forms.get(id(value), (None, None))[1]
        if isinstance(form, _json.UnsupportedValue):
            raise form

    def problem(self, path: list[str], what: str, value: Any = None, as_text: bool = True) -> Any:
        """Returns the JSON to keep in the place of a value that cannot be kept. One without ``value`` is always refused."""
        described = f"`{'.'.join(path)}` ({what})" if path else what
        if self.objects == "refuse" or value is None:
            self.problems.append(described)
        elif self.objects == "str" and as_text:
            self.changed.setdefault((_json.type_name(value), "its text"), []).append(".".join(path))
            return _json.encode_scalar(text_of(value))
        else:
            self.left_out.append(described)
        return LEFT_OUT

    def all_notes(self) -> list[str]:
        notes = list(self.notes)
        for (kind, kept_as), places in self.changed.items():
            named = ", ".join(f"`{place}`" if place else "the state" for place in places[:MOST_NAMED])
            more = f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
            notes.append(f"{named}{more} ({kind}): kept as {kept_as}, which is what loading returns")
        if self.left_out:
            notes.append(f"left out, because they cannot be kept: {listed(self.left_out, '; ')}")
        return notes


def text_of(value: Any) -> str:
    try:
        return str.__str__(str(value))
    except Exception as error:  # noqa: BLE001 - the user's class may raise anything
        return f"<{_json.type_name(value)}: {type(error).__name__}>"
