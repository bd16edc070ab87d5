# SPDX-License-Identifier: Apache-2.0
"""Loading into the memory of modules and dicts, with any strides, dtypes and overlaps."""

import lancekeep
import pytest
import torch
from equality import same


def store_of(folder, state) -> lancekeep.Store:
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(state)
    return store


def test_a_module_gets_all_its_tensors(folder):
    torch.manual_seed(1)
    saved = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    found = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    places = [tensor.data_ptr() for tensor in found.state_dict().values()]
    keys = store_of(folder, saved).load_into(found)
    assert keys == ([], [])
    assert (keys.missing_keys, keys.unexpected_keys) == ([], [])
    assert same(dict(found.state_dict()), dict(saved.state_dict()))
    assert [tensor.data_ptr() for tensor in found.state_dict().values()] == places


def targets() -> dict:
    return {
        "plain": torch.zeros(4, 3),
        "transposed": torch.zeros(3, 4).t(),
        "steps": torch.zeros(8, 6)[::2, ::2],
        "half": torch.zeros(4, 3, dtype=torch.float16),
        "integer": torch.zeros(4, 3, dtype=torch.int32),
        "complex": torch.zeros(4, 3, dtype=torch.complex64),
        "conj": torch.zeros(4, 3, dtype=torch.complex64).conj(),
        "neg": torch._neg_view(torch.zeros(4, 3)),
        "parameter": torch.nn.Parameter(torch.zeros(4, 3)),
        "empty": torch.zeros(0, 3),
        "scalar": torch.zeros(()),
    }


def test_targets_of_every_kind_get_the_values(folder):
    found = targets()
    values = {name: torch.arange(target.numel(), dtype=torch.float32).view(target.shape) for name, target in found.items()}
    store_of(folder, values).load_into(found)
    for name, target in found.items():
        assert torch.equal(target.detach().resolve_conj().resolve_neg(), values[name].to(target.dtype)), name


def test_dtypes_without_kernels_go_into_strided_memory(folder):
    values = {"w": torch.arange(12, dtype=torch.uint8).view(3, 4).view(torch.float8_e5m2)}
    found = {"w": torch.zeros(4, 3, dtype=torch.uint8).view(torch.float8_e5m2).t()}
    store_of(folder, values).load_into(found)
    assert same(found, values)


def test_the_last_of_overlapping_targets_wins(folder):
    memory = torch.zeros(6)
    store = store_of(folder, {"all": torch.arange(6.0), "part": torch.full((3,), 9.0), "again": torch.arange(6.0) + 10})
    store.load_into({"all": memory, "part": memory[:3]}, strict=False)
    assert memory.tolist() == [9, 9, 9, 3, 4, 5]
    store.load_into({"all": memory, "again": memory}, strict=False)
    assert memory.tolist() == [10, 11, 12, 13, 14, 15]


def test_a_tied_module_is_read_once_into_both(folder):
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(5, 3)
            self.head = torch.nn.Linear(3, 5, bias=False)
            self.head.weight = self.embed.weight

    saved, found = Tied(), Tied()
    store_of(folder, saved).load_into(found)
    assert torch.equal(found.embed.weight, saved.embed.weight)
    assert found.head.weight is found.embed.weight


def test_strict_lists_differences_and_changes_nothing(folder):
    store = store_of(folder, {"a": torch.ones(2), "b": torch.ones(2)})
    found = {"a": torch.zeros(2), "c": torch.zeros(2)}
    with pytest.raises(lancekeep.InvalidArgumentError, match="missing in the version: `c`; unexpected in it: `b`"):
        store.load_into(found)
    assert found["a"].tolist() == [0, 0]
    assert store.load_into(found, strict=False) == (["c"], ["b"])
    assert found["a"].tolist() == [1, 1] and found["c"].tolist() == [0, 0]


WRONG = {
    "shape": (torch.zeros(3), r"`a` has shape \[2\] in the store and \[3\] in the target"),
    "expanded": (torch.zeros(1).expand(2), "`a` of the target is expanded"),
    "meta": (torch.zeros(2, device="meta"), "`a` of the target is on the meta device"),
    "dtype": (torch.zeros(2, dtype=torch.uint8).view(torch.bits8), "`a` is float32 in the store and bits8 in the target"),
    "sparse": (torch.zeros(2).to_sparse(), "`a` of the target has the layout sparse_coo"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_target_that_does_not_fit_is_named_and_nothing_changes(folder, name):
    target, text = WRONG[name]
    store = store_of(folder, {"b": torch.ones(2), "a": torch.ones(2)})
    fine = torch.zeros(2)
    with pytest.raises(lancekeep.InvalidArgumentError, match=text):
        store.load_into({"b": fine, "a": target})
    assert fine.tolist() == [0, 0]


def test_invalid_targets_are_rejected(folder):
    store = store_of(folder, {"a": torch.ones(2)})
    with pytest.raises(lancekeep.InvalidArgumentError, match="not list"):
        store.load_into([torch.zeros(2)])
    with pytest.raises(lancekeep.InvalidArgumentError, match="not tensors: `n`"):
        store.load_into({"a": torch.zeros(2), "n": 3})


def test_autograd_notices_that_values_changed(folder):
    weight = torch.nn.Parameter(torch.full((2,), 3.0))
    loss = (weight * weight).sum()
    store_of(folder, {"w": torch.ones(2)}).load_into({"w": weight})
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
