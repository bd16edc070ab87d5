# SPDX-License-Identifier: Apache-2.0
"""Values beside tensors in a checkpoint: numbers, strings, containers, NumPy's values, odd names."""

import collections
import math

import numpy as np
import torch


def numbers() -> dict:
    return {
        "zero": 0, "minus": -1, "byte": 255, "short": 65535, "int": 2**31 - 1, "long": -(2**63), "huge": 10**40,
        "minus huge": -(10**40), "true": True, "false": False, "none": None, "float": 0.1, "whole": 1.0,
        "small": 5e-324, "large": 1.7976931348623157e308, "minus zero": -0.0, "nan": math.nan, "inf": math.inf,
        "minus inf": -math.inf, "complex": 1.5 - 2j, "many digits": 1 / 3, "exponent": 1e16, "tiny": 1e-7,
    }  # fmt: skip


def text() -> dict:
    return {
        "plain": "a", "empty": "", "quotes": 'say "a\\b"', "control": "\0\x1f\x7f\n\t", "umlauts": "Grüße 🙂 \u2028",
        "long": "ab" * 200, "json": '{"a": 1}', "bytes": b"\x00\xff", "no bytes": b"", "bytearray": bytearray(b"ab"),
    }  # fmt: skip


def types() -> dict:
    return {
        "w": torch.arange(6.0).reshape(2, 3),
        "dtype": torch.bfloat16, "device": torch.device("cuda:1"), "cpu": torch.device("cpu"),
        "size": torch.Size([2, 3]), "no size": torch.Size([]), "complex": 1j, "set": {3, 1, 2}, "names": {"a", "b"},
        "no set": set(), "counter": collections.Counter({"a": 2, "b": 1}), "int counter": collections.Counter([1, 1, 2]),
        "ordered": collections.OrderedDict(b=1, a=2), "no tuple": (), "no list": [], "no dict": {},
    }  # fmt: skip


def containers() -> dict:
    return {
        "list": [1, 2.5, "x", None, True],
        "tuple": (1, (2, (3, ()))),
        "mixed": [{"a": 1}, (2, [3, {"b": (4,)}])],
        "tensors": [torch.ones(2), torch.zeros(3)],
        "tensors in a tuple": (torch.ones(1), 5, "x"),
        "deep": {"a": {"b": {"c": {"d": [{"e": torch.ones(2)}]}}}},
        "dict": {"a": 1, "b": {"c": [1, 2]}},
        "empty": {"a": {}, "b": [], "c": [[], {}], "d": ()},
        "ordered": collections.OrderedDict([("z", torch.ones(1)), ("a", {"b": 2})]),
    }


def keys() -> dict:
    return {
        "int": {0: torch.ones(1), 1: {"a": 2}, -5: "x", 2**70: 1},
        "bool": {True: 1, False: torch.zeros(1)},
        "none": {None: torch.ones(2)},
        "float": {0.5: 1, 1e100: torch.ones(1)},
        "tuple": {(1, "a"): torch.ones(1), (): 2},
        "dollar": {"$row": "w", "$x": torch.ones(1)},
        "int ordered": collections.OrderedDict([(2, torch.ones(1)), (1, torch.ones(2))]),
    }


def names() -> dict:
    return {
        "a": {"b": torch.ones(1), "b.c": torch.ones(2)},
        "a.b": torch.zeros(1),
        "a.b#2": torch.zeros(2),
        "": {"": torch.ones(3)},
        ".": torch.ones(4),
        "__tree__": torch.ones(5),
        "1": {1: torch.ones(6), "1": torch.ones(7)},
        "new\nline\0": torch.ones(8),
        "Grüße 🙂": {"重": torch.ones(9)},
        "a/b\\c": 1,
        "x" * 300: torch.ones(10),
    }


def numpy_scalars() -> dict:
    types = (np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float16,
             np.float32, np.float64, np.complex64, np.complex128)  # fmt: skip
    return {"w": torch.ones(2), **{kind.__name__: kind(1) for kind in types}, "nan": np.float64("nan"), "pi": np.float32(3.14159)}


def numpy_arrays() -> dict:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    return {
        "matrix": matrix,
        "fortran": np.asfortranarray(matrix),
        "scalar": np.array(2.5),
        "empty": np.empty((0, 3), dtype=np.int16),
        "strided": matrix[:, ::2],
        "list": [np.ones(2), torch.ones(2)],
        "flags": np.array([True, False]),
        "complex": np.array([1 + 2j]),
        "bytes": np.arange(256, dtype=np.uint8),
    }


def shared() -> dict:
    """An object with one container or tensor under several names."""
    weight, part = torch.ones(3), {"a": torch.zeros(2), "n": 1}
    return {"one": part, "two": part, "w": [weight, weight], "x": weight, "view": weight[:2], "same": weight.view(3)}


def many() -> dict:
    return {f"layer.{index}.weight": torch.full((index % 7,), float(index)) for index in range(3000)}


def many_values() -> dict:
    return {"history": [index / 7 for index in range(5000)], "losses": {index: index * 0.5 for index in range(2000)}}


def deep() -> dict:
    value: object = torch.ones(1)
    for _ in range(30):
        value = {"a": [value]}
    return {"deep": value}


CONTENTS = {
    "numbers": numbers, "text": text, "types": types, "containers": containers, "keys": keys, "names": names,
    "numpy scalars": numpy_scalars, "numpy arrays": numpy_arrays,
    "shared": shared, "many tensors": many, "many values": many_values, "deep": deep,
    "one tensor": lambda: torch.arange(5.0), "one array": lambda: np.arange(5.0), "a list": lambda: [torch.ones(1), 2],
    "a tuple": lambda: (torch.ones(1), {"a": torch.ones(2)}), "one number": lambda: 5,
    "one parameter": lambda: torch.nn.Parameter(torch.ones(2)), "an empty list": list,
}  # fmt: skip

# In protocol 2 a bytes object is a call, which cannot be a key; in protocol 3 torch does not read it.
FROM_PROTOCOL_4 = {"bytes as keys": lambda: {b"a": torch.ones(1), b"\xff": 2}}
