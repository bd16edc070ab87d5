# SPDX-License-Identifier: Apache-2.0
"""Training checkpoints: rows, JSON and tree equal what expected_rows.py computes from the object that torch loads."""

import argparse
import collections
import datetime
import decimal
import fractions
import math
import pathlib
import random
import struct
import sys
import uuid
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from expected_rows import expected_rows  # noqa: E402
from test_formats import error, listing  # noqa: E402

warnings.filterwarnings("ignore", message="Detected pickle protocol")


def rows_of(path: Path, folder: Path) -> list[tuple]:
    tensors, _, _ = listing(path, folder)
    names = [tensor["name"] for tensor in tensors]
    tied = [None if tensor["tied_to"] is None else names[tensor["tied_to"]] for tensor in tensors]
    return [
        (tensor["name"], tensor["dtype"], tensor["shape"], tensor["data"], tied_to)
        for tensor, tied_to in zip(tensors, tied, strict=True)
    ]


def float_of(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def trained() -> dict:
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    adam = torch.optim.AdamW(net.parameters(), lr=1e-3)
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(sgd, [30, 80])
    for _ in range(3):
        net(torch.randn(5, 3)).sum().backward()
        adam.step()
        sgd.step()
        scheduler.step()
    return {
        "epoch": 3, "global_step": 2**40, "best": math.inf, "done": False, "comment": None,
        "model": net.state_dict(), "optimizers": [adam.state_dict(), sgd.state_dict()],
        "schedulers": (scheduler.state_dict(),),
        "rng": {"torch": torch.get_rng_state(), "numpy": np.random.RandomState(1).get_state(),
                "python": random.Random(1).getstate()},
        "history": [{"loss": 0.5, "lr": 1e-05}, {"loss": float("nan"), "lr": 1e-06}],
    }  # fmt: skip


def values() -> dict:
    return {
        "none": None, "true": True, "false": False, "int": -3, "long": 2**62, "big": 2**63, "smaller": -(2**63) - 1,
        "huge": -(2**2000), "nine bytes": -(2**71), "zero": 0.0, "minus zero": -0.0, "tiny": 5e-324,
        "large": 1.7976931348623157e308,
        "third": 1 / 3, "whole": 1e15, "exponent": 1e16, "small": 1e-5, "nan": math.nan,
        "other nan": float_of(0xFFF8000000000001),
        "inf": math.inf, "minus inf": -math.inf, "text": "Grüße \"\\\n\x01\x7f\u2028😀", "surrogate": "a\ud800b",
        "empty": "",
        "bytes": b"\x00\xff\x80abc", "no bytes": b"", "bytearray": bytearray(b"\x00\xff"), "no bytearray": bytearray(),
        "complex": complex(1, -0.0), "odd complex": complex(math.nan, math.inf), "size": torch.Size([2, 0, 3]),
        "tuple": (1, (2, "x"), ()), "list": [1, [2.5, None], {}],
        "dict in list": [{"a": 1, "$b": 2}, {1: 2}, {"ok": {"x": True}}],
        "set": {3, "b", None, 2.5, (1, "x")}, "no set": set(), "odict in list": [collections.OrderedDict(a=1, b=[2])],
        "counter in list": [collections.Counter("abca")], "dtype": torch.bfloat16, "device": torch.device("cuda", 1),
        "cpu": torch.device("cpu"), "strided": torch.strided, "sparse": torch.sparse_coo,
        "long text": "é" * 70_000, "long bytes": bytes(range(256)) * 300,
    }  # fmt: skip


def arrays() -> dict:
    codes = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
    found: dict = {code: np.arange(6).reshape(2, 3).astype(code) for code in codes}
    found |= {f"scalar {code}": np.arange(3).astype(code)[1] for code in codes}
    shared = np.arange(12.0).reshape(3, 4)
    return found | {
        "fortran": np.asfortranarray(shared), "view": shared[:, 1:3], "transposed": shared.T, "none": np.empty((0, 3)),
        "zero-d": np.array(2.5), "high": np.arange(256, dtype=np.uint8), "shared": shared, "again": shared,
        "one": np.array([0], "u1"), "other one": np.array([0], "u1"),
        "large": np.arange(100_000, dtype=np.int32).reshape(1000, 100),
        "large fortran": np.asfortranarray(np.arange(60_000).reshape(300, 200)),
    }  # fmt: skip


def keys() -> dict:
    one = torch.ones(1)
    return {
        1: one, "1": one * 2, -(2**70): one * 3, 2.5: 1, math.inf: 2, None: 3, (True,): 4, "five": 5,
        (1, "a'b", None, 2.0): 6,
        ("x",): 7, (): 8, torch.float32: 9, "a.b": one, "a": {"b": one * 4, "b#2": 1, "c": {}}, "a.b#2": one,
        "": {"": 1}, "$row": {"x": one},
        "__tree__": 10, ("q", ("'", '"')): 11, 1e-7: 12,
    }  # fmt: skip


def shared() -> dict:
    inner = {"w": torch.ones(2), "n": [1]}
    weight = torch.nn.Parameter(torch.ones(3))
    weight.some_attribute = 1
    tensor = torch.ones(4)
    tensor.other_attribute = {"a": 1}
    base = torch.arange(6.0)
    return {
        "a": inner, "b": [inner, inner], "parameter": weight, "attributes": tensor, "same": tensor,
        "view": base.view(2, 3), "base": base,
        "t": base.view(2, 3).t(), "conj": torch.tensor([1 + 2j]).conj(), "empties": [torch.empty(0), torch.empty(0)],
    }  # fmt: skip


def nested_lists(depth: int) -> object:
    found: object = torch.ones(1)
    for _ in range(depth):
        found = [found]
    return found


OBJECTS = {
    "trained": trained, "values": values, "arrays": arrays, "keys": keys, "shared": shared,
    "nested values": lambda: {"a": values(), "l": [values(), torch.ones(1)]},
    "tensor": lambda: torch.arange(3), "parameter": lambda: torch.nn.Parameter(torch.ones(2)),
    "list of tensors": lambda: [torch.ones(2), torch.zeros(1)],
    "tuple": lambda: (torch.ones(2), {"a": torch.zeros(1)}, 3), "array": lambda: np.arange(3), "number": lambda: 3,
    "none": lambda: None, "text": lambda: "x",
    "list": lambda: [1, 2], "no list": list, "no dict": dict, "dict of nothing": lambda: {"a": {}, "b": {"c": {}}},
    "flat with values": lambda: {"w": torch.ones(1), "epoch": 3, "shape": (1, 2)},
    "ordered": lambda: collections.OrderedDict(w=torch.ones(1), n=1),
    "counter": lambda: collections.Counter("aab"), "deep": lambda: nested_lists(128),
}  # fmt: skip


def safe_numpy() -> list:
    dtypes = [type(np.dtype(code)) for code in "?bhilqBHILQefdFD"]
    try:
        core = np._core.multiarray
    except AttributeError:
        core = np.core.multiarray
    named = [
        (function, f"{prefix}.multiarray.{name}")
        for prefix in ("numpy.core", "numpy._core")
        for name, function in (("scalar", core.scalar), ("_reconstruct", core._reconstruct))
    ]
    return [*dtypes, *named, np.ndarray, np.dtype, (bytes, "builtins.bytes")]


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", OBJECTS)
def test_rows_match_the_object(tmp_path: Path, name: str, zip_form: bool) -> None:
    path = tmp_path / "m.pt"
    torch.save(OBJECTS[name](), path, _use_new_zipfile_serialization=zip_form)
    with torch.serialization.safe_globals(safe_numpy()):
        loaded = torch.load(path, weights_only=True)
    assert rows_of(path, tmp_path / "out") == expected_rows(loaded)


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("name", OBJECTS)
def test_rows_are_the_same_in_every_protocol(tmp_path: Path, name: str, protocol: int, zip_form: bool) -> None:
    path = tmp_path / "m.pt"
    torch.save(OBJECTS[name](), path, pickle_protocol=protocol, _use_new_zipfile_serialization=zip_form)
    assert rows_of(path, tmp_path / "out") == expected_rows(torch.load(path, weights_only=False))


def test_floats_are_written_as_python_writes_them(tmp_path: Path) -> None:
    bits = random.Random(3)
    numbers = [float_of(bits.getrandbits(64)) for _ in range(3000)]
    numbers += [bits.random() * 10.0 ** bits.randrange(-8, 20) for _ in range(3000)]
    numbers += [float(10**power) for power in range(30)] + [10.0**-power for power in range(30)]
    path = tmp_path / "m.pt"
    torch.save({"numbers": numbers}, path)
    assert rows_of(path, tmp_path / "out") == expected_rows({"numbers": numbers})


def plain_values() -> dict:
    """Python's own types of plain data, which torch's safe unpickler does not load."""
    utc, west = datetime.timezone.utc, datetime.timezone(-datetime.timedelta(hours=2, seconds=30))
    return {
        "w": torch.ones(1), "paths": [pathlib.Path("/a/b"), pathlib.Path(), pathlib.PureWindowsPath("c:\\x\\y")],
        "dates": [datetime.date(2024, 5, 1), datetime.time(12, 30), datetime.time(1, 2, 3, 4, tzinfo=utc),
                  datetime.datetime(2024, 5, 1, 12, 30, 0, 1), datetime.datetime(1, 1, 1, tzinfo=west),
                  datetime.timedelta(-1, 5, 7)],
        "ranges": [range(1, 9, 2), slice(None, 3), slice(1, 2, 3)],
        "numbers": [decimal.Decimal("1.10"), decimal.Decimal("NaN"), fractions.Fraction(-1, 3), fractions.Fraction(2**80, 3)],
        "uuids": [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.uuid5(uuid.NAMESPACE_DNS, "a")],
        "sets": [frozenset({1, "a", (2, None)}), {frozenset({1})}],
        "deques": [collections.deque([1, [2]]), collections.deque([1, 2, 3], maxlen=2)],
        "deque of tensors": collections.deque([torch.ones(2), 3], maxlen=9),
        "default dicts": [collections.defaultdict(list, a=[1]), collections.defaultdict(None, {1: 2})],
        "default dict of tensors": collections.defaultdict(dict, b=torch.ones(1)),
        "types": [int, str, float, np.float32, np.int64], "ellipsis": ..., "dtypes": [np.dtype("<f4"), np.dtype("?")],
        "scalars": [np.str_("aé"), np.bytes_(b"xy"), np.datetime64("2024-01-01"), np.timedelta64(3, "s")],
        "vocabulary": {f"word{i}": i for i in range(1000)}, "empty": {},
    }  # fmt: skip


def odd_keys() -> dict:
    """Keys that are not text or numbers. The dict has a tensor, so that each key is part of a name."""
    made = [b"a'b", np.int64(3), np.int8(-3), np.float64(2.5), np.float32(0.1), np.bool_(True), np.str_("né"),
            pathlib.Path("a/b"), datetime.date(2024, 5, 1), decimal.Decimal("1.5"), uuid.UUID(int=7)]  # fmt: skip
    return {key: torch.full((1,), float(i)) for i, key in enumerate(made)}


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("make", [plain_values, odd_keys])
def test_pythons_own_plain_values_are_kept(tmp_path: Path, make, protocol: int, zip_form: bool) -> None:
    path = tmp_path / "m.pt"
    torch.save(make(), path, pickle_protocol=protocol, _use_new_zipfile_serialization=zip_form)
    assert rows_of(path, tmp_path / "out") == expected_rows(torch.load(path, weights_only=False))


def itself() -> list:
    items: list = [torch.ones(1)]
    items.append(items)
    return items


def doubled() -> dict:
    found: dict = {"a": 1}
    for _ in range(60):
        found = {"a": found, "b": found}
    return found


REFUSED = {
    "a list in itself": (itself, "unsupported", "a list contains itself"),
    "a dict in itself": (lambda: {"a": itself()}, "unsupported", "contains itself"),
    "doubled": (doubled, "unsupported", "expand to more than"),
    "too deep": (lambda: nested_lists(129), "unsupported", "more than 128 levels deep"),
    "storage": (lambda: {"a": {"b": torch.ones(1).untyped_storage(), "w": torch.ones(1)}}, "unsupported", "`a.b` is a storage"),
    "objects": (lambda: np.array([None]), "unsupported", "dtype `O8`"),
    "strings": (lambda: {"a": np.array(["x"])}, "unsupported", "`a` has NumPy's dtype `U1`"),
    "big-endian": (lambda: np.arange(3, dtype=">f4"), "unsupported", "astype('<f4')"),
    "surrogate key": (lambda: {"\ud800": torch.ones(1)}, "unsupported", "is not UTF-8"),
    "namespace": (lambda: argparse.Namespace(a=1), "unsafe", "vars(args)"),
    "nested": (lambda: torch.nested.nested_tensor([torch.ones(1)]), "unsupported", "plain, dense tensor"),
    "set of tensors": (lambda: {torch.ones(1)}, "unsupported", "`value` is a call of"),
}  # fmt: skip


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_values_without_a_row_are_rejected(tmp_path: Path, name: str, zip_form: bool) -> None:
    make, code, part = REFUSED[name]
    torch.save(make(), tmp_path / "m.pt", _use_new_zipfile_serialization=zip_form)
    found = error(tmp_path / "m.pt")
    assert found["error"] == code, found
    assert part in found["message"]


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_bytes_are_keys_where_the_pickle_has_bytes(tmp_path: Path, protocol: int) -> None:
    saved = {b"\x00a'": {"x": 5}, (b"q", 1): {"x": torch.ones(1)}}
    torch.save(saved, tmp_path / "m.pt", pickle_protocol=protocol)
    assert rows_of(tmp_path / "m.pt", tmp_path / "out") == expected_rows(saved)
