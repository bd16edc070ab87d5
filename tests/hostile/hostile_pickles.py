# SPDX-License-Identifier: Apache-2.0
"""Pickles of torch files that are broken, or ask for too much memory."""

from hostile_case import TOO_MUCH, case, u32, u64
from pickles import called, dict_of, global_, model, number, numbers, tensor, text, tuple_of, whole
from zips import torch_zip

MILLION = 1_000_000


def pickle(name, says, made):
    """A torch file with this pickle, or with the large pickle that this function makes."""
    content = (lambda: torch_zip(made())) if callable(made) else torch_zip(made)
    return case(f"pickle: {name}", says, content)


def body(name, says, made):
    whole_made = (lambda: whole(made())) if callable(made) else whole(made)
    return pickle(name, says, whole_made)


def put(index: int) -> bytes:
    return b"r" + u32(index)


def get(index: int) -> bytes:
    return b"j" + u32(index)


def laughs(levels: int, empty: bytes, first: bytes, ten) -> bytes:
    """Each level refers ten times to the level before, through the memo."""
    made = first + put(0) + b"0"
    for level in range(levels):
        made += empty + put(level + 1) + ten(get(level)) + b"0"
    return made + get(levels)


def list_laughs() -> bytes:
    return laughs(20, b"]", text("lol"), lambda item: b"(" + item * 10 + b"e")


def tuple_laughs() -> bytes:
    made = text("lol") + put(0) + b"0"
    for level in range(20):
        made += tuple_of(get(level) * 10) + put(level + 1) + b"0"
    return made + get(20)


def dict_laughs(first: bytes) -> bytes:
    def ten(item):
        return b"(" + b"".join(text(f"k{i}") + item for i in range(10)) + b"u"

    return laughs(12, b"}", first, ten)


def long_names() -> bytes:
    """Dicts nested 500 levels deep, a tensor in each, with keys of a MiB: names grow by a MiB per level."""
    key = text("k" * (1 << 20)) + put(0) + b"0"
    level = b"}(" + text("t") + tensor() + get(0)
    return key + level * 500 + b"}" + b"u" * 500


def one_text_often() -> bytes:
    entries = b"".join(text(str(i)) + get(0) for i in range(200_000))
    return text("x" * (1 << 20)) + put(0) + b"0}(" + entries + b"u"


BOMBS = [
    body("a memo of millions by LONG_BINPUT", TOO_MUCH, lambda: b"N" + b"".join(map(put, range(4 * MILLION)))),
    body("a memo of millions by MEMOIZE", TOO_MUCH, lambda: b"N" + b"\x94" * (12 * MILLION)),
    body("millions of values by DUP", TOO_MUCH, lambda: b"N" + b"2" * (12 * MILLION)),
    body("millions of values by BINGET", TOO_MUCH, lambda: b"Nq\0" + b"h\0" * (12 * MILLION)),
    body("millions of marks", TOO_MUCH, lambda: b"(" * (12 * MILLION)),
    body("millions of lists", TOO_MUCH, lambda: b"]" * (12 * MILLION)),
    body("millions of dicts", TOO_MUCH, lambda: b"}" * (12 * MILLION)),
    body("millions of tuples", TOO_MUCH, lambda: b")" * (12 * MILLION)),
    body("millions of tuples of one", TOO_MUCH, lambda: b")" + b"\x85" * (12 * MILLION)),
    body("millions of globals", TOO_MUCH, lambda: global_("torch", "Size") * (2 * MILLION)),
    body("millions of ints in a list", TOO_MUCH, lambda: b"](" + b"K\1" * (9 * MILLION) + b"e"),
    body("a list doubled by APPENDS", TOO_MUCH, lambda: b"]" + (b"(" + b"N" * 1000 + b"e") * 12_000),
    body("pushed and popped without end", r"STOP|has|unsupported|entry|row", lambda: b"N0" * (6 * MILLION)),
    body("billion laughs of lists", TOO_MUCH + r"|entry `a` is a list", dict_of(("a", list_laughs()))),
    body("billion laughs of tuples", TOO_MUCH + r"|entry `a` is a tuple", dict_of(("a", tuple_laughs()))),
    body("billion laughs of dicts", TOO_MUCH + r"|is a dict", dict_laughs(text("lol"))),
    body("billion laughs of dicts of tensors", TOO_MUCH + r"|is a dict", dict_laughs(tensor())),
    body("names that grow with each level", TOO_MUCH + r"|deep|levels|is a dict", long_names),
    body("one text of a MiB 200,000 times", TOO_MUCH + r"|is a str", one_text_often),
    body("a key of 48 MiB", TOO_MUCH, lambda: dict_of(("k" * (48 << 20), tensor()))),
    body("a key of 20,000 bytes", r"the limit is 16384", dict_of(("k" * 20_000, tensor()))),
]

