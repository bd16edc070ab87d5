# SPDX-License-Identifier: Apache-2.0
"""Values that are not tensors, as JSON text and back: the contents of a ``json`` row.

What JSON can express is plain JSON: null, true, false, numbers, text, arrays for lists, objects for dicts with text keys.
Anything else is an object with a single key that starts with ``$``, its tag; docs/format/tensors.md lists the tags.
A float always has a point or an exponent, so that it is read back as a float.
"""

from __future__ import annotations

import base64
import collections
import json
import struct
from collections.abc import Callable
from typing import Any

from ._framework import is_numpy, is_torch

INT64 = range(-(2**63), 2**63)
FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
NAN_BITS = struct.pack(">d", FLOATS["nan"])
KEY_TYPES = (str, int, float, bool, type(None), bytes)
NUMPY_CODES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
)


class UnsupportedValue(TypeError):
    """A value that cannot be stored. The text is its type."""


def type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


# --- encode -----------------------------------------------------------------------------------------------------------


def is_key(key: Any) -> bool:
    """Whether a dict with this key can be stored."""
    if type(key) is tuple:
        return all(map(is_key, key))
    return type(key) in KEY_TYPES or is_torch(key, "dtype")


def is_utf8(text: str) -> bool:
    """Whether the text has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_plain_key(key: Any) -> bool:
    """Whether the key can be a key of a JSON object, and cannot be mistaken for a tag."""
    return type(key) is str and not key.startswith("$") and is_utf8(key)


def encode_dict(kind: type, pairs: list[tuple[Any, Any]]) -> Any:
    """Encodes a dict of the given class, given its keys and its encoded values."""
    if kind is collections.OrderedDict:
        name = "$odict"
    elif kind is collections.Counter:
        name = "$counter"
    elif all(is_plain_key(key) for key, _ in pairs):
        return dict(pairs)
    else:
        name = "$dict"
    return {name: [[encode_key(key), value] for key, value in pairs]}


def encode_key(key: Any) -> Any:
    return {"$tuple": [encode_key(part) for part in key]} if type(key) is tuple else encode_scalar(key)


def encode_set(items: list[Any]) -> Any:
    """Encodes a set, given its encoded items. They are sorted, so that equal sets have the same text."""
    return {"$set": sorted(items, key=to_text)}


def encode_scalar(value: Any) -> Any:
    """Encodes a value that is not a container. Raises UnsupportedValue."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return value if is_utf8(value) else {"$str": encode_bytes(value.encode("utf-8", "surrogatepass"))}
    if kind is int:
        return encode_int(value)
    if kind is float:
        return encode_float(value)
    if kind in (bytes, bytearray):
        return {f"${kind.__name__}": encode_bytes(value)}
    if kind is complex:
        return {"$complex": [encode_float(value.real), encode_float(value.imag)]}
    if is_numpy(value, "generic"):
        return encode_numpy(value)
    for name in ("dtype", "layout"):
        if is_torch(value, name):
            return {f"${name}": str(value).removeprefix("torch.")}
    if is_torch(value, "device"):
        return {"$device": str(value)}
    if is_torch(value, "Size"):
        return {"$size": [int(size) for size in value]}
    raise UnsupportedValue(type_name(value))


def encode_int(value: int) -> Any:
    if value in INT64:
        return value
    try:
        return {"$int": str(value)}
    except ValueError as error:  # Python limits how many digits str() writes
        raise UnsupportedValue(f"an int of {value.bit_length()} bits") from error


def encode_float(value: float) -> Any:
    if value != value:
        bits = struct.pack(">d", value)
        return {"$float": "nan" if bits == NAN_BITS else bits.hex()}
    if value in (FLOATS["inf"], FLOATS["-inf"]):
        return {"$float": "inf" if value > 0 else "-inf"}
    return value


def encode_bytes(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode()


def encode_numpy(value: Any) -> Any:
    if value.dtype.str not in NUMPY_CODES:
        raise UnsupportedValue(f"a NumPy scalar of dtype {value.dtype}")
    return {"$numpy": [value.dtype.str, encode_bytes(value.tobytes())]}


def to_text(encoded: Any) -> bytes:
    """The text of a value that the functions above have encoded."""
    return json.dumps(encoded, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


# --- decode -----------------------------------------------------------------------------------------------------------


def from_text(text: bytes, resolve: Callable[[str, str], Any] | None = None) -> Any:
    """Decodes a text. ``resolve(tag, name)`` returns the value of a ``$row`` or ``$ndarray`` in a tree."""

    def build(pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) == 1 and pairs[0][0].startswith("$"):
            return decode_tagged(*pairs[0], resolve)
        return dict(pairs)

    return json.loads(text, object_pairs_hook=build)


def decode_tagged(tag: str, content: Any, resolve: Callable[[str, str], Any] | None) -> Any:
    if tag in ("$row", "$ndarray") and resolve is not None:
        return resolve(tag, content)
    if tag in DECODERS:
        return DECODERS[tag](content)
    raise ValueError(f"unknown tag {tag!r}; a newer version of Lancekeep may have written it")


def decode_float(text: str) -> float:
    if text in FLOATS:
        return FLOATS[text]
    number: float = struct.unpack(">d", bytes.fromhex(text))[0]
    return number


def torch_constant(name: str, kind: str) -> Any:
    """The constant ``name`` of torch, which must be a ``kind``: a dtype or a layout."""
    import torch

    found = getattr(torch, name, None)
    if not isinstance(found, getattr(torch, kind)):
        raise ValueError(f"torch has no {kind} {name!r}")
    return found


def make_torch(kind: str, content: Any) -> Any:
    """An instance of torch's class ``kind``."""
    import torch

    return getattr(torch, kind)(content)


def decode_numpy(content: list[str]) -> Any:
    import numpy

    code, data = content
    if code not in NUMPY_CODES:
        raise ValueError(f"a NumPy scalar of dtype {code!r}")
    return numpy.frombuffer(base64.b64decode(data), dtype=code, count=1)[0]


DECODERS: dict[str, Callable[[Any], Any]] = {
    "$int": int,
    "$float": decode_float,
    "$complex": lambda parts: complex(*parts),
    "$str": lambda text: base64.b64decode(text).decode("utf-8", "surrogatepass"),
    "$bytes": base64.b64decode,
    "$bytearray": lambda text: bytearray(base64.b64decode(text)),
    "$tuple": tuple,
    "$set": set,
    "$dict": lambda pairs: {key: value for key, value in pairs},
    "$odict": collections.OrderedDict,
    "$counter": lambda pairs: collections.Counter({key: value for key, value in pairs}),
    "$size": lambda sizes: make_torch("Size", sizes),
    "$dtype": lambda name: torch_constant(name, "dtype"),
    "$layout": lambda name: torch_constant(name, "layout"),
    "$device": lambda name: make_torch("device", name),
    "$numpy": decode_numpy,
}
