# SPDX-License-Identifier: Apache-2.0
"""Pickles that name forbidden globals, storages and arguments, at every place that can have a name."""

from hostile_pickles import body
from pickles import (ORDERED, SYSTEM, called, dict_of, global_, number, numbers, stack_global, storage, tensor, text,
                     tuple_of)  # fmt: skip

SAYS = r"`os\.system`"
RUN = called(SYSTEM, text("true"))

PLACES = {
    "as the object": SYSTEM,
    "as a value": dict_of(("a", SYSTEM)),
    "beside a tensor": dict_of(("a", tensor()), ("b", SYSTEM)),
    "called": RUN,
    "called as a value": dict_of(("a", RUN)),
    "as a key": b"}" + SYSTEM + tensor() + b"s",
    "called as a key": b"}" + RUN + tensor() + b"s",
    "in a list": dict_of(("a", b"]" + SYSTEM + b"a")),
    "in a tuple": dict_of(("a", SYSTEM + b"\x85")),
    "popped": SYSTEM + b"0" + dict_of(("a", tensor())),
    "popped with a mark": b"(" + SYSTEM + b"1" + dict_of(("a", tensor())),
    "called and popped": RUN + b"0" + dict_of(("a", tensor())),
    "in the memo alone": SYSTEM + b"q\0000" + dict_of(("a", tensor())),
    "by STACK_GLOBAL": stack_global("os", "system"),
    "by STACK_GLOBAL of short texts": b"\x8c\2os\x8c\6system\x93",
    "by STACK_GLOBAL from the memo": text("os") + b"q\0000" + text("system") + b"q\0010h\0h\1\x93",
    "by STACK_GLOBAL of Python 2's strings": b"U\2osU\6system\x93",
    "by STACK_GLOBAL from DUP": text("system") + text("os") + b"q\0000" + b"q\0010h\0h\1\x93",
    "by NEWOBJ": SYSTEM + tuple_of(text("true")) + b"\x81",
    "by NEWOBJ_EX": SYSTEM + tuple_of(text("true")) + b"}\x92",
    "by OBJ": b"(" + SYSTEM + text("true") + b"o",
    "set a state": SYSTEM + b"}b",
    "in the state of an OrderedDict": called(ORDERED) + dict_of(("_metadata", SYSTEM)) + b"b",
    "called in the state of an OrderedDict": called(ORDERED) + RUN + b"b",
    "as a persistent id": SYSTEM + b"Q",
    "in a persistent id": dict_of(("a", tensor(storage(type_=SYSTEM)))),
    "as a storage's key": dict_of(("a", tensor(storage(key=RUN)))),
    "as a storage's size": dict_of(("a", tensor(storage(elements=RUN)))),
    "in the pairs of OrderedDict": called(ORDERED, b"](" + text("a") + SYSTEM + b"\x86e"),
    "as a tensor's storage": dict_of(("a", tensor(RUN))),
    "as a tensor's offset": dict_of(("a", tensor(offset=RUN))),
    "in a tensor's shape": dict_of(("a", tensor(shape=tuple_of(SYSTEM)))),
    "as a tensor's strides": dict_of(("a", tensor(strides=RUN))),
    "as a tensor's hooks": dict_of(("a", tensor(hooks=RUN))),
    "in a Size": dict_of(("a", called(global_("torch", "Size"), tuple_of(SYSTEM)))),
    "in a parameter": dict_of(("a", called(global_("torch._utils", "_rebuild_parameter"), RUN, b"\x88", RUN))),
}
NAMES = [
    ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("__builtin__", "eval"), ("builtins", "getattr"),
    ("builtins", "exec"), ("builtins", "__import__"), ("subprocess", "Popen"), ("functools", "partial"),
    ("operator", "attrgetter"), ("runpy", "_run_code"), ("importlib", "import_module"), ("sys", "exit"),
    ("pickle", "loads"), ("torch", "load"), ("torch.hub", "load"), ("torch.storage", "_load_from_bytes"),
    ("torch.serialization", "load"), ("torch", "os.system"), ("torch", "serialization.os.system"),
    ("torch", "_utils._rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor_v2.__globals__"),
    ("torch._utils._rebuild_tensor_v2", "__call__"), ("collections", "OrderedDict.__init_subclass__"),
    ("collections.OrderedDict", "fromkeys"), ("", "eval"), ("collections", ""), ("torch.nn.modules.linear", "Linear"),
    ("numpy.testing._private.utils", "runstring"), ("webbrowser", "open"), ("socket", "create_connection"),
]  # fmt: skip