DEPTH = r"deep|levels|nest|memory|more than|entry `a` is"
CYCLE = r"itself|cycle|deep|levels|nest|entry `\w` is"


def deep(opening: bytes, closing: bytes, levels: int):
    return lambda: dict_of(("a", opening * levels + b"N" + closing * levels))


DEEP = [
    body("lists 100,000 deep", DEPTH, deep(b"]", b"a", 100_000)),
    body("lists a million deep", DEPTH, deep(b"]", b"a", MILLION)),
    body("tuples 100,000 deep", DEPTH, deep(b"", b"\x85", 100_000)),
    body("dicts 100,000 deep", DEPTH, deep(b"}" + text("k"), b"s", 100_000)),
    body("dicts with a tensor 100,000 deep", DEPTH, lambda: dict_of(("a", (b"}" + text("k")) * 100_000 + tensor() + b"s" * 100_000))),
    body("pairs of OrderedDict 100,000 deep", DEPTH + "|OrderedDict takes", lambda: dict_of(("a", global_("collections", "OrderedDict") * 100_000 + b"N" + (b"\x85R") * 100_000)) ),
    body("a parameter of parameters 100,000 deep", r"wraps|deep|levels|memory", lambda: dict_of(("a", global_("torch._utils", "_rebuild_parameter") * 100_000 + tensor() + b"\x85R" * 100_000))),
    body("a persistent id within ids 100,000 deep", r"storage|id|deep", lambda: dict_of(("a", b"N" + b"Q" * 100_000))),
    body("a list in itself", CYCLE, dict_of(("a", b"]q\0h\0a"))),
    body("a dict in itself", CYCLE, b"}q\0" + text("a") + b"h\0s"),
    body("a dict in its list", CYCLE, b"}q\0" + text("a") + b"]h\0as"),
    body("a list in a tuple in the list", CYCLE, dict_of(("a", b"]q\0h\0\x85a"))),
    body("an OrderedDict in itself", CYCLE, called(global_("collections", "OrderedDict")) + b"q\0" + text("a") + b"h\0s"),
]  # fmt: skip

SHORT = r"needs \d+ bytes|but .*remain|ends|has only|have only|at most|\d+ bytes|length -"
LENGTHS = [
    body(f"{name} that is longer than the pickle", SHORT, made)
    for name, made in {
        "LONG1": b"\x8a\xff",
        "LONG4 of 2 GiB": b"\x8b\xff\xff\xff\x7f",
        "LONG4 of a negative length": b"\x8b\xff\xff\xff\xff",
        "BINBYTES8 of 2^63": b"\x8e" + u64(1 << 63),
        "BINBYTES8 of 2^64-1": b"\x8e" + u64((1 << 64) - 1),
        "BINBYTES of 4 GiB": b"B" + u32(0xFFFFFFFF),
        "SHORT_BINBYTES": b"C\xff",
        "BINUNICODE of 4 GiB": b"X" + u32(0xFFFFFFFF),
        "BINUNICODE8 of 2^64-1": b"\x8d" + u64((1 << 64) - 1),
        "SHORT_BINUNICODE": b"\x8c\xff",
        "SHORT_BINSTRING": b"U\xff",
        "BINSTRING of a negative length": b"T" + u32(0x80000000),
        "FRAME of 2^64-1": b"\x95" + u64((1 << 64) - 1),
        "FRAME of 2^63": b"\x95" + u64(1 << 63),
        "BINFLOAT": b"G\0",
    }.items()
] + [
    body("an int of 20 MB", r"int of \d+ bytes|memory", lambda: dict_of(("a", b"\x8b" + u32(20 * MILLION) + bytes(20 * MILLION)))),
    body("BYTEARRAY8 of 2^64-1", SHORT + "|BYTEARRAY8", b"\x96" + u64((1 << 64) - 1)),
]  # fmt: skip

