# SPDX-License-Identifier: Apache-2.0
"""A state of nested dicts, lists and tuples as rows of a store.

A tensor or array is a row; so is each other value, except dicts – they are descended into – and lists and tuples with
a tensor somewhere inside. A row's name is its keys joined with dots; a name that is taken gets ``#2``. Where the state
is more than one dict of such rows, a last row, ``__tree__``, records the nesting; docs/format/tensors.md says how.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _json
from ._errors import InvalidArgumentError

TREE_NAME = "__tree__"
DICTS = (dict, collections.OrderedDict, collections.Counter, collections.defaultdict)
CONTAINERS = (*DICTS, list, tuple, set)
DEEPEST = 128
MOST_NAMED = 10


class Rows(NamedTuple):
    """What a state comes to: tensors and arrays as they are, all other values as JSON text."""

    values: list[tuple[str, Any]]  # in model order; text is bytes
    tree: tuple[str, bytes] | None  # None: the state is a flat dict


class Kinds(NamedTuple):
    """What the rows of numbers are."""

    is_tensor: Callable[[Any], bool]
    is_array: Callable[[Any], bool]
    refusal: Callable[[Any], str | None]  # why this tensor or array cannot be kept
    arrays_are_native: bool = False  # a row without a tree comes back as an array


class _Flattening:
    def __init__(self, kinds: Kinds):
        self.kinds = kinds
        self.rows: list[tuple[str, Any]] = []
        self.taken: dict[str, int] = {}  # by name, the number that was tried last
        self.open: set[int] = set()  # containers that are being descended into
        self.holding: dict[int, bool] = {}  # containers in which was looked for tensors
        self.problems: list[str] = []

    # --- rows -------------------------------------------------------------------------------------------------------

    def free_name(self, wanted: str) -> str:
        name = wanted
        while name in self.taken:
            self.taken[wanted] += 1
            name = f"{wanted}#{self.taken[wanted]}"
        self.taken[name] = 1
        return name

    def add(self, path: list[str], value: Any, tag: str, root: str) -> Any:
        name = self.free_name(".".join(path) if path else root)
        if not _json.is_utf8(name):
            return self.problem(path, "a name with half of a surrogate pair")
        self.rows.append((name, value))
        return {tag: name}

    def add_numbers(self, path: list[str], value: Any, tag: str) -> Any:
        why = self.kinds.refusal(value)
        return self.problem(path, why) if why else self.add(path, value, tag, "tensor")

    def problem(self, path: list[str], what: str) -> None:
        self.problems.append(f"`{'.'.join(path)}` ({what})" if path else what)

    # --- values -----------------------------------------------------------------------------------------------------

    def holds_numbers(self, value: Any, depth: int = 0) -> bool:
        """Whether a tensor or an array is anywhere inside."""
        if self.kinds.is_tensor(value) or self.kinds.is_array(value):
            return True
        if type(value) not in CONTAINERS or type(value) is set or depth > DEEPEST:
            return False
        if id(value) not in self.holding:
            self.holding[id(value)] = False  # while it is looked at, for it may hold itself
            items = value.values() if isinstance(value, dict) else value
            self.holding[id(value)] = any(self.holds_numbers(item, depth + 1) for item in items)
        return self.holding[id(value)]

    def is_descended(self, value: Any) -> bool:
        return type(value) in DICTS or (type(value) in (list, tuple) and self.holds_numbers(value))

    def place(self, value: Any, path: list[str]) -> Any:
        """Makes rows of the value, and returns what stands for it in the tree."""
        if self.kinds.is_tensor(value):
            return self.add_numbers(path, value, "$row")
        if self.kinds.is_array(value):
            return self.add_numbers(path, value, "$ndarray")
        if self.is_descended(value):
            return self.container(value, path, self.place)
        problems = len(self.problems)
        text = self.json(value, path)
        return self.add(path, _json.text_of(text), "$row", "value") if problems == len(self.problems) else None

    def json(self, value: Any, path: list[str]) -> Any:
        """What stands for a value without tensors in a row's text."""
        if type(value) in CONTAINERS:
            return self.container(value, path, self.json)
        if self.kinds.is_tensor(value) or self.kinds.is_array(value):
            return self.problem(path, "a tensor in a set")
        try:
            return _json.of_scalar(value)
        except _json.NotKept as what:
            return self.problem(path, str(what))

    def container(self, value: Any, path: list[str], place: Callable[[Any, list[str]], Any]) -> Any:
        if id(value) in self.open:
            return self.problem(path, "a container that holds itself")
        if len(self.open) >= DEEPEST:
            return self.problem(path, f"nested more than {DEEPEST} deep")
        self.open.add(id(value))
        try:
            if isinstance(value, dict):
                return self.dict(value, path, place)
            items = [place(item, [*path, str(i)]) for i, item in enumerate(value)]
        finally:
            self.open.remove(id(value))
        if type(value) is set:
            return _json.of_set(items)
        return items if type(value) is list else {"$tuple": items}

    def dict(self, value: Any, path: list[str], place: Callable[[Any, list[str]], Any]) -> Any:
        pairs = []
        for key, item in value.items():
            if _json.is_key(key):
                pairs.append((key, place(item, [*path, str(key)])))
            else:
                what = "keys are str, int, float, bool, None, bytes, torch.dtype, and tuples of these"
                self.problem([*path, str(key)], f"a key of type {_json.type_name(key)}; {what}")
        return _json.of_dict(type(value), pairs)

    def is_flat(self, state: Any) -> bool:
        """Whether the rows by themselves say what the state was."""
        if type(state) not in (dict, collections.OrderedDict, collections.defaultdict):
            return False
        return all(type(key) is str and self.says_it_all(value) for key, value in state.items())

    def says_it_all(self, value: Any) -> bool:
        if self.kinds.is_array(value):
            return self.kinds.arrays_are_native
        return not self.is_descended(value)


def flatten(state: Any, kinds: Kinds) -> Rows:
    """The rows of a state. Raises InvalidArgumentError, which names all that cannot be kept."""
    work = _Flattening(kinds)
    tree = work.place(state, [])
    if work.problems:
        named = "; ".join(work.problems[:MOST_NAMED])
        more = len(work.problems) - MOST_NAMED
        raise InvalidArgumentError(
            f"these values cannot be kept: {named}{f'; and {more} more' if more > 0 else ''}; nothing was written. Kept are"
            " tensors, arrays, dicts, lists, tuples, sets, text, bytes, numbers, None, and torch's Size, dtype, device"
        )
    if work.is_flat(state):
        return Rows(work.rows, None)
    return Rows(work.rows, (work.free_name(TREE_NAME), _json.text_of(tree)))
