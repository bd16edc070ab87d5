# SPDX-License-Identifier: Apache-2.0
"""The legacy form of torch.save before 1.6: five pickles and the storages, with false claims in each of them."""

from hostile_case import TOO_MUCH, case, u64
from pickles import SYSTEM, dict_of, number, storage, tensor, text, tuple_of, whole
from zips import STORAGE

MAGIC = whole(b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")
VERSION = whole(b"M\xe9\3")
MACHINE = whole(dict_of(("little_endian", b"\x88")))
OBJECT = whole(dict_of(("a", tensor(more=(b"N",)))))
KEYS = whole(b"](" + text("0") + b"e")
STORAGES = u64(6) + STORAGE


def of(magic=MAGIC, version=VERSION, machine=MACHINE, object_=OBJECT, keys=KEYS, storages=STORAGES) -> bytes:
    return magic + version + machine + object_ + keys + storages


def object_of(*more: bytes, **how) -> bytes:
    return whole(dict_of(("a", tensor(storage(more=more, **how)))))


SHORT = r"pickle|ends|needs|cut short|has only"
PARTS = ("magic", "version", "machine", "object_", "keys")
LIES = {
    "the magic number alone": (SHORT, MAGIC),
    "the magic number cut short": (SHORT, MAGIC[:6]),
    "another magic number": (r"magic|no.* torch\.save", of(magic=MAGIC.replace(b"\x6c", b"\x6d"))),
    "an int for the magic number": (r"magic", of(magic=whole(b"K\1"))),
    "a dict for the magic number": (r"magic", of(magic=whole(b"}"))),
    "protocol version 1002": (r"1002", of(version=whole(b"M\xea\3"))),
    "a text for the protocol version": (r"protocol version", of(version=whole(text("1001")))),
    "a big-endian machine": (r"little-endian", of(machine=whole(dict_of(("little_endian", b"\x89"))))),
    "a machine that is a list": (r"not a dict", of(machine=whole(b"]"))),
    "a machine of no endianness": (r"little-endian", of(machine=whole(b"}"))),
    "no object": (SHORT, MAGIC + VERSION + MACHINE),
    "no storage keys": (SHORT, MAGIC + VERSION + MACHINE + OBJECT),
    "no storages": (SHORT + "|storage", of(storages=b"")),
    "storages cut short": (r"cut short|ends after", of(storages=STORAGES[:-1])),
    "bytes after the storages": (r"follow the last storage", of(storages=STORAGES + b"x")),
    "a storage that is longer": (r"has 7 elements", of(storages=u64(7) + STORAGE)),
    "a storage that is shorter": (r"has 5 elements", of(storages=u64(5) + STORAGE)),
    "a storage of -1": (r"has 18446744073709551615 elements", of(storages=u64((1 << 64) - 1) + STORAGE)),
    "a storage of 2^62": (r"has 4611686018427387904 elements", of(storages=u64(1 << 62) + STORAGE)),
    "both say 2^40": (r"cut short|ends after", of(object_=object_of(b"N", elements=number(1 << 40)), storages=u64(1 << 40) + STORAGE)),
    "keys that are a dict": (r"list of storage keys", of(keys=whole(b"}"))),
    "a key that is a number": (r"list of storage keys", of(keys=whole(b"](K\0e"))),
    "a key that no tensor names": (r"`1`, which no tensor uses", of(keys=whole(b"](" + text("0") + text("1") + b"e"))),
    "a key twice": (r"`0`.* twice", of(keys=whole(b"](" + text("0") * 2 + b"e"), storages=STORAGES * 2)),
    "a key that is missing": (r"no storage `0`", of(keys=whole(b"]"), storages=b"")),
    "one storage of two sizes": (r"here and .* elsewhere", of(object_=whole(dict_of(("a", tensor(more=(b"N",))), ("b", tensor(storage(elements=number(5), more=(b"N",)))))))),
    "a view past its storage": (r"view into storage", of(object_=object_of(tuple_of(text("v"), number(3), number(4))))),
    "a view smaller than its tensor": (r"past the 20 bytes", of(object_=object_of(tuple_of(text("v"), number(1), number(5))))),
    "a view of a negative size": (r"view into storage", of(object_=object_of(tuple_of(text("v"), number(0), number(-1))))),
    "a view that wraps": (r"view into storage", of(object_=object_of(tuple_of(text("v"), number(1 << 62), number(1 << 62))))),
    **{f"os.system in the {part.strip('_')}": (r"`os\.system`", of(**{part: whole(SYSTEM)})) for part in PARTS},
    **{f"a FRAME of 2^64-1 in the {part.strip('_')}": (SHORT + "|frame", of(**{part: whole(b"\x95" + u64((1 << 64) - 1))})) for part in PARTS},
    **{f"millions of values in the {part.strip('_')}": (TOO_MUCH, lambda part=part: of(**{part: whole(b"N" + b"2" * 12_000_000)})) for part in PARTS},
    "millions of keys": (TOO_MUCH + "|no tensor uses", lambda: of(keys=whole(b"](" + text("1") * 3_000_000 + b"e"))),
    "an object of 80 MB without an end": (TOO_MUCH + "|STOP", lambda: MAGIC + VERSION + MACHINE + b"\x80\2" + b"N0" * (40 << 20)),
    "a key of 48 MiB": (TOO_MUCH, lambda: of(object_=whole(dict_of(("k" * (48 << 20), tensor(more=(b"N",))))))),
}  # fmt: skip

CASES = [case(f"legacy: {name}", says, content) for name, (says, content) in LIES.items()]
