# SPDX-License-Identifier: Apache-2.0
"""Turns a state of nested dicts, lists and tuples into the rows of a store.

A tensor or an array is a row. So is any other value, except dicts, and lists and tuples with a tensor somewhere inside: their
items become rows instead. A row's name is its path of keys, joined with dots; a name that is taken gets ``#2``. If the state
is more than one flat dict, a last row, ``__tree__``, records the nesting. docs/format/tensors.md has the details.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _json
from ._errors import InvalidArgumentError, listed
from ._framework import framework_for, is_array, is_tensor

TREE_NAME = "__tree__"
DICTS = (dict, collections.OrderedDict, collections.Counter, collections.defaultdict)
CONTAINERS = (*DICTS, list, tuple, set)
MOST_DEPTH = 128


class Rows(NamedTuple):
    """A flattened state: tensors and arrays as they are, all other values as JSON text."""

    values: list[tuple[str, Any]]  # names and values in model order; text is bytes
    tree: tuple[str, bytes] | None  # the name and text of the last row; None if the state is a flat dict


def flatten(state: Any, arrays_are_native: bool = False) -> Rows:
    """The rows of a state. ``arrays_are_native``: without a tree, the store returns arrays rather than tensors.

    Raises InvalidArgumentError, which names the values that cannot be kept.
    """
    work = _Flattening()
    tree = work.add_value(state, [])
    if work.problems:
        raise InvalidArgumentError(
            f"these values cannot be kept: {listed(work.problems, '; ')}; nothing was written. A store keeps tensors, arrays,"
            " dicts, lists, tuples, sets, text, bytes, numbers, None, and torch's Size, dtype, device"
        )
    if work.is_flat(state, arrays_are_native):
        return Rows(work.rows, None)
    return Rows(work.rows, (work.unused_name(TREE_NAME), _json.to_text(tree)))


class _Flattening:
    """Collects the rows of one state, and everything that cannot be kept. A path is the list of keys to a value."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, Any]] = []
        self.used: dict[str, int] = {}  # for each name, the number that was tried last
        self.ancestors: set[int] = set()  # id() of each container around the current value
        self.with_tensors: dict[int, bool] = {}  # by id() of a container, what has_tensors() found
        self.problems: list[str] = []

    # --- rows -------------------------------------------------------------------------------------------------------

    def unused_name(self, wanted: str) -> str:
        name = wanted
        while name in self.used:
            self.used[wanted] += 1
            name = f"{wanted}#{self.used[wanted]}"
        self.used[name] = 1
        return name

    def add_row(self, path: list[str], value: Any, tag: str, root: str) -> Any:
        """Returns what the tree has in its place. ``root`` is the row's name if the value is the whole state."""
        name = self.unused_name(".".join(path) if path else root)
        if not _json.is_utf8(name):
            return self.add_problem(path, "a name with a lone surrogate")
        self.rows.append((name, value))
        return {tag: name}

    def add_tensor(self, path: list[str], value: Any, tag: str) -> Any:
        why = framework_for(value).why_unsupported(value)
        return self.add_problem(path, why) if why else self.add_row(path, value, tag, "tensor")

    def add_problem(self, path: list[str], what: str) -> None:
        self.problems.append(f"`{'.'.join(path)}` ({what})" if path else what)

    # --- which containers are split into rows -----------------------------------------------------------------------

    def is_flat(self, state: Any, arrays_are_native: bool) -> bool:
        """Whether the rows describe the state completely, so that it needs no tree."""
        if type(state) not in (dict, collections.OrderedDict, collections.defaultdict):
            return False
        return all(
            type(key) is str and (arrays_are_native if is_array(value) else not self.is_split(value))
            for key, value in state.items()
        )

    def is_split(self, value: Any) -> bool:
        """Whether the items of a container become rows, rather than the container as a whole."""
        return type(value) in DICTS or (type(value) in (list, tuple) and self.has_tensors(value))

    def has_tensors(self, value: Any, depth: int = 0) -> bool:
        """Whether a tensor or an array is anywhere inside."""
        if is_tensor(value) or is_array(value):
            return True
        if type(value) not in CONTAINERS or type(value) is set or depth > MOST_DEPTH:
            return False
        if id(value) not in self.with_tensors:
            self.with_tensors[id(value)] = False  # for now: the container may hold itself
            items = value.values() if isinstance(value, dict) else value
            self.with_tensors[id(value)] = any(self.has_tensors(item, depth + 1) for item in items)
        return self.with_tensors[id(value)]

    # --- values -----------------------------------------------------------------------------------------------------

    def add_value(self, value: Any, path: list[str]) -> Any:
        """Adds the rows of a value. Returns what the tree has in its place."""
        if is_tensor(value):
            return self.add_tensor(path, value, "$row")
        if is_array(value):
            return self.add_tensor(path, value, "$ndarray")
        if self.is_split(value):
            return self.encode_container(value, path, self.add_value)
        problems = len(self.problems)
        encoded = self.encode_value(value, path)
        return self.add_row(path, _json.to_text(encoded), "$row", "value") if problems == len(self.problems) else None

    def encode_value(self, value: Any, path: list[str]) -> Any:
        """A value without tensors, encoded as part of one row's text."""
        if type(value) in CONTAINERS:
            return self.encode_container(value, path, self.encode_value)
        if is_tensor(value) or is_array(value):
            return self.add_problem(path, "a tensor in a set")
        try:
            return _json.encode_scalar(value)
        except _json.UnsupportedValue as what:
            return self.add_problem(path, str(what))

    def encode_container(self, value: Any, path: list[str], encode: Callable[[Any, list[str]], Any]) -> Any:
        """A container whose items are encoded by ``encode(item, path)``."""
        if id(value) in self.ancestors:
            return self.add_problem(path, "a container that holds itself")
        if len(self.ancestors) >= MOST_DEPTH:
            return self.add_problem(path, f"nested more than {MOST_DEPTH} deep")
        self.ancestors.add(id(value))
        try:
            if isinstance(value, dict):
                return self.encode_dict(value, path, encode)
            items = [encode(item, [*path, str(i)]) for i, item in enumerate(value)]
        finally:
            self.ancestors.remove(id(value))
        if type(value) is set:
            return _json.encode_set(items)
        return items if type(value) is list else {"$tuple": items}

    def encode_dict(self, value: Any, path: list[str], encode: Callable[[Any, list[str]], Any]) -> Any:
        pairs = []
        for key, item in value.items():
            if _json.is_key(key):
                pairs.append((key, encode(item, [*path, str(key)])))
            else:
                what = "keys are str, int, float, bool, None, bytes, torch.dtype, and tuples of these"
                self.add_problem([*path, str(key)], f"a key of type {_json.type_name(key)}; {what}")
        return _json.encode_dict(type(value), pairs)
