# SPDX-License-Identifier: Apache-2.0
"""Plain forms: what is kept of a value whose class loading would not have.

A namedtuple is kept as a tuple, a member of an Enum as its value, an AttributeDict as a dict, a dataclass as a dict of its
fields. What loading returns then is of another class, which the notes of the save say. A value without a plain form cannot
be kept; the reason names the call that gives one.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _stdlib
from ._framework import is_array, is_numpy, is_tensor, is_torch
from ._json import UnsupportedValue, type_name

DICTS = (dict, collections.OrderedDict, collections.Counter, collections.defaultdict)
CONTAINERS = (*DICTS, list, tuple, set, frozenset, collections.deque)
# Values of these classes are kept as what they are. That of a defaultdict depends on its factory.
EXACT = frozenset(
    {*CONTAINERS, str, int, float, bool, type(None), bytes, bytearray, complex, *_stdlib.ENCODERS}
    - {collections.defaultdict, datetime.datetime, datetime.time}
)
MOST_STEPS = 8  # an Enum's value may have a plain form of its own, and so on


def plain_form(value: Any) -> Any:
    """The value itself if it is kept as what it is, else its plain form. Raises UnsupportedValue if it has none."""
    for _ in range(MOST_STEPS):
        if is_kept(value):
            return value
        try:
            value = simplified(value)
        except UnsupportedValue:
            raise
        except Exception as error:  # noqa: BLE001 - the user's class may raise anything
            raise UnsupportedValue(f"{type_name(value)}, which cannot be read: {first_line(error)}") from error
    raise UnsupportedValue(type_name(value))


def is_kept(value: Any) -> bool:
    """Whether a value is kept as what it is, or is for the encoders to refuse."""
    kind = type(value)
    if kind in EXACT or is_tensor(value) or is_array(value) or is_numpy(value, "generic"):
        return True
    if kind is collections.defaultdict:
        return value.default_factory is None or _stdlib.is_named(value.default_factory)
    if kind in (datetime.datetime, datetime.time):
        return _stdlib.is_kept_zone(value.tzinfo)
    if value is ... or isinstance(value, type) or is_numpy(value, "dtype"):
        return True
    return any(is_torch(value, name) for name in ("dtype", "layout", "memory_format", "qscheme", "device", "Size"))


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def label(value: Any) -> str:
    """What a note calls a value that has a plain form."""
    if type(value) is collections.defaultdict:
        return f"a defaultdict with the factory {getattr(value.default_factory, '__qualname__', value.default_factory)}"
    if type(value) in (datetime.datetime, datetime.time):
        return f"a {type(value).__name__} with a time zone of {type_name(value.tzinfo)}"
    return type_name(value)


def simplified(value: Any) -> Any:
    """One step towards the plain form."""
    if isinstance(value, enum.Enum):
        return value.value
    if type(value) in (datetime.datetime, datetime.time):
        return value.replace(tzinfo=datetime.timezone(value.utcoffset()) if value.utcoffset() is not None else None)
    for kind, make in BASES.items():
        if isinstance(value, kind):
            return make(value)
    refuse_objects(value)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(type(value), "__attrs_attrs__"):
        return {field.name: getattr(value, field.name) for field in type(value).__attrs_attrs__}
    if isinstance(value, Mapping):
        return dict(value.items())
    if isinstance(value, collections.UserString):
        return str(value)
    if isinstance(value, SEQUENCES) and not isinstance(value, memoryview):
        items: list[Any] = [*value]
        return items
    if hasattr(type(value), "__dlpack__"):
        return array_of(value)
    raise UnsupportedValue(type_name(value))


SEQUENCES: tuple[Any, ...] = (Sequence, type({}.keys()), type({}.values()), type({}.items()))

# For each base class, how an instance of a subclass becomes one of the class itself, without asking the subclass.
BASES: dict[type, Callable[[Any], Any]] = {
    collections.Counter: lambda value: collections.Counter(dict(dict.items(value))),
    collections.OrderedDict: lambda value: collections.OrderedDict(collections.OrderedDict.items(value)),
    dict: lambda value: dict(dict.items(value)),  # also of a defaultdict
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    collections.deque: lambda value: collections.deque(collections.deque.__iter__(value), value.maxlen),
    str: str.__str__,
    bytes: lambda value: bytes(memoryview(value)),
    bytearray: lambda value: bytearray(memoryview(value)),
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    datetime.datetime: lambda value: datetime.datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo,
        fold=value.fold,
    ),
    datetime.date: lambda value: datetime.date(value.year, value.month, value.day),
    datetime.timedelta: lambda value: datetime.timedelta(value.days, value.seconds, value.microseconds),
}


def array_of(value: Any) -> Any:
    """The NumPy array with the values of an array of another library, such as jax."""
    import numpy

    try:
        array = numpy.asarray(value)
    except Exception as error:  # noqa: BLE001 - the other library's own error
        raise UnsupportedValue(f"{type_name(value)}, of which NumPy cannot make an array: {first_line(error)}") from error
    if array.dtype == object:
        raise UnsupportedValue(f"{type_name(value)}; keep a numpy.ndarray of it")
    return array


def refuse_objects(value: Any) -> None:
    """Raises UnsupportedValue for what has state of its own, with the call that gives it."""
    name = type_name(value)
    if callable(getattr(value, "state_dict", None)):
        raise UnsupportedValue(f"{name}; keep its state_dict()")
    for state in ("get_state", "getstate"):  # of generators of random numbers
        if callable(getattr(value, state, None)):
            raise UnsupportedValue(f"{name}; keep its {state}()")
    if hasattr(value, "bit_generator"):
        raise UnsupportedValue(f"{name}; keep its bit_generator.state")
    if name.endswith("PRNGKeyArray"):
        raise UnsupportedValue(f"{name}; keep its jax.random.key_data()")
    if name in ("argparse.Namespace", "types.SimpleNamespace"):
        raise UnsupportedValue(f"{name}; keep its vars(), a dict", dict(vars(value)))
    if name.startswith("pandas."):
        raise UnsupportedValue(f"{name}; keep its to_numpy(), or its to_dict()")
    if hasattr(value, "__next__"):
        raise UnsupportedValue(f"{name}, which can be read only once; keep a list, or a dict, of what it gives")
    if "Storage" in name and name.startswith("torch."):
        raise UnsupportedValue(f"{name}; keep a tensor of it")
    if callable(value) and not dataclasses.is_dataclass(value):
        raise UnsupportedValue(f"{name}; keep its name" if hasattr(value, "__name__") else name)
