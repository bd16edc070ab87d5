# SPDX-License-Identifier: Apache-2.0
"""Turns a state of nested dicts, lists and tuples into the rows of a store.

A tensor or an array is a row. A dict, list or tuple with a tensor somewhere inside is split: its items become rows. Any other
value is one row, whatever is inside. A row's name is its path of keys, joined with dots; a name that is taken gets ``#2``. If
the state is more than one flat dict, a last row, ``__tree__``, records the nesting. docs/format/tensors.md has the details.
"""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _json, _state_dicts
from ._errors import InvalidArgumentError, listed
from ._framework import framework_for, is_array, is_tensor
from ._kept import LEFT_OUT, Kept
from ._plain import CONTAINERS, DICTS

TREE_NAME = "__tree__"
SPLIT = (*DICTS, list, tuple, collections.deque)
SIMPLE = frozenset({str, int, float, bool, type(None)})
MOST_DEPTH = 128
ADVICE = (
    "A store keeps tensors, arrays, dicts, lists, tuples, sets, text, bytes, numbers, dates, paths, None, and torch's Size, "
    "dtype, device; save(…, objects='skip') leaves out the rest, and objects='str' keeps it as text"
)


class Rows(NamedTuple):
    """A flattened state: tensors and arrays as they are, all other values as JSON text."""

    values: list[tuple[str, Any]]  # names and values in model order; text is bytes
    tree: tuple[str, bytes] | None  # the name and text of the last row; None if the state is a flat dict
    state_dicts: str  # see _state_dicts.py; empty if there is nothing to say
    notes: list[str]  # what loading returns as something else


def flatten(state: Any, arrays_are_native: bool = False, objects: str = "refuse") -> Rows:
    """The rows of a state. ``arrays_are_native``: without a tree, the store returns arrays rather than tensors.

    ``objects`` says what to do with values that cannot be kept: ``"refuse"``, ``"skip"``, ``"str"``. Refusing raises
    InvalidArgumentError, which names them all.
    """
    work = _Flattening(objects)
    tree = work.add_value(state, [])
    if work.kept.problems:
        raise InvalidArgumentError(
            f"these values cannot be kept: {listed(work.kept.problems, '; ')}; nothing was written. {ADVICE}"
        )
    root = work.kept.plain(state)
    if is_flat := work.is_flat(root, arrays_are_native):
        work.keep_order_of_root(root)
    named = None if is_flat else (work.unused_name(TREE_NAME), _json.to_text(tree))
    text = work.state_dicts_text()
    return Rows(work.rows, named, text, work.kept.all_notes())


