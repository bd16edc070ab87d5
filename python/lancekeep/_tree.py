# SPDX-License-Identifier: Apache-2.0
"""A state of nested dicts, lists and tuples as rows of a store, and back.

A tensor or array is a row; so is each other value, except dicts – they are descended into – and lists and tuples with
a tensor somewhere inside. A row's name is its keys joined with dots; a name that is taken gets ``#2``. Where the state
is more than one dict of such rows, a last row, ``__tree__``, records the nesting; docs/format/tensors.md says how.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from . import _json
from ._errors import InvalidArgumentError

TREE_NAME = "__tree__"
ROOT_NAME = "tensor"
DICTS = (dict, collections.OrderedDict, collections.Counter)
DEEPEST = 128
MOST_NAMED = 10


@dataclass
class Rows:
    """What a state comes to: tensors and arrays as they are, all other values as JSON text."""

    tensors: list[tuple[str, Any]] = field(default_factory=list)  # in model order; text is bytes
    tree: bytes | None = None  # None: the state is a flat dict

    def names(self) -> Iterator[str]:
        return (name for name, _ in self.tensors)


class _Flattening:
    def __init__(self, is_tensor: Callable[[Any], bool], is_array: Callable[[Any], bool]):
        self.is_tensor = is_tensor
        self.is_array = is_array
        self.rows = Rows()
        self.taken: set[str] = set()
        self.open: set[int] = set()  # containers that are being descended into
        self.problems: list[str] = []

    def free_name(self, path: list[str], root: str = ROOT_NAME) -> str:
        name = ".".join(path) if path else root
        free, count = name, 1
        while free in self.taken:
            count += 1
            free = f"{name}#{count}"
        self.taken.add(free)
        return free

    def row(self, path: list[str], value: Any, tag: str = "$row") -> Any:
        name = self.free_name(path)
        self.rows.tensors.append((name, value))
        return {tag: name}

    def has_tensor(self, value: Any, depth: int = 0) -> bool:
        if self.is_tensor(value) or self.is_array(value):
            return True
        if depth > DEEPEST:
            return False  # place() says so
        if type(value) in DICTS:
            return any(self.has_tensor(each, depth + 1) for each in value.values())
        return type(value) in (list, tuple) and any(self.has_tensor(each, depth + 1) for each in value)

    def place(self, value: Any, path: list[str], in_row: bool = False) -> Any:
        """Makes rows of what is below, and returns what stands for it in the tree."""
        if self.is_tensor(value):
            return self.row(path, value)
        if self.is_array(value):
            return self.row(path, value, "$ndarray")
        kind = type(value)
        if kind in DICTS or kind in (list, tuple, set):
            return self.container(value, path, in_row)
        placed = self.guarded(path, _json.scalar, value)
        return placed if in_row else self.row(path, _json.text_of(placed))

    def container(self, value: Any, path: list[str], in_row: bool) -> Any:
        if id(value) in self.open:
            return self.problem(path, "a container that holds itself")
        if len(self.open) >= DEEPEST:
            return self.problem(path, f"nested more than {DEEPEST} deep")
        self.open.add(id(value))
        try:
            if type(value) in DICTS:
                return self.dict(value, path, in_row)
            whole = not in_row and not self.has_tensor(value)
            items = [self.place(each, [*path, str(i)], in_row or whole) for i, each in enumerate(value)]
        finally:
            self.open.remove(id(value))
        placed = items if type(value) is list else {f"${type(value).__name__}": items}
        return self.row(path, _json.text_of(placed)) if whole else placed

    def dict(self, value: Any, path: list[str], in_row: bool) -> Any:
        pairs = []
        for key, each in value.items():
            if wrong := _json.key_problem(key):
                return self.problem(path, wrong)
            pairs.append((key, self.place(each, [*path, str(key)], in_row)))
        return _json.dict_of(type(value), pairs)

    def guarded(self, path: list[str], make: Callable[[Any], Any], value: Any) -> Any:
        try:
            return make(value)
        except _json.NotKept as what:
            return self.problem(path, str(what))

    def problem(self, path: list[str], what: str) -> None:
        self.problems.append(f"`{'.'.join(path)}` ({what})" if path else what)


def is_flat(state: Any, rows: Rows) -> bool:
    return (
        type(state) in (dict, collections.OrderedDict)
        and all(type(key) is str for key in state)
        and list(state) == list(rows.names())
    )


def flatten(state: Any, is_tensor: Callable[[Any], bool], is_array: Callable[[Any], bool]) -> Rows:
    """The rows of a state. Raises InvalidArgumentError, which names what cannot be kept."""
    work = _Flattening(is_tensor, is_array)
    tree = work.place(state, [])
    if work.problems:
        named = "; ".join(work.problems[:MOST_NAMED])
        more = len(work.problems) - MOST_NAMED
        raise InvalidArgumentError(
            f"these values cannot be kept: {named}{f'; and {more} more' if more > 0 else ''}; nothing was written. Kept are"
            " tensors, arrays, dicts, lists, tuples, sets, text, bytes, numbers, None, and torch's Size, dtype, device"
        )
    has_arrays = any(work.is_array(value) for _, value in work.rows.tensors)
    if has_arrays or not is_flat(state, work.rows):
        work.rows.tree = _json.text_of(tree)
    return work.rows


def tree_name(rows: Rows) -> str:
    taken, name, count = set(rows.names()), TREE_NAME, 1
    while name in taken:
        count += 1
        name = f"{TREE_NAME}#{count}"
    return name
