# SPDX-License-Identifier: Apache-2.0
"""Values that are no tensors, as JSON text and back: what a ``json`` row holds.

Plain JSON where JSON has the thing: null, true, false, numbers, text, arrays for lists, objects for dicts whose
keys are text. What it lacks is an object with one key that starts with ``$``; docs/format/tensors.md lists them.
A float always has a point or an exponent, so that it comes back as one.
"""

from __future__ import annotations

import base64
import collections
import json
import struct
import sys
from typing import Any, Callable

INT64 = range(-(2**63), 2**63)
FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
NAN_BITS = struct.pack(">d", FLOATS["nan"])
KEY_TYPES = (str, int, float, bool, type(None))


class NotKept(TypeError):
    """A value that has no place in a store; the text says what it is."""


def is_torch(value: Any, name: str) -> bool:
    """Whether the value is of this type of torch's, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, name))


def is_numpy(value: Any, name: str) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, getattr(numpy, name))


def key_problem(key: Any) -> str | None:
    if type(key) in KEY_TYPES:
        return None
    return f"a key of type {type_name(key)}; keys are str, int, float, bool or None"


def type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def plain_object(pairs: list[tuple[Any, Any]]) -> bool:
    """Whether a dict can be a JSON object as it is."""
    return all(type(key) is str and not key.startswith("$") for key, _ in pairs)


def dict_of(kind: type, pairs: list[tuple[Any, Any]]) -> Any:
    """A dict's place in the text; the values are in their places already."""
    if kind is dict and plain_object(pairs):
        return dict(pairs)
    name = {dict: "$dict", collections.OrderedDict: "$odict", collections.Counter: "$counter"}[kind]
    return {name: [[scalar(key), value] for key, value in pairs]}


def scalar(value: Any) -> Any:
    """What is no container, in its place in the text; raises NotKept."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if value in INT64 else {"$int": str(value)}
    if kind is float:
        return of_float(value)
    if kind in (bytes, bytearray):
        return {f"${kind.__name__}": base64.b64encode(value).decode()}
    if kind is complex:
        return {"$complex": [of_float(value.real), of_float(value.imag)]}
    if is_torch(value, "Size"):
        return {"$size": list(value)}
    if is_torch(value, "dtype"):
        return {"$dtype": str(value).removeprefix("torch.")}
    if is_torch(value, "device"):
        return {"$device": str(value)}
    if is_torch(value, "layout"):
        return {"$layout": str(value).removeprefix("torch.")}
    if is_numpy(value, "generic"):
        if value.dtype.hasobject or value.dtype.names:
            raise NotKept(f"a NumPy scalar of dtype {value.dtype}")
        little = value.dtype.newbyteorder("<")
        return {"$numpy": [little.str, base64.b64encode(value.astype(little).tobytes()).decode()]}
    raise NotKept(type_name(value))


def of_float(value: float) -> Any:
    if value != value:
        bits = struct.pack(">d", value)
        return {"$float": "nan" if bits == NAN_BITS else bits.hex()}
    if value in (FLOATS["inf"], FLOATS["-inf"]):
        return {"$float": "inf" if value > 0 else "-inf"}
    return value


def text_of(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def value_of(text: bytes | memoryview, resolve: Callable[[str, str], Any] | None = None) -> Any:
    """The value that a row's text stands for; ``resolve(tag, name)`` gives what a tree's ``$row`` or ``$ndarray`` means."""

    def build(pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) == 1 and pairs[0][0].startswith("$"):
            return tagged(*pairs[0], resolve)
        return dict(pairs)

    return json.loads(bytes(text), object_pairs_hook=build)


def tagged(tag: str, content: Any, resolve: Callable[[str, str], Any] | None) -> Any:
    if tag in ("$row", "$ndarray") and resolve is not None:
        return resolve(tag, content)
    if tag in BUILDERS:
        return BUILDERS[tag](content)
    raise ValueError(f"a value of the kind {tag!r}, which this version of Lancekeep does not know")


def to_float(text: str) -> float:
    return FLOATS[text] if text in FLOATS else struct.unpack(">d", bytes.fromhex(text))[0]


def to_torch(name: str, kind: str) -> Any:
    import torch

    found = getattr(torch, name, None)
    if not isinstance(found, getattr(torch, kind)):
        raise ValueError(f"torch has no {kind} {name!r}")
    return found


def to_torch_made(kind: str, content: Any) -> Any:
    import torch

    return getattr(torch, kind)(content)


def to_numpy_scalar(content: list[str]) -> Any:
    import numpy

    descr, data = content
    return numpy.frombuffer(base64.b64decode(data), dtype=numpy.dtype(descr), count=1)[0]


BUILDERS: dict[str, Callable[[Any], Any]] = {
    "$int": int,
    "$float": to_float,
    "$complex": lambda parts: complex(*parts),
    "$bytes": base64.b64decode,
    "$bytearray": lambda text: bytearray(base64.b64decode(text)),
    "$tuple": tuple,
    "$set": set,
    "$dict": lambda pairs: {key: value for key, value in pairs},
    "$odict": collections.OrderedDict,
    "$counter": lambda pairs: collections.Counter(dict(map(tuple, pairs))),
    "$size": lambda sizes: to_torch_made("Size", sizes),
    "$dtype": lambda name: to_torch(name, "dtype"),
    "$layout": lambda name: to_torch(name, "layout"),
    "$device": lambda name: to_torch_made("device", name),
    "$numpy": to_numpy_scalar,
}