class _Flattening:
    """Collects the rows of one state, and everything that cannot be kept. A path is the list of keys to a value."""

    def __init__(self, objects: str) -> None:
        self.kept = Kept(objects)
        self.rows: list[tuple[str, Any]] = []
        self.used: dict[str, int] = {}  # for each name, the number that was tried last
        self.ancestors: set[int] = set()  # id() of each container around the current value
        self.places: list[Any] = []  # the encoded keys that lead to the current value
        self.with_tensors: dict[int, bool] = {}  # by id() of a container, what has_tensors() found
        self.state_dicts: list[_state_dicts.Entry] = []

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
            return self.kept.problem(path, "a name with a lone surrogate", None)
        self.rows.append((name, value))
        return {tag: name}

    def add_tensor(self, path: list[str], value: Any, tag: str) -> Any:
        framework = framework_for(value)
        if why := framework.why_unsupported(value):
            return self.kept.problem(path, why, value)
        return self.add_row(path, self.kept.noted(value, path, framework.plain), tag, "tensor")

    # --- which containers are split into rows -----------------------------------------------------------------------

    def is_flat(self, state: Any, arrays_are_native: bool) -> bool:
        """Whether the rows describe the state completely, so that it needs no tree."""
        if type(state) not in (dict, collections.OrderedDict) or (state and not self.has_tensors(state)):
            return False
        items = [(key, self.kept.plain(value)) for key, value in state.items()]
        return all(
            type(key) is str and (arrays_are_native if is_array(value) else not self.is_split(value)) for key, value in items
        )

    def is_split(self, value: Any) -> bool:
        """Whether the items of a container become rows, rather than the container as a whole."""
        return type(value) in SPLIT and self.has_tensors(value)

    def has_tensors(self, value: Any, depth: int = 0) -> bool:
        """Whether a tensor or an array is anywhere inside."""
        value = self.kept.plain(value)
        if is_tensor(value) or is_array(value):
            return True
        if type(value) not in SPLIT or depth > MOST_DEPTH:
            return False
        if id(value) not in self.with_tensors:
            self.with_tensors[id(value)] = False  # for now: the container may hold itself
            items = value.values() if isinstance(value, dict) else value
            self.with_tensors[id(value)] = any(self.has_tensors(item, depth + 1) for item in items)
        return self.with_tensors[id(value)]

    # --- values -----------------------------------------------------------------------------------------------------

    def add_value(self, value: Any, path: list[str]) -> Any:
        """Adds the rows of a value. Returns what the tree has in its place."""
        plain = self.kept.noted(value, path)
        if is_tensor(plain):
            return self.add_tensor(path, plain, "$row")
        if is_array(plain):
            return self.add_tensor(path, plain, "$ndarray")
        if not path and type(plain) in (dict, collections.OrderedDict) and not plain:
            return {}  # an empty state has no rows
        if self.is_split(plain):
            self.keep_metadata(value, path)
            return self.encode_container(plain, path, self.add_value)
        problems = len(self.kept.problems)
        encoded = self.encode_plain(plain, path)
        if encoded is LEFT_OUT or problems != len(self.kept.problems):
            return LEFT_OUT
        return self.add_row(path, _json.to_text(encoded), "$row", "value")

    def encode_value(self, value: Any, path: list[str]) -> Any:
        """A value without tensors, encoded as part of one row's text."""
        return self.encode_plain(self.kept.noted(value, path), path)

    def encode_plain(self, value: Any, path: list[str]) -> Any:
        if type(value) in CONTAINERS:
            return self.encode_container(value, path, self.encode_value)
        if is_tensor(value) or is_array(value):
            return self.kept.problem(path, "a tensor in a set", value)
        try:
            self.kept.require_form(value)
            return _json.encode_scalar(value)
        except _json.UnsupportedValue as what:
            return self.kept.problem(path, str(what), value)

    def encode_container(self, value: Any, path: list[str], encode: Callable[[Any, list[str]], Any]) -> Any:
        """A container whose items are encoded by ``encode(item, path)``."""
        if id(value) in self.ancestors:
            return self.kept.problem(path, "a container that holds itself", None)
        if len(self.ancestors) >= MOST_DEPTH:
            return self.kept.problem(path, f"nested more than {MOST_DEPTH} deep", None)
        self.ancestors.add(id(value))
        try:
            if isinstance(value, dict):
                return self.encode_dict(value, path, encode)
            items = [self.encode_item(i, str(i), item, path, encode) for i, item in enumerate(value)]
        finally:
            self.ancestors.remove(id(value))
        items = [item for item in items if item is not LEFT_OUT]
        if isinstance(value, (set, frozenset)):
            return _json.encode_set(items, f"${type(value).__name__}")
        if isinstance(value, collections.deque):
            return {"$deque": [items, value.maxlen]}
        return items if type(value) is list else {"$tuple": items}

    def encode_item(self, place: Any, name: str, item: Any, path: list[str], encode: Callable[..., Any]) -> Any:
        if type(item) in SIMPLE and encode == self.encode_value:  # most items of a vocabulary or a history
            with contextlib.suppress(_json.UnsupportedValue):
                return _json.encode_simple(item)
        self.places.append(place)
        try:
            return encode(item, [*path, name])
        finally:
            self.places.pop()

    def encode_dict(self, value: Any, path: list[str], encode: Callable[[Any, list[str]], Any]) -> Any:
        pairs = []
        plain_keys: set[Any] = set()  # of the keys that are kept as something else
        for key, item in value.items():
            if type(key) is str:
                plain = place = key
            else:
                try:
                    plain = self.plain_key(key, [*path, str(key)])
                    place = _json.encode_key(plain)
                    self.require_unique(key, plain, value, plain_keys)
                except _json.UnsupportedValue as problem:
                    self.kept.problem([*path, str(key)], f"a key of type {problem}", key, as_text=False)
                    continue
            encoded = self.encode_item(place, str(plain), item, path, encode)
            if encoded is not LEFT_OUT:
                pairs.append((plain, encoded))
        return _json.encode_dict(value, pairs)

    def require_unique(self, key: Any, plain: Any, value: Any, plain_keys: set[Any]) -> None:
        """Raises UnsupportedValue if a key that is kept as something else would be the same as another key."""
        if plain is key:
            return
        if plain in plain_keys or (plain in value and hash(key) != hash(plain)):
            raise _json.UnsupportedValue(f"{_json.type_name(key)}, whose plain form {plain!r} is a key too")
        plain_keys.add(plain)

    def plain_key(self, key: Any, path: list[str]) -> Any:
        """A key of a dict as it is kept. Raises UnsupportedValue."""
        if is_tensor(key):
            raise _json.UnsupportedValue(f"{_json.type_name(key)}; use its name")
        plain = self.kept.noted(key, path)
        self.kept.require_form(key)
        return tuple(self.plain_key(part, path) for part in plain) if type(plain) is tuple else plain

    # --- state dicts of modules -------------------------------------------------------------------------------------

    def keep_metadata(self, state_dict: Any, path: list[str]) -> None:
        if not isinstance(state_dict, collections.OrderedDict):
            return
        try:
            metadata = _state_dicts.metadata_of(state_dict)
        except _json.UnsupportedValue as what:
            place = ".".join(path)
            self.kept.notes.append(f"the `_metadata` of {f'`{place}`' if place else 'the state dict'} is not kept: {what}")
            return
        if metadata is not None:
            self.state_dicts.append((list(self.places), metadata))

    def keep_order_of_root(self, state: Any) -> None:
        """Records that a flat state is an OrderedDict, which its rows do not say."""
        if type(state) is collections.OrderedDict and not any(place == [] for place, _ in self.state_dicts):
            self.state_dicts.insert(0, ([], None))

    def state_dicts_text(self) -> str:
        text = _state_dicts.to_text(self.state_dicts) if self.state_dicts else ""
        if len(text.encode()) <= _state_dicts.MOST_BYTES:
            return text
        self.kept.notes.append("the versions of the modules (`_metadata`) are not kept: there are too many")
        return ""
