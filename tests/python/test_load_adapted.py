# SPDX-License-Identifier: Apache-2.0
"""Targets without memory, files that torch adapts, and modules that are sharded: loaded as torch does, or refused."""

from __future__ import annotations

import contextlib
import functools

import lancekeep
import pytest
import torch
import torch.distributed
from equality import same
from lancekeep._selection import strip
from module_kinds import clone, everything, hooked, net, randomized
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.fsdp import FullyShardedDataParallel, StateDictType, fully_shard


def store_of(folder, state) -> lancekeep.Store:
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(state)
    return store


def unchanged(module, action, text: str) -> None:
    before = everything(module)
    with pytest.raises(lancekeep.InvalidArgumentError, match=text):
        action()
    assert same(everything(module), before)


# --- the meta device --------------------------------------------------------------------------------------------------

CALL = r"Call model.load_state_dict\(store.load\(\), assign=True\)"


@pytest.mark.parametrize("make", [net, lambda: hooked(save=clone), lambda: hooked(after=True)])
@pytest.mark.parametrize("strict", [True, False])
def test_a_meta_module_is_refused_with_the_call_that_works(folder, make, strict):
    saved = randomized(net())
    store = store_of(folder, saved)
    with torch.device("meta"):
        module = make()
    text = f"`0.bias`.* are on the meta device, .*nothing was loaded. {CALL}$"
    with pytest.raises(lancekeep.InvalidArgumentError, match=text):
        store.load_into(module, strict=strict)
    module.load_state_dict(store.load(), assign=True)
    assert same(dict(module.state_dict()), dict(saved.state_dict()))


def test_one_meta_tensor_keeps_the_others_unchanged(folder):
    module = randomized(net())
    store = store_of(folder, randomized(net()))
    module[2].bias = torch.nn.Parameter(torch.empty(2, device="meta"))
    before = everything(module[0])
    with pytest.raises(lancekeep.InvalidArgumentError, match=f"`2.bias` of the target is on the meta device, .*{CALL}"):
        store.load_into(module)
    assert same(everything(module[0]), before)
    assert store.load_into(module, strict=False, names="0.") == ([], [])


def test_a_module_that_accelerate_offloads(folder):
    store = store_of(folder, net())
    with torch.device("meta"):
        module = net()
    module[0]._hf_hook = object()
    with pytest.raises(lancekeep.InvalidArgumentError, match=f"{CALL} before accelerate offloads or dispatches the model"):
        store.load_into(module)


def test_what_stays_on_the_meta_device_is_an_error(folder):
    """torch copies nothing into it, with a warning."""
    def strip(state_dict, *rest) -> None:
        for name in list(state_dict):
            state_dict[name.removeprefix("old.")] = state_dict.pop(name)

    store = store_of(folder, {"old." + name: tensor for name, tensor in net().state_dict().items()})
    with torch.device("meta"):
        module = net()
    module._register_load_state_dict_pre_hook(strip)
    with pytest.warns(UserWarning, match="which is a no-op"):
        with pytest.raises(lancekeep.InvalidArgumentError, match="are still on the meta device, and got no values"):
            store.load_into(module)


# --- what torch adapts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [True, False])
def test_batch_norms_of_old_files_lack_a_count(folder, strict):
    saved, expected, found = randomized(net()), randomized(net()), net()
    found.load_state_dict(expected.state_dict())
    state = {name: tensor for name, tensor in saved.state_dict().items() if name != "1.num_batches_tracked"}
    store = store_of(folder, state)
    expected.load_state_dict(store.load())
    assert store.load_into(found, strict=strict) == ([], [])
    assert same(everything(found), everything(expected))


def test_a_batch_norm_that_lacks_more_is_refused(folder):
    module = randomized(net())
    state = {name: tensor for name, tensor in net().state_dict().items() if name[:5] != "1.run"}
    store = store_of(folder, state)
    unchanged(module, lambda: store.load_into(module), "missing in the version: `1.running_mean`, `1.running_var`")


def test_scalars_of_old_files_have_one_element(folder):
    module = torch.nn.Module()
    module.register_buffer("scale", torch.zeros(()))
    assert store_of(folder, {"scale": torch.tensor([3.0])}).load_into(module) == ([], [])
    assert module.scale.item() == 3


def test_shapes_that_differ_change_nothing(folder):
    module = randomized(net())
    store = store_of(folder, torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 5)))
    unchanged(module, lambda: store.load_into(module, strict=False), r"`2.weight` has shape \[5, 4\]")
    with pytest.raises(lancekeep.InvalidArgumentError, match="does not fit the target: size mismatch for 2.weight"):
        store.load_into(hooked(save=clone), strict=False)


def test_values_that_are_not_tensors_are_ignored_unless_they_are_extra_state(folder):
    saved = randomized(net())
    store = store_of(folder, {**saved.state_dict(), "epoch": 3, "config": {"a": [1, 2]}})
    for found in (net(), hooked(save=clone)):
        assert store.load_into(found) == ([], [])
        assert same(everything(found), everything(saved))
    store.save({**saved.state_dict(), "0._extra_state": 3})
    for found in (net(), hooked(save=clone)):
        assert store.load_into(found, strict=False) == ([], ["0._extra_state"])
        with pytest.raises(lancekeep.InvalidArgumentError, match="unexpected in it: `0._extra_state`"):
            store.load_into(found)


