# SPDX-License-Identifier: Apache-2.0
"""Names that differ: prefixes, wrappers, tied names, picked names; and errors that say what to do."""

from __future__ import annotations

import lancekeep
import lancekeep.torch
import pytest
import safetensors.torch
import torch
from equality import same
from module_kinds import DictExtra, Tied, clone, double, everything, halve, hooked, net, randomized


def store_of(folder, state) -> lancekeep.Store:
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(state)
    return store


def values(module) -> dict:
    return {name: value.clone() if torch.is_tensor(value) else value for name, value in module.state_dict().items()}


def under(prefix: str, module) -> dict:
    return {prefix + name: tensor for name, tensor in module.state_dict().items()}


HOOKED = {"plain": net, "hooked": lambda: hooked(save=clone)}


def refused(action, *texts: str) -> None:
    with pytest.raises(lancekeep.InvalidArgumentError) as error:
        action()
    for text in texts:
        assert text.lower() in str(error.value).lower()


# --- a prefix ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOOKED)
@pytest.mark.parametrize("prefix", ["model.", "module.", "_orig_mod.", "state.net.0."])
def test_a_prefix_is_named_and_removed(folder, kind, prefix):
    saved, found = randomized(net()), randomized(HOOKED[kind]())
    store = store_of(folder, under(prefix, saved))
    before = values(found)
    text = f"all names in the version start with `{prefix}`: pass prefix={prefix!r}"
    for strict in (True, False):
        refused(lambda strict=strict: store.load_into(found, strict=strict), text)
    refused(lambda: lancekeep.torch.load_model(found, store.path), f"prefix={prefix!r}")
    assert same(values(found), before)
    assert store.load_into(found, prefix=prefix) == ([], [])
    assert same(values(found), values(saved))


@pytest.mark.parametrize("kind", HOOKED)
def test_the_model_of_a_checkpoint(folder, kind):
    saved, found = randomized(net()), HOOKED[kind]()
    optimizer = torch.optim.SGD(saved.parameters(), lr=0.1, momentum=0.9)
    saved(torch.rand(5, 3)).sum().backward()
    optimizer.step()
    store = store_of(folder, {"model": saved.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3})
    refused(lambda: store.load_into(found), "match if those in the version start with `model.`: pass prefix='model.'")
    refused(lambda: store.load_into(found, prefix="model"), "pass prefix='model.'")
    assert store.load_into(found, prefix="model.") == ([], [])
    assert same(values(found), values(saved))
    assert store.load_into(found[0], prefix="model.0.") == ([], [])


def test_a_hook_that_meets_a_whole_checkpoint(folder):
    """The hook multiplies what it finds, and finds a dict."""
    saved, found = randomized(net()), randomized(hooked(save=halve, load=double))
    store = store_of(folder, {"model": saved.state_dict(), "epoch": 3})
    before = everything(found)
    refused(lambda: store.load_into(found), "TypeError", "start with `model.`: pass prefix='model.'")
    assert same(everything(found), before)
    assert store.load_into(found, prefix="model.") == ([], [])
    assert torch.equal(found[0].weight, 2 * saved[0].weight)


def test_two_prefixes_that_fit(folder):
    first, second = randomized(net()), randomized(net())
    store = store_of(folder, {"model": first.state_dict(), "ema": second.state_dict()})
    refused(lambda: store.load_into(net()), "pass prefix='model.' or prefix='ema.'")
    found = net()
    store.load_into(found, prefix="ema.")
    assert same(values(found), values(second))


def test_extra_state_under_a_prefix(folder):
    saved, found = DictExtra(), DictExtra()
    store = store_of(folder, {"model": saved.state_dict(), "epoch": 3})
    assert store.load_into(found, prefix="model.") == ([], [])
    assert same(values(found), values(saved))


def test_a_prefix_that_no_name_has(folder):
    store = store_of(folder, net())
    refused(lambda: store.load_into(net(), prefix="model."), "no name in version 1 starts with 'model.'", "`0.weight`")
    refused(lambda: store.load_into(net(), prefix=None), "prefix must be a str")


@pytest.mark.parametrize("wrap, inner", [(torch.compile, "_orig_mod"), (torch.nn.DataParallel, "module")])
def test_a_wrapped_target(folder, wrap, inner):
    saved = randomized(net())
    store, found = store_of(folder, saved), wrap(net())
    refused(lambda: store.load_into(found), f"the names of the target start with `{inner}.`", f"target.{inner}")
    store.load_into(getattr(found, inner))
    assert same(values(getattr(found, inner)), values(saved))
    store.save(found)
    assert store.load_into(wrap(net())) == ([], [])
    refused(lambda: store.load_into({**found.state_dict()}, 1), "remove it from the names")


