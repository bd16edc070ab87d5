# SPDX-License-Identifier: Apache-2.0
"""Whole training states, saved from Python and imported from files of torch.save: both have the same rows."""

import argparse
import collections
import random
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
from expected_rows import expected_rows  # noqa: E402
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


@pytest.mark.parametrize("name", STATES)
def test_a_saved_state_has_the_expected_rows(folder, name):
    state = STATES[name]()
    store = lancekeep.open(folder / "saved.lance", create=True)
    store.save(state)
    assert rows_of(store.at()) == expected_rows(state)
    assert same(store.load(), state)


@pytest.mark.parametrize("name", STATES)
def test_an_imported_file_has_the_rows_of_the_state(folder, name):
    state = STATES[name]()
    torch.save(state, folder / "state.pt", pickle_protocol=4)
    lancekeep.import_file(folder / "state.pt", folder / "imported.lance")
    imported = lancekeep.open(folder / "imported.lance")
    assert rows_of(imported.at()) == expected_rows(state)
    assert same(imported.load(), state)


def test_an_unchanged_state_is_shared(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(OBJECTS["trained"]())
    again = store.save(OBJECTS["trained"]())
    assert again.tensors_written == 0


def round_trip(folder, state, framework="pt"):
    store = lancekeep.open(folder / "m.lance", create=True, framework=framework)
    store.save(state)
    return store.load()


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


class Wrapper(torch.Tensor):
    """A tensor whose values are in another one, as quantized and sharded tensors are."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise NotImplementedError


class Broken(collections.UserDict):
    def items(self):
        return 1 / 0


REJECTED = {
    "object": (lambda: {"optimizer": {"state": {0: {"foo": object()}}}}, "`optimizer.state.0.foo` (object)"),
    "in a list": (lambda: {"a": [1, {"b": (2, object())}]}, "`a.1.b.1` (object)"),
    "namespace": (lambda: {"args": argparse.Namespace(a=1)}, "`args` (argparse.Namespace; keep its vars(), a dict)"),
    "tensor in a set": (lambda: {"s": {torch.ones(1)}}, "a tensor in a set"),
    "key": (lambda: {"a": {object: 2}}, "(a key of type the class object"),
    "tuple key": (lambda: {"a": {(1, object()): 2}}, "(a key of type object"),
    "tensor key": (lambda: {"a": {torch.ones(1): 2}}, "(a key of type torch.Tensor; use its name)"),
    "surrogate": (lambda: {"a": {"\ud800": torch.ones(1)}}, "a name with a lone surrogate"),
    "itself": (lambda: {"a": itself()}, "`a.1` (a container that holds itself)"),
    "dict in itself": (lambda: (lambda d: d.update(d=d) or d)({}), "holds itself"),
    "too deep": (lambda: nested(129, torch.ones(1)), "nested more than 128 deep"),
    "too deep in one row": (lambda: nested(129, 1), "nested more than 128 deep"),
    "huge int": (lambda: {"n": 10**5000}, "`n` (an int of "),
    "structure of NumPy": (lambda: {"n": np.zeros(1, "i4,i4")[0]}, "`n` (a NumPy value of dtype [('f0'"),
    "objects": (lambda: {"n": np.array([None])}, "`n` (has the NumPy dtype object"),
    "text in an array": (lambda: {"n": np.array(["a"])}, "<U1; only numbers and bool can be kept as an array; keep its tolist()"),
    "masked": (lambda: {"n": np.ma.masked_array([1, 2], [True, False])}, "`n` (is a masked array; keep its data and its mask"),
    "sparse": (lambda: {"model": {"w": torch.eye(2).to_sparse()}}, "`model.w` (has the layout sparse_coo"),
    "quantized": (lambda: {"w": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, "`w` (is quantized"),
    "meta": (lambda: {"w": torch.ones(2, device="meta")}, "`w` (is on the meta device"),
    "lazy": (lambda: torch.nn.LazyLinear(3), "UninitializedParameter and has no values yet; run the lazy module once"),
    "nested tensor": (lambda: {"w": torch.nested.nested_tensor([torch.ones(1)])}, "`w` (is a nested tensor"),
    "wrapper": (lambda: {"w": Wrapper(torch.ones(2))}, "Wrapper, a wrapper of other tensors; keep those instead"),
    "optimizer": (lambda: torch.optim.SGD([torch.ones(1)]), "torch.optim.sgd.SGD; keep its state_dict()"),
    "module": (lambda: {"m": [torch.nn.Linear(1, 1)]}, "`m.0` (torch.nn.modules.linear.Linear; keep its state_dict())"),
    "generator": (lambda: {"p": torch.nn.Linear(1, 1).parameters()}, "`p` (generator, which can be read only once; keep a list"),
    "random generator": (lambda: {"g": torch.Generator()}, "`g` (torch._C.Generator; keep its get_state())"),
    "random state": (lambda: {"r": random.Random()}, "`r` (random.Random; keep its getstate())"),
    "random state of NumPy": (lambda: {"r": np.random.RandomState()}, "RandomState; keep its get_state())"),
    "generator of NumPy": (lambda: {"r": np.random.default_rng()}, "Generator; keep its bit_generator.state)"),
    "storage": (lambda: {"s": torch.ones(1).untyped_storage()}, "`s` (torch.storage.UntypedStorage; keep a tensor of it)"),
    "function": (lambda: {"f": len}, "`f` (builtin_function_or_method; keep its name)"),
    "class of the user's": (lambda: {"c": Wrapper}, "`c` (the class "),
    "broken": (lambda: {"b": Broken()}, "Broken, which cannot be read: ZeroDivisionError"),
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
    with pytest.raises(ValueError, match=r"`a` \(object\); `b` \(is on the meta.*; `c.0` \(object\)"):
        store.save({"a": object(), "b": torch.ones(1, device="meta"), "c": [object()]})
