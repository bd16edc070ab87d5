# SPDX-License-Identifier: Apache-2.0
"""Whole training states, saved from Python and imported from files of torch.save: both have the same rows."""

import argparse
import collections
import sys
from pathlib import Path

import lancekeep
import numpy as np
import pytest
import torch
from equality import same
from lancekeep import _native

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))

from contents_python import CONTENTS, FROM_PROTOCOL_4  # noqa: E402
from contents_training import CONTENTS as TRAINING  # noqa: E402
from expected_rows import expected_rows, is_flat  # noqa: E402
from test_nested import OBJECTS, float_of  # noqa: E402

STATES = {**OBJECTS, **CONTENTS, **FROM_PROTOCOL_4, **TRAINING}


def rows_of(version: lancekeep.Version) -> list:
    """(name, dtype, shape, bytes, tied_to) of every row, including the tree."""
    native = version._native
    found = [
        (name, dtype, list(shape), bytes(values or b""), tied_to)
        for name, dtype, shape, _, tied_to, values, _ in native.rows(None, _native.Form.buffer)
    ]
    tree = native.tree()
    return found if tree is None else [*found, (tree[0], "tree", [], tree[1], None)]


def as_saved(state: object) -> object:
    """A flat dict comes back as a dict, whatever its class was."""
    return dict(state) if is_flat(state) else state


@pytest.mark.parametrize("name", STATES)
def test_a_saved_state_and_its_imported_file_have_the_same_rows(folder, name):
    state = STATES[name]()
    torch.save(state, folder / "state.pt", pickle_protocol=4)
    lancekeep.import_file(folder / "state.pt", folder / "imported.lance")
    store = lancekeep.open(folder / "saved.lance", create=True)
    store.save(state)
    expected = expected_rows(state)
    assert rows_of(store.at()) == expected
    assert rows_of(lancekeep.open(folder / "imported.lance").at()) == expected
    assert same(store.load(), as_saved(state))
    assert same(lancekeep.open(folder / "imported.lance").load(), as_saved(state))


def test_an_unchanged_state_is_shared(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(OBJECTS["trained"]())
    again = store.save(OBJECTS["trained"]())
    assert again.tensors_written == 0


def round_trip(folder, state, framework="pt"):
    store = lancekeep.open(folder / "m.lance", create=True, framework=framework)
    store.save(state)
    return store.load()


def test_a_default_dict_comes_back_as_a_dict(folder):
    state = {"a": collections.defaultdict(list, b=torch.ones(2), c={"d": 1})}
    assert same(round_trip(folder, state), {"a": {"b": torch.ones(2), "c": {"d": 1}}})


def test_flat_arrays_come_back_as_arrays(folder):
    state = {"w": np.arange(3.0), "t": torch.ones(2)}
    assert same(round_trip(folder, state), state)


def test_a_store_opened_for_arrays_needs_no_tree(folder):
    state = {"w": np.arange(3.0), "n": np.float32([[1, 2]])}
    assert same(round_trip(folder, state, "np"), state)
    assert lancekeep.open(folder / "m.lance").at()._native.tree() is None


def test_big_endian_arrays_come_back_as_their_values(folder):
    found = round_trip(folder, {"a": [np.arange(5, dtype=">f4")]})
    assert same(found, {"a": [np.arange(5, dtype="<f4")]})


def test_an_array_used_twice_stays_one_array(folder):
    array = np.arange(3)
    found = round_trip(folder, {"a": [array, array], "b": [np.arange(3)]})
    assert found["a"][0] is found["a"][1] is not found["b"][0]


def test_nan_payloads_are_kept(folder):
    state = {"x": [float_of(0x7FF8000000000001), float_of(0xFFF8000000000000), float("nan")]}
    assert same(round_trip(folder, state), state)


def itself() -> list:
    items: list = [torch.ones(1)]
    items.append(items)
    return items


def nested(depth: int, inside: object) -> object:
    for _ in range(depth):
        inside = [inside]
    return inside


Pair = collections.namedtuple("Pair", "a b")

REJECTED = {
    "object": (lambda: {"optimizer": {"state": {0: {"foo": object()}}}}, "`optimizer.state.0.foo` (object)"),
    "in a list": (lambda: {"a": [1, {"b": (2, range(3))}]}, "`a.1.b.1` (range)"),
    "namespace": (lambda: {"args": argparse.Namespace(a=1)}, "`args` (argparse.Namespace)"),
    "named tuple": (lambda: {"p": Pair(1, 2)}, "`p` ("),
    "frozen set": (lambda: {"s": frozenset([1])}, "`s` (frozenset)"),
    "tensor in a set": (lambda: {"s": {torch.ones(1)}}, "a tensor in a set"),
    "key": (lambda: {"a": {1j: 2}}, "`a.1j` (a key of type complex"),
    "tuple key": (lambda: {"a": {(1, range(2)): 2}}, "a key of type tuple"),
    "surrogate": (lambda: {"a": {"\ud800": 2}}, "a name with a lone surrogate"),
    "itself": (lambda: {"a": itself()}, "`a.1` (a container that holds itself)"),
    "dict in itself": (lambda: (lambda d: d.update(d=d) or d)({}), "holds itself"),
    "too deep": (lambda: nested(129, torch.ones(1)), "nested more than 128 deep"),
    "too deep in one row": (lambda: nested(129, 1), "nested more than 128 deep"),
    "huge int": (lambda: {"n": 10**5000}, "`n` (an int of "),
    "text of NumPy": (lambda: {"n": np.str_("a")}, "`n` (a NumPy scalar of dtype <U1)"),
    "date of NumPy": (lambda: {"n": np.datetime64("2020-01-01")}, "`n` (a NumPy scalar of dtype datetime64[D])"),
    "objects": (lambda: {"n": np.array([None])}, "`n` (has the NumPy dtype object"),
    "masked": (lambda: {"n": np.ma.masked_array([1, 2], [True, False])}, "`n` (is of the class numpy.ma"),
    "sparse": (lambda: {"model": {"w": torch.eye(2).to_sparse()}}, "`model.w` (has the layout sparse_coo"),
    "quantized": (lambda: {"w": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, "`w` (is quantized"),
    "meta": (lambda: {"w": torch.ones(2, device="meta")}, "`w` (is on the meta device"),
    "lazy": (lambda: torch.nn.LazyLinear(3), "`weight` (is of the class torch.nn.parameter.UninitializedParameter"),
    "nested tensor": (lambda: {"w": torch.nested.nested_tensor([torch.ones(1)])}, "`w` (is a nested tensor"),
    "class": (lambda: {"w": torch.ones(2).as_subclass(type("Mine", (torch.Tensor,), {}))}, "Mine; keep its plain tensors"),
}


@pytest.mark.parametrize("name", REJECTED)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_kept_is_named_before_anything_is_written(folder, name):
    make, part = REJECTED[name]
    store = lancekeep.open(folder / "m.lance", create=True)
    before = sorted(folder.rglob("*"))
    with pytest.raises(lancekeep.InvalidArgumentError) as raised:
        store.save(make())
    assert part in str(raised.value)
    assert sorted(folder.rglob("*")) == before


def test_all_that_cannot_be_kept_is_named_at_once(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    with pytest.raises(ValueError, match=r"`a` \(object\); `b` \(is on the meta.*; `c.0` \(range\)"):
        store.save({"a": object(), "b": torch.ones(1, device="meta"), "c": [range(2)]})
