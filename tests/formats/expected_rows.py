# SPDX-License-Identifier: Apache-2.0
"""The rows that an object of torch.save must give, computed from the object itself.

docs/format/tensors.md defines the rules. This is a third implementation of them, on purpose: beside the library and the
Python package, it shares no code with either, so that tests can compare the library with it:
`expected_rows(torch.load(path, weights_only=True))`.
"""

import base64
import builtins
import collections
import datetime
import decimal
import fractions
import json
import math
import pathlib
import struct
import uuid

import numpy as np
import torch

Row = tuple[str, str, list[int], bytes, str | None]

QUIET_NAN = 0x7FF8_0000_0000_0000


def bytes_of(tensor: torch.Tensor) -> bytes:
    """The row-major bytes, even for dtypes without a copy kernel."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.numel() == 0:
        return b""
    plain = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}
    stored = torch.empty(0, dtype=plain[tensor.element_size()]).set_(
        tensor.untyped_storage(), tensor.storage_offset(), tensor.shape, tensor.stride()
    )
    return stored.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def identity(value: object) -> tuple:
    """A key that is equal for two names of one tensor."""
    if isinstance(value, np.ndarray):
        return (id(value),)
    return (
        value.untyped_storage().data_ptr(), value.storage_offset(), value.dtype, tuple(value.shape), value.stride(),
        value.is_conj(), value.is_neg(),
    )  # fmt: skip


def is_row_of_numbers(value: object) -> bool:
    return isinstance(value, (torch.Tensor, np.ndarray))


def holds_numbers(value: object) -> bool:
    """Whether a tensor or an array is anywhere inside."""
    if is_row_of_numbers(value):
        return True
    if isinstance(value, dict):
        return any(holds_numbers(item) for item in value.values())
    return isinstance(value, (list, tuple, collections.deque)) and any(holds_numbers(item) for item in value)


def is_descended(value: object) -> bool:
    return not is_row_of_numbers(value) and holds_numbers(value)


def text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return tagged("$str", base64_text(value.encode("utf-8", "surrogatepass")))
    return json.dumps(value, ensure_ascii=False)


def base64_text(value: bytes) -> str:
    return json.dumps(base64.b64encode(value).decode())


def real(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    plain = math.isinf(value) or bits == QUIET_NAN
    return tagged("$float", json.dumps(str(value) if plain else f"{bits:016x}"))


def tagged(tag: str, content: str) -> str:
    return f"{json.dumps(tag)}:{content}".join("{}")


def array(items: list[str]) -> str:
    return ",".join(items).join("[]")


def pairs(keys: list, values: list[str]) -> str:
    return array([array([json_of(key), value]) for key, value in zip(keys, values, strict=True)])


def is_plain_key(key: object) -> bool:
    return isinstance(key, str) and not key.startswith("$") and text(key).startswith('"')


FACTORIES = (dict, list, set, tuple, int, float, str, bool, bytes, complex, frozenset)


def json_of_dict(value: dict, values: list[str]) -> str:
    """`values` are the JSON texts of the dict's values."""
    keys = list(value)
    if isinstance(value, collections.defaultdict):
        factory = value.default_factory
        if factory is None or factory in FACTORIES:
            name = "null" if factory is None else json.dumps(factory.__name__)
            return tagged("$defaultdict", array([name, pairs(keys, values)]))
    if isinstance(value, collections.OrderedDict):
        return tagged("$odict", pairs(keys, values))
    if isinstance(value, collections.Counter):
        return tagged("$counter", pairs(keys, values))
    if all(is_plain_key(key) for key in keys):
        return ",".join(f"{text(key)}:{item}" for key, item in zip(keys, values, strict=True)).join("{}")
    return tagged("$dict", pairs(keys, values))


