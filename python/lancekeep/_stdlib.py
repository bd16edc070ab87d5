# SPDX-License-Identifier: Apache-2.0
"""Values of Python's standard library as JSON and back: paths, dates, ranges, exact numbers, types.

They are data in all but name: loading them back needs no class of the user's. Each class has a tag of its own;
docs/format/tensors.md lists them. Only exact classes are encoded here: an instance of a subclass has a plain form
(_plain.py).
"""

from __future__ import annotations

import base64
import collections
import datetime
import decimal
import fractions
import io
import os
import pathlib
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

Encode = Callable[[Any], Any]

PATHS: dict[str, type[pathlib.PurePath]] = {
    kind.__name__: kind
    for kind in (pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath)
}
# Classes that a `$type`, or the factory of a defaultdict, can name.
TYPES: dict[str, type] = {
    kind.__name__: kind for kind in (list, dict, set, tuple, int, float, str, bool, bytes, complex, frozenset)
} | {
    f"collections.{kind.__name__}": kind for kind in (collections.OrderedDict, collections.Counter, collections.deque)
}
TYPE_NAMES = {kind: name for name, kind in TYPES.items()}


def is_named(value: Any) -> bool:
    """Whether a value is one of the classes in TYPES."""
    return any(value is kind for kind in TYPE_NAMES)


def factory_name(factory: Any) -> str | None:
    """What the JSON of a defaultdict has for its factory. Raises KeyError for one that has no name."""
    return None if factory is None else TYPE_NAMES[factory]


def encode(value: Any, encode_part: Encode) -> Any:
    """The JSON of a value of one of these classes; None for any other. ``encode_part`` encodes the values inside."""
    encoder = ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value, encode_part)
    if is_named(value):
        return {"$type": TYPE_NAMES[value]}
    return {"$constant": "Ellipsis"} if value is ... else None


def is_fixed(zone: datetime.tzinfo | None) -> bool:
    """Whether a time with this zone is written with its offset from UTC, and nothing is lost."""
    if type(zone) is not datetime.timezone:
        return zone is None
    return zone.tzname(None) == datetime.timezone(zone.utcoffset(None)).tzname(None)  # not a name of its own


def is_kept_zone(zone: datetime.tzinfo | None) -> bool:
    return is_fixed(zone) or (type(zone) is zoneinfo.ZoneInfo and zone.key is not None)


def encode_time(value: Any, encode_part: Encode) -> Any:
    tag = f"${type(value).__name__}"
    if type(value.tzinfo) is zoneinfo.ZoneInfo:
        return {tag: [value.replace(tzinfo=None, fold=0).isoformat(), value.tzinfo.key, value.fold]}
    if value.fold and value.tzinfo is None:
        return {tag: [value.replace(fold=0).isoformat(), None, value.fold]}
    return {tag: value.isoformat()}


def decode_time(kind: Any, content: Any) -> Any:
    if isinstance(content, str):
        return kind.fromisoformat(content)
    text, zone, fold = content
    return kind.fromisoformat(text).replace(tzinfo=None if zone is None else zoneinfo.ZoneInfo(zone), fold=fold)


def decode_path(content: list[str]) -> pathlib.PurePath:
    kind, text = content
    if kind == "WindowsPath" and os.name != "nt":
        kind = "PureWindowsPath"  # Python can make a concrete path only of its own system
    if kind == "PosixPath" and os.name == "nt":
        kind = "PurePosixPath"
    return PATHS[kind](text)


def decode_type(name: str) -> Any:
    if not name.startswith("numpy."):
        return TYPES[name]
    import numpy

    found = getattr(numpy, name.removeprefix("numpy."), None)
    if not (isinstance(found, type) and issubclass(found, numpy.generic)):
        raise ValueError(f"NumPy has no scalar type {name!r}")
    return found


def decode_constant(name: str) -> Any:
    if name != "Ellipsis":
        raise ValueError(f"unknown constant {name!r}")
    return ...


ENCODERS: dict[type, Callable[[Any, Encode], Any]] = {
    range: lambda value, part: {"$range": [part(value.start), part(value.stop), part(value.step)]},
    slice: lambda value, part: {"$slice": [part(value.start), part(value.stop), part(value.step)]},
    datetime.date: lambda value, part: {"$date": value.isoformat()},
    datetime.time: encode_time,
    datetime.datetime: encode_time,
    datetime.timedelta: lambda value, part: {"$timedelta": [value.days, value.seconds, value.microseconds]},
    decimal.Decimal: lambda value, part: {"$decimal": str(value)},
    fractions.Fraction: lambda value, part: {"$fraction": [part(value.numerator), part(value.denominator)]},
    uuid.UUID: lambda value, part: {"$uuid": str(value)},
    io.BytesIO: lambda value, part: {"$bytesio": base64.b64encode(value.getvalue()).decode()},  # the extra state of some modules
    **{kind: lambda value, part: {"$path": [type(value).__name__, part(str(value))]} for kind in PATHS.values()},
}

DECODERS: dict[str, Callable[[Any], Any]] = {
    "$range": lambda parts: range(*parts),
    "$slice": lambda parts: slice(*parts),
    "$date": datetime.date.fromisoformat,
    "$time": lambda content: decode_time(datetime.time, content),
    "$datetime": lambda content: decode_time(datetime.datetime, content),
    "$timedelta": lambda parts: datetime.timedelta(*parts),
    "$decimal": decimal.Decimal,
    "$fraction": lambda parts: fractions.Fraction(*parts),
    "$uuid": uuid.UUID,
    "$path": decode_path,
    "$bytesio": lambda text: io.BytesIO(base64.b64decode(text)),
    "$type": decode_type,
    "$constant": decode_constant,
    "$frozenset": frozenset,
    "$deque": lambda content: collections.deque(content[0], content[1]),
    "$defaultdict": lambda content: collections.defaultdict(
        None if content[0] is None else TYPES[content[0]], {key: value for key, value in content[1]}
    ),
}