CASES = (
    [body(f"os.system {place}", SAYS, made) for place, made in PLACES.items()]
    + [
        body(f"the global {module}.{name} by {how.__name__.strip('_')}", rf"`{module}\.{name}`".replace("..", ".") + ("" if module and name else "|two short strings"), called(how(module, name)))
        for module, name in NAMES
        for how in (global_, stack_global)
    ]
    + [
        body("os.system by INST", SAYS, b"(" + text("true") + b"ios\nsystem\n"),
        body("os.system in the arguments of OrderedDict", r"the global os\.system", called(ORDERED, SYSTEM)),
        body("an object by EXT1", r"EXT1", b"\x82\1"),
        body("an object by EXT2", r"EXT2", b"\x83\1\0"),
        body("an object by EXT4", r"EXT4", b"\x84\1\0\0\0"),
        body("a persistent id by PERSID", r"PERSID", b"P0\n"),
        body("a global's name without an end", r"does not end within", b"c" + b"a" * 5000),
        body("a global with a NUL in its name", r"os\\x00", global_("os\0", "system")),
        body("a global that is not UTF-8", r"\\xff", b"c\xff\xfe\nsystem\n"),
        body("a global with a terminal's escapes", r"\\x1b", global_("os\x1b[2J", "system")),
        body("a global of a MiB", r"names the global|at most|\d+ bytes|two short strings", stack_global("o" * (1 << 20), "s" * (1 << 20))),
    ]
)  # fmt: skip

BIG = 1 << 62
IDS = {
    "is a text": (r"not a storage|id of a storage", b"" + text("0") + b"Q"),
    "is an empty tuple": (r"not a storage", b")Q"),
    "is of a module": (r"not a storage", storage(kind=text("module"))),
    "has four items": (r"4 items", tuple_of(text("storage"), global_("torch", "FloatStorage"), text("0"), text("cpu")) + b"Q"),
    "has seven items": (r"7 items", storage(more=(b"N", b"N"))),
    "has the type torch.Size": (r"Size", storage(type_=global_("torch", "Size"))),
    "has a text for its type": (r"type|storage", storage(type_=text("FloatStorage"))),
    "names a storage that is not there": (r"no storage `1`", storage(key=text("1"))),
    "names a file outside": (r"no storage `\.\./0`", storage(key=text("../0"))),
    "names another entry": (r"no storage `\.\./data\.pkl`", storage(key=text("../data.pkl"))),
    "names it by a number": (r"key|storage", storage(key=number(0))),
    "says fewer elements": (r"has 24 bytes, but the pickle says 20", storage(elements=number(5))),
    "says more elements": (r"has 24 bytes, but the pickle says 28", storage(elements=number(7))),
    "says another type": (r"but the pickle says 48", storage(type_=global_("torch", "DoubleStorage"))),
    "says a negative size": (r"not a byte count", storage(elements=number(-1))),
    "says a size that overflows": (r"not a byte count", storage(elements=number(BIG))),
    "says a size of 200 bits": (r"not a byte count", storage(elements=number(1 << 200))),
    "says its size as a text": (r"not a byte count", storage(elements=text("6"))),
    "has a view that is too long": (r"view into storage", storage(more=(tuple_of(text("v"), number(2), number(5)),))),
    "has a view that starts outside": (r"view into storage", storage(more=(tuple_of(text("v"), number(7), number(0)),))),
    "has a view of a negative start": (r"view into storage", storage(more=(tuple_of(text("v"), number(-1), number(1)),))),
    "has a view that overflows": (r"view into storage", storage(more=(tuple_of(text("v"), number(BIG), number(BIG)),))),
}  # fmt: skip

