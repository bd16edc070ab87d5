# SPDX-License-Identifier: Apache-2.0
"""Values that are not tensors, as JSON text and back: the contents of a ``json`` row.

What JSON can express is plain JSON: null, true, false, numbers, text, arrays for lists, objects for dicts with text keys.
Anything else is an object with a single key that starts with ``$``, its tag; docs/format/tensors.md lists the tags.
A float always has a point or an exponent, so that it is read back as a float.
"""

from __future__ import annotations

import base64
import collections
import functools
import json
import re
import struct
import sys
from collections.abc import Callable
from typing import Any

from . import _stdlib
from ._framework import is_numpy, is_torch

INT64 = range(-(2**63), 2**63)
FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
NAN_BITS = struct.pack(">d", FLOATS["nan"])
TORCH_CONSTANTS = ("dtype", "layout", "memory_format", "qscheme")
NUMPY_CODES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
)
# Codes of NumPy's text, bytes, dates and durations.
NUMPY_SIZED = re.compile(r"<U\d+|\|S\d+|<[Mm]8(\[\d*[A-Za-zμ]+\])?")


class UnsupportedValue(TypeError):
    """A value that cannot be stored. The text says what it is, and what to keep instead if there is something.

    ``instead`` is what ``objects="skip"`` keeps of it, if not None.
    """

    def __init__(self, what: str, instead: Any = None) -> None:
        super().__init__(what)
        self.instead = instead


def type_name(value: Any) -> str:
    return class_name(type(value))


def class_name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


# --- encode -----------------------------------------------------------------------------------------------------------


def is_utf8(text: str) -> bool:
    """Whether the text has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_plain_key(key: Any) -> bool:
    """Whether the key can be a key of a JSON object, and cannot be mistaken for a tag."""
    return type(key) is str and not key.startswith("$") and is_utf8(key)


def encode_dict(value: dict[Any, Any], pairs: list[tuple[Any, Any]]) -> Any:
    """Encodes a dict of one of the classes in _tree.DICTS, given its keys, plain, and its encoded values."""
    kind = type(value)
    if isinstance(value, collections.defaultdict):
        factory = _stdlib.factory_name(value.default_factory)
        return {"$defaultdict": [factory, encode_pairs(pairs)]}
    if kind is collections.OrderedDict:
        return {"$odict": encode_pairs(pairs)}
    if kind is collections.Counter:
        return {"$counter": encode_pairs(pairs)}
    if all(is_plain_key(key) for key, _ in pairs):
        return dict(pairs)
    return {"$dict": encode_pairs(pairs)}


def encode_pairs(pairs: list[tuple[Any, Any]]) -> list[Any]:
    return [[encode_key(key), value] for key, value in pairs]


def encode_key(key: Any) -> Any:
    """Encodes the key of a dict. Raises UnsupportedValue."""
    if type(key) is tuple:
        return {"$tuple": [encode_key(part) for part in key]}
    if type(key) is frozenset:
        return encode_set([encode_key(part) for part in key], "$frozenset")
    return encode_scalar(key)


def encode_set(items: list[Any], tag: str) -> Any:
    """Encodes a set, given its encoded items. They are sorted, so that equal sets have the same text."""
    return {tag: sorted(items, key=to_text)}


def encode_scalar(value: Any) -> Any:
    """Encodes a value that is not a container. Raises UnsupportedValue."""
    kind = type(value)
    if kind in (str, int, float, bool, type(None)):
        return encode_simple(value)
    if kind in (bytes, bytearray):
        return {f"${kind.__name__}": encode_bytes(value)}
    if kind is complex:
        return {"$complex": [encode_float(value.real), encode_float(value.imag)]}
    if is_numpy(value, "generic"):
        return encode_numpy(value)
    encoded = _stdlib.encode(value, encode_scalar)
    if encoded is not None:
        return encoded
    for name in TORCH_CONSTANTS:
        if is_torch(value, name):
            return {f"${name}": str(value).removeprefix("torch.")}
    if is_torch(value, "device"):
        return {"$device": str(value)}
    if is_torch(value, "Size"):
        return {"$size": [int(size) for size in value]}
    if is_numpy(value, "dtype"):
        return {"$numpy_dtype": numpy_code(value)}
    if isinstance(value, type) and is_numpy_scalar_type(value):
        return {"$type": f"numpy.{value.__name__}"}
    raise UnsupportedValue(f"the class {class_name(value)}; keep its name" if isinstance(value, type) else type_name(value))


def encode_simple(value: Any) -> Any:
    """Encodes a str, an int, a float, a bool or None. Raises UnsupportedValue."""
    kind = type(value)
    if kind is str:
        return value if is_utf8(value) else {"$str": encode_bytes(value.encode("utf-8", "surrogatepass"))}
    if kind is int:
        return encode_int(value)
    return encode_float(value) if kind is float else value


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
    return {"$numpy": [numpy_code(value.dtype), encode_bytes(value.tobytes())]}


def numpy_code(dtype: Any) -> str:
    """The text of a NumPy dtype: its code, or its name if it is one of ml_dtypes. Raises UnsupportedValue."""
    from ._numpy import EXTENDED

    if dtype.name in EXTENDED:
        return str(dtype.name)
    code = str(dtype.str)
    if code not in NUMPY_CODES and not NUMPY_SIZED.fullmatch(code):
        raise UnsupportedValue(f"a NumPy value of dtype {dtype}; keep its item() or its tolist()")
    return code


def numpy_dtype(code: str) -> Any:
    """The dtype of a text that numpy_code() returned."""
    from ._numpy import EXTENDED, dtype_of

    if code in EXTENDED:
        return dtype_of(code, "a NumPy value")
    if code not in NUMPY_CODES and not NUMPY_SIZED.fullmatch(code):
        raise ValueError(f"a NumPy value of dtype {code!r}")
    import numpy

    return numpy.dtype(code)


def is_numpy_scalar_type(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, numpy.generic) and getattr(numpy, kind.__name__, None) is kind


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
    code, text = content
    dtype, data = numpy_dtype(code), base64.b64decode(text)
    if dtype.itemsize == 0:
        return dtype.type()  # an empty text
    import numpy

    return numpy.frombuffer(data, dtype=dtype, count=1)[0]


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
    **{f"${kind}": functools.partial(torch_constant, kind=kind) for kind in TORCH_CONSTANTS},
    "$device": lambda name: make_torch("device", name),
    "$numpy": decode_numpy,
    "$numpy_dtype": numpy_dtype,
    **_stdlib.DECODERS,
}
