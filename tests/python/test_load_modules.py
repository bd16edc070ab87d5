# SPDX-License-Identifier: Apache-2.0
"""``load_into`` and ``load_model`` do what ``load_state_dict`` does, for modules of every kind, or change nothing."""

from __future__ import annotations

import contextlib

import lancekeep
import lancekeep.torch
import pytest
import torch
from equality import same
from module_kinds import KINDS, SAVED, everything, randomized

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, about what is deprecated

WAYS = {
    "load_into": lambda store, module: store.load_into(module),
    "load_into, names that differ allowed": lambda store, module: store.load_into(module, strict=False),
    "article": lambda store, module: lancekeep.load_model(module, store.path),
    "safetensors": lambda store, module: lancekeep.torch.load_model(module, store.path),
}


def made(kind: str, seed: int, saved: bool = False) -> torch.nn.Module:
    torch.manual_seed(seed)
    return randomized(SAVED.get(kind, KINDS[kind])() if saved else KINDS[kind]())


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_is_that_of_load_state_dict(folder, kind):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(made(kind, 1, saved=True).state_dict())
    expected = made(kind, 2)
    expected.load_state_dict(store.load())
    for way, load in WAYS.items():
        found = made(kind, 2)
        if kind == "own load_state_dict" and "allowed" in way:
            with pytest.raises(lancekeep.InvalidArgumentError, match="lacks strict=; nothing was loaded"):
                load(store, found)
            continue
        assert load(store, found) == ([], []), way
        assert same(everything(found), everything(expected)), way
        assert not same(everything(found), everything(made(kind, 2))), way


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strict", [True, False])
def test_a_missing_and_an_unexpected_name(folder, kind, strict):
    """Equal, or refused by both."""
    state = made(kind, 1, saved=True).state_dict()
    if len(state) < 2:
        return
    state.pop(next(iter(state)))
    state["surely.not.there"] = torch.ones(1)
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(dict(state))
    expected, found = made(kind, 2), made(kind, 2)
    keys = None
    with contextlib.suppress(RuntimeError, TypeError, KeyError):
        keys = expected.load_state_dict(store.load(), strict=strict)
    if keys is None and not (kind == "own state_dict" and not strict):
        with pytest.raises(lancekeep.InvalidArgumentError):
            store.load_into(found, strict=strict)
        return
    missing, unexpected = store.load_into(found, strict=strict)
    assert same(everything(found), everything(expected))
    if keys is not None:
        tied = {"head.weight", "embed.weight"} if kind == "tied" else set()
        shared = {name for name in keys.missing_keys if name.startswith("left.")} if kind == "shared" else set()
        assert set(missing) == set(keys.missing_keys) - tied - shared
        assert set(unexpected) == set(keys.unexpected_keys)