TENSORS = {
    "reaches past its storage": (r"past the 24 bytes", dict(shape=numbers([2, 4]), strides=numbers([4, 1]))),
    "starts past its storage": (r"past the 24 bytes", dict(offset=number(6))),
    "starts at a negative element": (r"offset", dict(offset=number(-1))),
    "starts where the product overflows": (r"past the 24 bytes|offset", dict(offset=number(BIG))),
    "starts at 200 bits": (r"offset", dict(offset=number(1 << 200))),
    "strides out of its storage": (r"past the 24 bytes", dict(strides=numbers([4, 1]))),
    "strides by 2^62": (r"strides", dict(strides=numbers([BIG, 1]))),
    "strides backwards": (r"strides", dict(strides=numbers([-3, 1]))),
    "has fewer strides than dimensions": (r"strides", dict(strides=numbers([1]))),
    "has more strides than dimensions": (r"strides", dict(strides=numbers([3, 1, 1]))),
    "has a negative size": (r"shape|dimension|size", dict(shape=numbers([-2, 3]))),
    "has two negative sizes": (r"shape|dimension|size", dict(shape=numbers([-2, -3]))),
    "has a shape that overflows": (r"shape|dimension|size|elements", dict(shape=numbers([BIG, BIG]), strides=numbers([0, 0]))),
    "has a byte count that overflows": (r"shape|dimension|size|elements|bytes", dict(shape=numbers([BIG]), strides=numbers([0]))),
    "has 65 dimensions": (r"64 dimensions", dict(shape=numbers([1] * 65), strides=numbers([1] * 65))),
    "has a million dimensions": (r"64 dimensions|memory", dict(shape=numbers([1] * 1_000_000))),
    "has a text in its shape": (r"shape holds a str", dict(shape=tuple_of(text("2"), number(3)))),
    "has a text for its shape": (r"shape is a str", dict(shape=text("2"))),
    "has a size of 200 bits": (r"shape holds an int", dict(shape=numbers([1 << 200, 3]))),
    "expands 24 bytes to 4 TiB": (r"expanded views", dict(shape=numbers([1 << 40]), strides=numbers([0]))),
    "has no storage": (r"storage", dict(storage_=b"N")),
    "has a dict for its storage": (r"storage", dict(storage_=b"}")),
}  # fmt: skip

CASES += [body(f"a persistent id {what}", says, dict_of(("a", tensor(id_)))) for what, (says, id_) in IDS.items()]
CASES += [body(f"a tensor that {what}", says, dict_of(("a", tensor(**how)))) for what, (says, how) in TENSORS.items()]
CASES += [
    body("a tensor of three arguments", r"3 arguments", dict_of(("a", called(global_("torch._utils", "_rebuild_tensor_v2"), storage(), number(0), numbers([6]))))),
    body("a tensor of no arguments", r"0 arguments", dict_of(("a", called(global_("torch._utils", "_rebuild_tensor_v2"))))),
    body("a parameter of nothing", r"wraps nothing", dict_of(("a", called(global_("torch._utils", "_rebuild_parameter"))))),
    body("a parameter of an int", r"wraps an int", dict_of(("a", called(global_("torch._utils", "_rebuild_parameter"), number(1))))),
    body("10,000 tensors that expand to a GiB each", r"expanded views|memory", lambda: dict_of(*((str(i), tensor(offset=number(i % 6), shape=numbers([1 << 28]), strides=numbers([0]))) for i in range(10_000)))),
]  # fmt: skip
