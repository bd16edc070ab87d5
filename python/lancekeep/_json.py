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
from collections.abc import Callable
from typing import Any

INT64 = range(-(2**63), 2**63)
FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
NAN_BITS = struct.pack(">d", FLOATS["nan"])
KEY_TYPES = (str, int, float, bool, type(None), bytes)
NUMPY_CODES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
)


class NotKept(TypeError):
    """A value that has no place in a store; the text says what it is."""


def is_torch(value: Any, name: str) -> bool:
    """Whether the value is of this type of torch's, without importing torch."""
    torch = sys.modules.get("torch")
    kind = getattr(torch, name, None)
    return kind is not None and isinstance(value, kind)


def is_numpy(value: Any, name: str) -> bool:
    kind = getattr(sys.modules.get("numpy"), name, None)
    return kind is not None and isinstance(value, kind)


def type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


# --- to text ----------------------------------------------------------------------------------------------------------


def is_key(key: Any) -> bool:
    if type(key) is tuple:
        return all(map(is_key, key))
    return type(key) in KEY_TYPES or is_torch(key, "dtype")


def is_utf8(text: str) -> bool:
    """Whether no surrogate stands alone in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_plain_key(key: Any) -> bool:
    """Whether it can be a key of a JSON object, and be told from the forms with ``$``."""
    return type(key) is str and not key.startswith("$") and is_utf8(key)


def of_dict(kind: type, pairs: list[tuple[Any, Any]]) -> Any:
    """A dict's place in the text; its values are in their places already."""
    if kind is collections.OrderedDict:
        name = "$odict"
    elif kind is collections.Counter:
        name = "$counter"
    elif all(is_plain_key(key) for key, _ in pairs):
        return dict(pairs)
    else:
        name = "$dict"
    return {name: [[of_key(key), value] for key, value in pairs]}


def of_key(key: Any) -> Any:
    return {"$tuple": [of_key(part) for part in key]} if type(key) is tuple else of_scalar(key)


def of_set(items: list[Any]) -> Any:
    """Sorted, for a set has no order: the same set is the same text each time."""
    return {"$set": sorted(items, key=text_of)}


def of_scalar(value: Any) -> Any:
    """What is no container, in its place in the text; raises NotKept."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return value if is_utf8(value) else {"$str": of_bytes(value.encode("utf-8", "surrogatepass"))}
    if kind is int:
        return of_int(value)
    if kind is float:
        return of_float(value)
    if kind in (bytes, bytearray):
        return {f"${kind.__name__}": of_bytes(value)}
    if kind is complex:
        return {"$complex": [of_float(value.real), of_float(value.imag)]}
    if is_numpy(value, "generic"):
        return of_numpy(value)
    for name in ("dtype", "layout"):
        if is_torch(value, name):
            return {f"${name}": str(value).removeprefix("torch.")}
    if is_torch(value, "device"):
        return {"$device": str(value)}
    if is_torch(value, "Size"):
        return {"$size": [int(size) for size in value]}
    raise NotKept(type_name(value))


def of_int(value: int) -> Any:
    if value in INT64:
        return value
    try:
        return {"$int": str(value)}
    except ValueError as error:  # Python's own limit
        raise NotKept(f"an int of {value.bit_length()} bits") from error


def of_float(value: float) -> Any:
    if value != value:
        bits = struct.pack(">d", value)
        return {"$float": "nan" if bits == NAN_BITS else bits.hex()}
    if value in (FLOATS["inf"], FLOATS["-inf"]):
        return {"$float": "inf" if value > 0 else "-inf"}
    return value


def of_bytes(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode()


def of_numpy(value: Any) -> Any:
    if value.dtype.str not in NUMPY_CODES:
        raise NotKept(f"a NumPy scalar of dtype {value.dtype}")
    return {"$numpy": [value.dtype.str, of_bytes(value.tobytes())]}


def text_of(placed: Any) -> bytes:
    """The text of what the functions above made."""
    return json.dumps(placed, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


# --- and back ---------------------------------------------------------------------------------------------------------


def value_of(text: bytes, resolve: Callable[[str, str], Any] | None = None) -> Any:
    """The value that a text stands for; ``resolve(tag, name)`` gives what ``$row`` or ``$ndarray`` of a tree means."""

    def build(pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) == 1 and pairs[0][0].startswith("$"):
            return tagged(*pairs[0], resolve)
        return dict(pairs)

    return json.loads(text, object_pairs_hook=build)


def tagged(tag: str, content: Any, resolve: Callable[[str, str], Any] | None) -> Any:
    if tag in ("$row", "$ndarray") and resolve is not None:
        return resolve(tag, content)
    if tag in BUILDERS:
        return BUILDERS[tag](content)
    raise ValueError(f"a value of the kind {tag!r}, which this version of Lancekeep does not know")


def to_float(text: str) -> float:
    if text in FLOATS:
        return FLOATS[text]
    number: float = struct.unpack(">d", bytes.fromhex(text))[0]
    return number


def to_torch(name: str, kind: str) -> Any:
    """One of torch's constants: a dtype, a layout."""
    import torch

    found = getattr(torch, name, None)
    if not isinstance(found, getattr(torch, kind)):
        raise ValueError(f"torch has no {kind} {name!r}")
    return found


def to_torch_made(kind: str, content: Any) -> Any:
    import torch

    return getattr(torch, kind)(content)


def to_numpy(content: list[str]) -> Any:
    import numpy

    code, data = content
    if code not in NUMPY_CODES:
        raise ValueError(f"a NumPy scalar of dtype {code!r}")
    return numpy.frombuffer(base64.b64decode(data), dtype=code, count=1)[0]


BUILDERS: dict[str, Callable[[Any], Any]] = {
    "$int": int,
    "$float": to_float,
    "$complex": lambda parts: complex(*parts),
    "$str": lambda text: base64.b64decode(text).decode("utf-8", "surrogatepass"),
    "$bytes": base64.b64decode,
    "$bytearray": lambda text: bytearray(base64.b64decode(text)),
    "$tuple": tuple,
    "$set": set,
    "$dict": lambda pairs: {key: value for key, value in pairs},
    "$odict": collections.OrderedDict,
    "$counter": lambda pairs: collections.Counter({key: value for key, value in pairs}),
    "$size": lambda sizes: to_torch_made("Size", sizes),
    "$dtype": lambda name: to_torch(name, "dtype"),
    "$layout": lambda name: to_torch(name, "layout"),
    "$device": lambda name: to_torch_made("device", name),
    "$numpy": to_numpy,
}
