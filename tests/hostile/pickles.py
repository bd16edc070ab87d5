# SPDX-License-Identifier: Apache-2.0
"""Pickles built opcode by opcode; `body` is a pickle without PROTO and STOP."""

import struct


def whole(body: bytes, protocol: int = 2) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."


def text(value: str | bytes) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    digits = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(digits)]) + digits


def tuple_of(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def numbers(values) -> bytes:
    return tuple_of(*map(number, values))


def global_(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def stack_global(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


def called(function: bytes, *arguments: bytes) -> bytes:
    return function + tuple_of(*arguments) + b"R"


def dict_of(*pairs: tuple[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in pairs) + b"u"


SYSTEM = global_("os", "system")
ORDERED = global_("collections", "OrderedDict")
FLOATS = global_("torch", "FloatStorage")


def storage(key=text("0"), elements=number(6), type_=FLOATS, kind=text("storage"), more=()) -> bytes:
    return tuple_of(kind, type_, key, text("cpu"), elements, *more) + b"Q"


def tensor(
    storage_=None, offset=number(0), shape=numbers([2, 3]), strides=numbers([3, 1]), hooks=called(ORDERED), **of_storage
) -> bytes:
    rebuild = global_("torch._utils", "_rebuild_tensor_v2")
    id_ = storage(**of_storage) if storage_ is None else storage_
    return called(rebuild, id_, offset, shape, strides, b"\x89", hooks)


def model(value: bytes | None = None) -> bytes:
    """The pickle of a state dict whose only entry is `a`."""
    return whole(dict_of(("a", tensor() if value is None else value)))