def test_parameters_made_in_inference_mode(folder):
    saved = randomized(net())
    with torch.inference_mode():
        found = net()
    assert store_of(folder, saved).load_into(found) == ([], [])
    assert same(everything(found), everything(saved))


def test_parameters_that_torch_replaces_when_it_loads(folder):
    saved, found = randomized(net()), net()
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        assert store_of(folder, saved).load_into(found) == ([], [])
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)
    assert same(everything(found), everything(saved))


@pytest.mark.parametrize("make", [lambda: net().half(), lambda: hooked(save=clone)])
def test_a_store_of_numpy_arrays_loads_modules_as_well(folder, make):
    saved, found = randomized(net()), make()
    store_of(folder, saved)
    assert lancekeep.open(folder / "m.lance", framework="np").load_into(found) == ([], [])
    expected = make()
    expected.load_state_dict(saved.state_dict())
    assert same(everything(found), everything(expected))


def test_errors_of_the_module_itself_pass_through(folder):
    class Strict(torch.nn.Linear):
        def load_state_dict(self, state_dict, strict=True):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        store_of(folder, torch.nn.Linear(2, 2)).load_into(Strict(2, 2))


def test_functions_that_a_library_has_put_in_place_of_torchs_are_called(folder, monkeypatch):
    saved, found, called = randomized(net()), net(), []
    plain = torch.nn.Module._load_from_state_dict

    @functools.wraps(plain)
    def patched(self, *args):
        called.append(type(self).__name__)
        plain(self, *args)

    monkeypatch.setattr(torch.nn.Module, "_load_from_state_dict", patched)
    assert store_of(folder, saved).load_into(found) == ([], [])
    assert called == ["Sequential", "Linear", "BatchNorm1d", "Linear"]
    assert same(everything(found), everything(saved))


@pytest.mark.filterwarnings("ignore")
def test_a_quantized_module_needs_names_that_a_float_one_lacks(folder):
    found = torch.ao.quantization.quantize_dynamic(torch.nn.Sequential(torch.nn.Linear(3, 2)), {torch.nn.Linear})
    weight, bias = found[0].weight().dequantize(), found[0].bias().clone()
    store = store_of(folder, torch.nn.Sequential(torch.nn.Linear(3, 2)))
    for strict in (True, False):
        with pytest.raises(lancekeep.InvalidArgumentError, match="own rules need `0.scale`, which version 1 lacks"):
            store.load_into(found, strict=strict)
    # torch sets the version, which its kernel looks at, before it misses a name: values must not change.
    assert torch.equal(found[0].weight().dequantize(), weight) and torch.equal(found[0].bias(), bias)


def test_module_versions_follow_a_prefix():
    state = net().state_dict()
    checkpoint = {"epoch": 1, "run": {"model": state}}
    found = strip(checkpoint, "run.model.")
    assert same(dict(found), dict(state)) and found._metadata == state._metadata
    inner = strip(checkpoint, "run.model.1.")
    assert list(inner) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert inner._metadata == {"": {"version": 2}}
    assert not hasattr(strip(checkpoint, ""), "_metadata")


def test_an_optimizer_is_told_from_a_module(folder):
    store = store_of(folder, net())
    with pytest.raises(lancekeep.InvalidArgumentError, match=r"not SGD; pass what load\(\) returns to its own"):
        store.load_into(torch.optim.SGD(net().parameters(), 0.1))


# --- sharded modules, on one process ----------------------------------------------------------------------------------


@pytest.fixture
def process_group():
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    with contextlib.ExitStack() as stack:
        stack.callback(torch.distributed.destroy_process_group)
        yield


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("original", [True, False])
@pytest.mark.parametrize("kind", ["FULL_STATE_DICT", "SHARDED_STATE_DICT", "LOCAL_STATE_DICT"])
def test_fsdp(folder, process_group, original, kind):
    saved = randomized(net())
    store = store_of(folder, saved)
    found = FullyShardedDataParallel(net(), use_orig_params=original, device_id=torch.device("cpu"))
    with FullyShardedDataParallel.state_dict_type(found, getattr(StateDictType, kind)):
        assert store.load_into(found) == ([], [])
    with FullyShardedDataParallel.summon_full_params(found):
        for name, tensor in saved.named_parameters():
            assert torch.equal(found.module.get_parameter(name), tensor), name


@pytest.mark.parametrize("strict", [True, False])
def test_a_sharded_module_is_refused_with_the_call_that_works(folder, process_group, strict):
    saved, found = randomized(net()), net()
    store = store_of(folder, saved)
    fully_shard(found)
    before = [tensor.full_tensor().clone() for tensor in found.parameters()]
    with pytest.raises(lancekeep.InvalidArgumentError, match=r"`0.weight`.* of the class DTensor; .*set_model_state_dict\("):
        store.load_into(found, strict=strict)
    assert all(map(torch.equal, [tensor.full_tensor() for tensor in found.parameters()], before))
    set_model_state_dict(found, store.load(), options=StateDictOptions(full_state_dict=True))
    assert all(map(torch.equal, [tensor.full_tensor() for tensor in found.parameters()], saved.parameters()))


def test_ddp(folder, process_group):
    saved = randomized(net())
    store = store_of(folder, torch.nn.parallel.DistributedDataParallel(saved))
    found = torch.nn.parallel.DistributedDataParallel(net())
    assert store.load_into(found) == ([], [])
    assert same(everything(found.module), everything(saved))
    assert store.load_into(net(), prefix="module.") == ([], [])
