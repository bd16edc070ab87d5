# SPDX-License-Identifier: Apache-2.0
"""What torch keeps beside the tensors of a state dict: its attribute ``_metadata``, with the versions of the modules.

A save records it as JSON in a property of the version, which older releases and other programs ignore:
``[[path, metadata], …]`` for each OrderedDict. ``path`` has the keys and indices that lead to it; ``metadata`` has pairs of
a module's name and its value, or is an object (below), or is null for a flat OrderedDict without ``_metadata``.
docs/format/tensors.md has the details.
"""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Iterator
from typing import Any

from . import _json

KEY = "lancekeep.state_dicts"
MOST_BYTES = 256 << 10  # in a property; opening a version reads it
MOST_DEPTH = 100  # of modules in modules, in an object
MOST_ENTRIES = 1 << 18  # when an object is expanded
OWN = "="  # in an object, the key of a module's own value
USUAL = {"version": 1}  # the value of most modules, for which an object has 1

Entry = tuple[list[Any], Any]  # a path of encoded keys, and an encoded metadata


def metadata_of(state_dict: Any) -> Any:
    """The encoded ``_metadata`` of an OrderedDict; None if there is none. Raises UnsupportedValue if it is not plain data."""
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not all(type(name) is str and _json.is_utf8(name) for name in metadata):
        raise _json.UnsupportedValue("it is not a dict of text")
    pairs = [(name, encode(value)) for name, value in metadata.items()]
    return compact(pairs)


def encode(value: Any) -> Any:
    if isinstance(value, dict):
        return _json.encode_dict(dict(value), [(key, encode(item)) for key, item in value.items()])
    if type(value) in (list, tuple):
        items = [encode(item) for item in value]
        return items if type(value) is list else {"$tuple": items}
    return _json.encode_scalar(value)


def to_text(entries: list[Entry]) -> str:
    return _json.to_text([list(entry) for entry in entries]).decode()


# --- an object for many modules: names by their parts, and equal numbered modules as one -------------------------------


def compact(pairs: list[tuple[str, Any]]) -> Any:
    """The pairs as an object if that gives them back, in their order; else as pairs."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        if OWN in name or name.count(".") > MOST_DEPTH:
            return [list(pair) for pair in pairs]
        node = tree
        for part in name.split(".") if name else ():
            node = node.setdefault(part, {})
        node[OWN] = 1 if value == USUAL else value
    merged = merge(tree)
    try:
        if list(expand(merged, "")) == pairs:
            return merged
    except ValueError:
        pass
    return [list(pair) for pair in pairs]


def merge(node: Any) -> Any:
    """The node with runs of equal numbered children under one key, ``first-last``; a module without children is its value."""
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    first = last = -1  # of the run that ends here
    for part, child in node.items():
        child = child if part == OWN else merge(child)
        number = int(part) if part.isascii() and part.isdigit() and str(int(part)) == part else -1
        run = str(first) if first == last else f"{first}-{last}"
        if number >= 0 and number == last + 1 and first >= 0 and made.get(run) == child:
            del made[run]
            last = number
            made[f"{first}-{last}"] = child
        else:
            made[part] = child
            first = last = number
    return made[OWN] if list(made) == [OWN] and made[OWN] == 1 else made


def expand(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The pairs of an object. Raises ValueError for one that is malformed."""
    if node == 1:
        node = {OWN: 1}
    if not isinstance(node, dict) or not node:
        raise ValueError("a module in it is neither 1 nor an object with anything in it")
    for part, child in node.items():
        if part == OWN:
            yield name, USUAL if child == 1 else child
            continue
        numbers = re.fullmatch(r"(\d{1,7})-(\d{1,7})", part)
        parts = map(str, range(int(numbers[1]), int(numbers[2]) + 1)) if numbers else [part]
        for each in parts:
            yield from expand(child, f"{name}.{each}" if name else each)


# --- load --------------------------------------------------------------------------------------------------------------


def apply(text: str, state: Any) -> Any:
    """The state with the metadata of its state dicts. Raises ValueError or a like error for a malformed text."""
    for encoded_path, encoded in json.loads(text):
        path = [decode(key) for key in encoded_path]
        if not path:
            state = with_metadata(collections.OrderedDict(state) if type(state) is dict else state, encoded)
        else:
            place = state
            for key in path:
                place = place[key]
            with_metadata(place, encoded)
    return state


def with_metadata(state_dict: Any, encoded: Any) -> Any:
    if encoded is None or not isinstance(state_dict, collections.OrderedDict):
        return state_dict
    metadata: collections.OrderedDict[str, Any] = collections.OrderedDict()
    pairs = encoded if isinstance(encoded, list) else expand(encoded, "")
    for name, value in pairs:
        if len(metadata) >= MOST_ENTRIES:
            raise ValueError(f"a state dict has metadata for more than {MOST_ENTRIES} modules")
        metadata[name] = decode(value)
    state_dict._metadata = metadata  # type: ignore[attr-defined]
    return state_dict


def decode(encoded: Any) -> Any:
    """The value of JSON that json.loads() has read."""
    return _json.from_text(json.dumps(encoded).encode())