def test_wrappers_inside(folder):
    inside = torch.nn.Sequential(torch.compile(net()), torch.nn.Linear(2, 2))
    plain = torch.nn.Sequential(net(), torch.nn.Linear(2, 2))
    store = store_of(folder, inside)
    refused(lambda: store.load_into(plain), "saved from a wrapped module, whose names have `_orig_mod.` inside")
    store.save(plain)
    refused(lambda: store.load_into(inside), "modules inside the target are wrapped, which adds `_orig_mod.`")


def test_nothing_in_common(folder):
    store = store_of(folder, {"x": torch.ones(1), "y": torch.ones(1)})
    found = net()
    before = values(found)
    for target in (found, hooked(save=clone), {"a": torch.ones(1)}):
        refused(lambda target=target: store.load_into(target, strict=False), "have no name in common", "nothing was loaded")
    assert same(values(found), before)


def test_transformers_renames(folder):
    kind = type("PreTrainedModel", (torch.nn.Linear,), {"__module__": "transformers.modeling", "from_pretrained": None})
    store = store_of(folder, {"renamed": torch.ones(1)})
    refused(lambda: store.load_into(kind(2, 3)), "from_pretrained(None, config=model.config, state_dict=store.load())")


# --- tied names -------------------------------------------------------------------------------------------------------


class HookedTied(Tied):
    def __init__(self):
        super().__init__()
        self.register_load_state_dict_pre_hook(lambda *args: None)


@pytest.mark.parametrize("kind", [Tied, HookedTied])
@pytest.mark.parametrize("kept", ["embed.weight", "head.weight"])
@pytest.mark.parametrize("strict", [True, False])
def test_one_of_two_tied_names_is_enough(folder, kind, kept, strict):
    saved, found = randomized(Tied()), kind()
    safetensors.torch.save_file({kept: saved.embed.weight.detach()}, folder / "m.safetensors")
    lancekeep.import_file(folder / "m.safetensors", folder / "m.lance")
    store = lancekeep.open(folder / "m.lance")
    assert store.load_into(found, strict=strict) == ([], [])
    assert same(values(found), values(saved))
    assert lancekeep.torch.load_model(kind(), folder / "m.lance", strict) == ([], [])


def test_names_that_are_not_tied_are_missing(folder):
    store = store_of(folder, {"embed.weight": torch.ones(5, 3)})
    found = Tied()
    found.head.weight = torch.nn.Parameter(found.embed.weight.detach().clone())
    refused(lambda: store.load_into(found), "missing in the version: `head.weight`")
    memory = torch.zeros(6)
    state = {"embed.weight": torch.zeros(5, 3), "part": memory[:3], "all": memory}
    assert store.load_into(state, strict=False) == (["part", "all"], [])
    both = {"part": memory[:3], "all": memory}
    assert store_of(folder, {"part": torch.ones(3)}).load_into(both, strict=False) == (["all"], [])
    assert store_of(folder, {"all": torch.ones(6)}).load_into(both) == ([], [])


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOOKED)
@pytest.mark.parametrize("names", ["*.weight", "0.", ["0.weight", "2.bias"], ("2.bias",), lambda name: "running" in name])
def test_only_picked_names_are_loaded(folder, kind, names):
    torch.manual_seed(1)
    saved, found = randomized(net()), randomized(HOOKED[kind]())
    before = values(found)
    store = store_of(folder, under("model.", saved))
    picked = lancekeep.open(folder / "m.lance").load(names=lambda name: True)
    picked = {name.removeprefix("model.") for name in picked}
    picked &= set(store_of(folder, saved).load(names=names))
    assert store.load_into(found, 1, names=names, prefix="model.") == ([], [])
    new = values(saved)
    assert picked and same(values(found), {name: new[name] if name in picked else before[name] for name in before})


@pytest.mark.parametrize("kind", HOOKED)
def test_picked_names_that_differ(folder, kind):
    state = {name: tensor for name, tensor in net().state_dict().items() if name != "0.weight"}
    store = store_of(folder, {**state, "9.weight": torch.ones(1)})
    found = HOOKED[kind]()
    differ = "missing in the version: `0.weight`; unexpected in it: `9.weight`"
    refused(lambda: store.load_into(found, names="*.weight"), differ)
    assert store.load_into(found, names="*.weight", strict=False) == (["0.weight"], ["9.weight"])
    assert store.load_into(found, names="*.bias") == ([], [])
    refused(lambda: store.load_into(found, names="8."), "names='8.' picks no tensor of version 1")
    refused(lambda: store.load_into(found, names="9.", strict=False), "no name in common")
    with pytest.raises(lancekeep.NotFoundError, match="has no tensor `0.weight`"):
        store.load_into(found, names=["0.bias", "0.weight"])