def json_of(value: object) -> str:  # noqa: C901 - a line for each type
    match value:
        case None:
            return "null"
        case datetime.datetime():
            return tagged("$datetime", json.dumps(value.isoformat()))
        case datetime.date():
            return tagged("$date", json.dumps(value.isoformat()))
        case datetime.time():
            return tagged("$time", json.dumps(value.isoformat()))
        case datetime.timedelta():
            return tagged("$timedelta", json_of([value.days, value.seconds, value.microseconds]))
        case pathlib.PurePath():
            return tagged("$path", json_of([type(value).__name__, str(value)]))
        case range():
            return tagged("$range", json_of([value.start, value.stop, value.step]))
        case slice():
            return tagged("$slice", json_of([value.start, value.stop, value.step]))
        case decimal.Decimal():
            return tagged("$decimal", json.dumps(str(value)))
        case fractions.Fraction():
            return tagged("$fraction", json_of([value.numerator, value.denominator]))
        case uuid.UUID():
            return tagged("$uuid", json.dumps(str(value)))
        case frozenset():
            return tagged("$frozenset", array(sorted((json_of(item) for item in value), key=str.encode)))
        case collections.deque():
            return tagged("$deque", array([json_of(list(value)), json_of(value.maxlen)]))
        case np.dtype():
            return tagged("$numpy_dtype", json.dumps(value.str))
        case type():
            return tagged("$type", json.dumps(value.__name__ if value in FACTORIES else f"numpy.{value.__name__}"))
        case builtins.Ellipsis:  # Python's `...`
            return tagged("$constant", '"Ellipsis"')
        case np.generic():
            return tagged("$numpy", array([json.dumps(value.dtype.str), base64_text(value.tobytes())]))
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if -(2**63) <= value < 2**63 else tagged("$int", json.dumps(str(value)))
        case float():
            return real(value)
        case complex():
            return tagged("$complex", array([real(value.real), real(value.imag)]))
        case str():
            return text(value)
        case bytes():
            return tagged("$bytes", base64_text(value))
        case bytearray():
            return tagged("$bytearray", base64_text(bytes(value)))
        case torch.Size():
            return tagged("$size", array([json_of(item) for item in value]))
        case tuple():
            return tagged("$tuple", array([json_of(item) for item in value]))
        case list():
            return array([json_of(item) for item in value])
        case set():
            return tagged("$set", array(sorted((json_of(item) for item in value), key=str.encode)))
        case dict():
            return json_of_dict(value, [json_of(item) for item in value.values()])
        case torch.dtype():
            return tagged("$dtype", json.dumps(str(value).removeprefix("torch.")))
        case torch.device():
            return tagged("$device", json.dumps(str(value)))
        case torch.layout():
            return tagged("$layout", json.dumps(str(value).removeprefix("torch.")))
    raise TypeError(f"no JSON for {type(value)}")


class Rows:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.names: set[str] = set()
        self.first: dict[tuple, str] = {}
        self.alive: list[object] = []  # keeps the ids unique

    def free_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.names:
            name, number = f"{wanted}#{number}", number + 1
        self.names.add(name)
        return name

    def add_numbers(self, wanted: str, value: object) -> str:
        self.alive.append(value)
        name = self.free_name(wanted)
        if isinstance(value, torch.Tensor):
            dtype, data = str(value.dtype).removeprefix("torch."), bytes_of(value)
        else:
            dtype, data = str(value.dtype), value.tobytes()
        tied_to = self.first.setdefault(identity(value), name) if data else name
        self.rows.append((name, dtype, list(value.shape), data, None if tied_to == name else tied_to))
        tag = "$row" if isinstance(value, torch.Tensor) else "$ndarray"
        return tagged(tag, json.dumps(name, ensure_ascii=False))

    def add_json(self, wanted: str, value: object) -> str:
        name = self.free_name(wanted)
        self.rows.append((name, "json", [], json_of(value).encode(), None))
        return tagged("$row", json.dumps(name, ensure_ascii=False))

    def add(self, path: str | None, value: object) -> str:
        """Adds the rows of `value` and returns its JSON in the tree. The root's path is None."""
        if is_row_of_numbers(value):
            return self.add_numbers("tensor" if path is None else path, value)
        if not is_descended(value):
            return self.add_json("value" if path is None else path, value)
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        inside = [self.add(str(key) if path is None else f"{path}.{key}", item) for key, item in items]
        if isinstance(value, dict):
            return json_of_dict(value, inside)
        if isinstance(value, collections.deque):
            return tagged("$deque", array([array(inside), json_of(value.maxlen)]))
        return array(inside) if isinstance(value, list) else tagged("$tuple", array(inside))


def is_flat(value: object) -> bool:
    is_plain = type(value) in (dict, collections.OrderedDict) and (not value or holds_numbers(value))
    return is_plain and all(
        isinstance(key, str) and not is_descended(item) and not isinstance(item, np.ndarray)
        for key, item in value.items()
    )


def expected_rows(value: object) -> list[Row]:
    """(name, dtype, shape, bytes, tied_to) of every row, in order; `tied_to` is an earlier row's name, or None."""
    rows = Rows()
    if is_flat(value) and not value:
        return []
    tree = rows.add(None, value)
    if not is_flat(value):
        rows.rows.append((rows.free_name("__tree__"), "tree", [], tree.encode(), None))
    return rows.rows
