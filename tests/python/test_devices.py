# SPDX-License-Identifier: Apache-2.0
"""``device=`` and ``map_location=`` of every kind, and devices that this machine lacks."""

from __future__ import annotations

import lancekeep
import lancekeep.torch
import pytest
import torch
from equality import same

STATE = {"a": torch.arange(6.0).view(2, 3), "n": torch.tensor([7], dtype=torch.int64), "e": torch.zeros(0)}


@pytest.fixture
def store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(STATE)
    return store


ABSENT = ["mps", "xla", "xpu:0", *(["cuda:99"] if torch.cuda.is_available() else ["cuda", "cuda:1"])]


@pytest.mark.parametrize("device", ABSENT)
@pytest.mark.parametrize("as_device", [False, True])
def test_a_device_that_is_not_available_is_named(store, device, as_device):
    device = torch.device(device) if as_device else device
    module = torch.nn.Linear(3, 2)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    for load in (
        lambda: store.load(device=device),
        lambda: store.at().load(names="a", device=device),
        lambda: store.at().get_tensor("a", device),
        lambda: store.at().get_slice("a", device),
        lambda: lancekeep.load_state_dict(store.path, map_location=device),
        lambda: lancekeep.load_state_dict(store.path, map_location={"cpu": device}),
        lambda: lancekeep.load_model(module, store.path, map_location=device),
        lambda: lancekeep.torch.load_file(store.path, device=device),
        lambda: lancekeep.torch.load_model(module, store.path, device=device),
        lambda: lancekeep.torch.safe_open(store.path, device=device).get_tensor("a"),
    ):
        with pytest.raises(lancekeep.UnsupportedError, match=f"the device '{device}' cannot be used here: "):
            load()
    assert same(dict(module.state_dict()), before)


@pytest.mark.parametrize("device", [torch.device("cpu"), "cpu", "cpu:0", None, {"cuda:0": "cuda:1"}, {"cpu": "cpu"}])
def test_weights_stay_on_the_cpu(store, device):
    assert same(dict(lancekeep.load_state_dict(store.path, map_location=device)), STATE)


def on_meta(storage, location):
    return torch.UntypedStorage(storage.nbytes(), device="meta")


@pytest.mark.parametrize("device", [torch.device("meta"), "meta", {"cpu": "meta"}, on_meta])
def test_weights_go_to_another_device(store, device):
    found = lancekeep.load_state_dict(store.path, map_location=device)
    assert [(tensor.is_meta, tensor.shape, tensor.dtype) for tensor in found.values()] == [
        (True, tensor.shape, tensor.dtype) for tensor in STATE.values()
    ]


def test_a_function_sees_each_storage_as_in_torch_load(folder):
    """Ties stay; None and the same storage leave a tensor where it is; another storage takes its values."""
    path = folder / "m.lance"
    lancekeep.open(path, create=True).save({"a": STATE["a"], "tied": STATE["a"], "deep": {"b": STATE["n"], "text": "x"}})
    seen = []

    def clone(storage, location):
        seen.append((storage.nbytes(), location))
        return storage.clone()

    found = lancekeep.load_state_dict(path, map_location=clone)
    assert seen == [(24, "cpu"), (8, "cpu")]
    assert found["a"] is found["tied"]
    assert same(dict(found), {"a": STATE["a"], "tied": STATE["a"], "deep": {"b": STATE["n"], "text": "x"}})
    for nothing in (lambda storage, location: None, lambda storage, location: storage):
        assert same(dict(lancekeep.load_state_dict(path, map_location=nothing)), dict(found))


def test_a_function_that_returns_something_else_is_rejected(store):
    for wrong in (lambda storage, location: 3, lambda storage, location: torch.UntypedStorage(1)):
        with pytest.raises(lancekeep.InvalidArgumentError, match="map_location must return None or the storage"):
            lancekeep.load_state_dict(store.path, map_location=wrong)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_function_that_needs_an_absent_device(store):
    with pytest.raises(lancekeep.UnsupportedError, match="map_location raised "):
        lancekeep.load_state_dict(store.path, map_location=lambda storage, location: storage.cuda())


@pytest.mark.parametrize("device", [lambda storage, where: storage, {"cpu": "cpu"}, "nowhere", 3.5, [1]])
def test_what_is_not_a_device_is_rejected(store, device):
    with pytest.raises(lancekeep.InvalidArgumentError, match="is not a device|device= needs"):
        store.load(device=device)


def test_the_first_version_is_loaded_with_a_warning_if_it_was_not_asked_for(store):
    model = torch.nn.Module()
    for name, tensor in STATE.items():
        model.register_buffer(name, tensor.clone())

    def load(**options):
        return lancekeep.load_state_dict(store.path, **options)["n"].item()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.showwarning", lambda *args: pytest.fail("no warning is due"))
        assert load() == 7
    store.save({**STATE, "n": torch.tensor([8])})
    with pytest.warns(UserWarning, match="version 1 is loaded, .* the latest is version 2; pass version=None") as warned:
        assert load() == 7
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match="the latest is version 2"):
        lancekeep.load_model(model, store.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.showwarning", lambda *args: pytest.fail("no warning is due"))
        assert (load(version=1), load(version=None), load(version=2)) == (7, 8, 8)