BROKEN = [
    pickle("nothing in it", r"opcode|STOP|empty", b""),
    pickle("no STOP", r"STOP", b"\x80\x02}"),
    pickle("STOP alone", r"stack", whole(b"")),
    pickle("bytes after STOP", r"after its STOP", model() + b"N."),
    pickle("protocol 6", r"protocol 6", whole(b"}", protocol=6)),
    pickle("protocol 255", r"protocol 255", whole(b"}", protocol=255)),
    body("POP on nothing", r"POP", b"0"),
    body("DUP of nothing", r"stack is empty", b"2"),
    body("POP_MARK without a mark", r"MARK", b"1"),
    body("TUPLE without a mark", r"MARK", b"t"),
    body("TUPLE3 of two", r"needs 3 values", b"NN\x87"),
    body("SETITEMS of an odd number", r"without a value", b"}(NNNu"),
    body("SETITEMS of an int", r"set items of an int", b"K\1(NNu"),
    body("SETITEM on a list", r"set items of a list", b"]NNs"),
    body("APPEND to a dict", r"to a dict", b"}Na"),
    body("APPENDS to a tuple", r"to a tuple", b")(Ne"),
    body("STOP above a mark", r"stack|MARK", b"(" + dict_of(("a", tensor())) + b"("),
    body("BINGET of what was not put", r"memo at 7", b"h\7"),
    body("LONG_BINGET of what was not put", r"memo at 4294967295", b"j\xff\xff\xff\xff"),
    body("REDUCE of a text", r"must be a global", text("os.system") + b")R"),
    body("REDUCE with a list", r"must be a tuple", global_("collections", "OrderedDict") + b"]R"),
    body("STACK_GLOBAL of ints", r"two short strings", b"K\1K\1\x93"),
    body("BUILD of nothing", r"stack", b"Nb"),
    body("a byte that is not an opcode", r"0xff", b"\xff"),
    body("NEXT_BUFFER", r"NEXT_BUFFER", b"\x97"),
    body("READONLY_BUFFER", r"READONLY_BUFFER", b"N\x98"),
    body("a key that is not UTF-8", r"UTF-8", b"}" + text(b"\xff\xfe") + tensor() + b"s"),
    body("OrderedDict of an int", r"OrderedDict takes", called(global_("collections", "OrderedDict"), b"K\1")),
    body("OrderedDict of ints", r"OrderedDict takes", called(global_("collections", "OrderedDict"), b"](K\1K\2e")),
    body("a Size of a text", r"Size", dict_of(("a", called(global_("torch", "Size"), text("x"))))),
    body("a Size of a Size of texts", r"Size", dict_of(("a", called(global_("torch", "Size"), tuple_of(text("x"), numbers([1])))))),
    body("a call of a storage type", r"FloatStorage", dict_of(("a", called(global_("torch", "FloatStorage"), number(6))))),
    body("a call of a dtype", r"float32", dict_of(("a", called(global_("torch", "float32"))))),
]  # fmt: skip

CASES = BOMBS + DEEP + LENGTHS + BROKEN
