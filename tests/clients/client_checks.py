# SPDX-License-Identifier: Apache-2.0
"""Saves a module and loads it in every way into another one, which must then be equal, or unchanged by a refusal."""

import copy

import lancekeep
import lancekeep.torch
import pytest
import torch
from client_values import difference, snapshot

WAYS = {
    "load_into": lambda module, store: store.load_into(module),
    "load_model": lambda module, store: lancekeep.torch.load_model(module, store.path),
    "load_state_dict": lambda module, store: module.load_state_dict(store.load()),
}


class Check:
    def __init__(self, folder):
        self.folder, self.outcomes = folder, {}

    def store(self, name="model.lance"):
        return lancekeep.open(self.folder / name, create=True)

    def module(self, source, make_target, may_refuse=(), state=lambda module: module.state_dict()):
        """`make_target` makes the module with other values. Only the ways in `may_refuse` may refuse to load, and a
        refused module is as before. One that cannot load its own state dict may be refused, too; torch leaves it half
        loaded.
        """
        store = self.store()
        try:
            store.save(source)
        except lancekeep.Error as error:
            assert "save" in may_refuse, f"save refuses: {error}"
            self.outcomes["save"] = "refused"
            return
        torch_refuses = refuses_its_own_state(source, make_target())
        saved = snapshot(state(source))
        for way, load in WAYS.items():
            target = make_target()
            before, tied = snapshot(state(target)), ties(target)
            assert difference(saved, before), "the target has the same values already, so this test could not fail"
            self.outcomes[way] = "wrong"
            try:
                load(target, store)
            except (lancekeep.Error, RuntimeError) as error:  # RuntimeError is what torch's load_state_dict raises
                changed = "" if torch_refuses else difference(before, snapshot(state(target)))
                refused = (way in may_refuse or torch_refuses) and not changed
                self.outcomes[way] = "refused" if refused else f"wrong: refused, {changed or str(error)[:300]}"
                continue
            wrong = difference(saved, snapshot(state(target)))
            if ties(target) != tied:
                wrong = "its ties are broken"
            self.outcomes[way] = f"wrong: {wrong}" if wrong else "equal"
        self._raise_if_wrong()

    def loop(self, name, expected, found):
        """What a client's own functions gave back, compared with what went in."""
        self.outcomes[name] = "wrong"
        wrong = difference(snapshot(expected), snapshot(found))
        assert not wrong, f"{name}: {wrong}"
        self.outcomes[name] = "equal"

    def ways(self):
        return WAYS

    def saved_or_refused(self, name, state):
        """A state that holds what may have no plain form: saved and loaded as it was, or refused as a whole."""
        store = self.store(f"{name}.lance")
        self.outcomes[name] = "wrong"
        try:
            store.save(state)
        except lancekeep.Error:
            self.outcomes[name] = "refused"
            return
        self.loop(name, state, store.load())

    def as_torch_does(self, name, target, reference, load):
        """`reference` is what torch's load_state_dict made of it. None: it refused, and only a refusal is right."""
        self.outcomes[name] = "wrong"
        try:
            load()
        except (lancekeep.Error, RuntimeError):
            assert reference is None or name != "load_state_dict", f"{name} refuses what torch loads"
            self.outcomes[name] = "refused"
            return
        assert reference is not None, f"{name} loads what torch refuses"
        wrong = difference(snapshot(reference.state_dict()), snapshot(target.state_dict()))
        assert not wrong, f"{name}: {wrong}"
        self.outcomes[name] = "equal"

    def refuses(self, name, module, load):
        """A load that must say no, and leave the module as it is."""
        self.outcomes[name] = "wrong"
        before = snapshot(module.state_dict())
        with pytest.raises(lancekeep.Error):
            load()
        assert not difference(before, snapshot(module.state_dict()))
        self.outcomes[name] = "refused"

    def _raise_if_wrong(self):
        wrong = {way: outcome for way, outcome in self.outcomes.items() if outcome.startswith("wrong")}
        self.outcomes.update(dict.fromkeys(wrong, "wrong"))
        assert not wrong, wrong


def ties(module):
    """Which names are the same parameter."""
    names = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return sorted(map(tuple, names.values()))


def refuses_its_own_state(source, target):
    try:
        target.load_state_dict(source.state_dict())
    except RuntimeError:
        return True
    return False


def scrambled(module, seed=1):
    """The module with other values in every parameter and buffer, without breaking what is tied."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in {id(tensor): tensor for tensor in [*module.parameters(), *module.buffers()]}.values():
            if tensor.dtype == torch.bool:
                tensor.logical_not_()
            elif tensor.is_floating_point() or tensor.is_complex():
                tensor.copy_(torch.randn(tensor.shape, generator=generator))
            else:
                tensor.add_(1)
    return module


def another(module):
    """A deep copy with other values, so that a test needs to make only one module."""
    return scrambled(copy.deepcopy(module))
