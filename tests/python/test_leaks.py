# SPDX-License-Identifier: Apache-2.0
"""After a thousand repetitions, a process has as much memory, mappings and open files as after the first hundred."""

from pathlib import Path

import lancekeep
import pytest
import torch
from programs import output_of

MEASURE = """
import lancekeep, torch

def resources():
    gc.collect()
    mappings = sum(1 for _ in open("/proc/self/maps"))
    return {"memory": status("RssAnon"), "mappings": mappings, "files": len(os.listdir("/proc/self/fd"))}

def measure(step):
    for i in range(100):
        step(i)
    before = resources()
    for i in range(1000):
        step(i)
    return {"before": before, "after": resources()}

found = {}
"""

# One program measures all steps, one after another.
STEP = """
def step(i):
    {step}

found[{name!r}] = measure(step)
"""

LOADS = {
    "load": "assert lancekeep.open(folder).load()['layer.7'][3, 0] == 7",
    "load, written to": "lancekeep.open(folder).load()['layer.7'].add_(1)",
    "load of some": "assert len(lancekeep.open(folder).load(names='layer.1*')) == 12",
    "load as NumPy": "assert lancekeep.open(folder, framework='np').load()['layer.7'][3, 0] == 7",
    "load of one store": "assert store.load()['layer.7'][3, 0] == 7",
    "load on another device": "store.load(device='meta')",
    "load_into": "store.load_into(target); assert target['layer.7'][3, 0] == 7",
    "get_tensor": "assert version.get_tensor('layer.7')[3, 0] == 7",
    "get_slice": "assert version.get_slice('layer.7')[3:5][0, 0] == 7",
    "load_state_dict": "assert lancekeep.load_state_dict(folder, version=2)['layer.7'][3, 0] == 7",
    "versions": "assert len(store.versions()) == 2",
    "diff": "assert store.diff(1, 2)",
    "verify": "assert store.verify().ok",
    "errors": '''
    try:
        store.load(names=["layer.7", "nowhere"])
    except KeyError:
        pass
    try:
        lancekeep.open(folder / "nowhere")
    except FileNotFoundError:
        pass
    try:
        store.load_into({"layer.7": torch.zeros(3)}, strict=False)
    except ValueError:
        pass
''',
}

LOADING = """
store = lancekeep.open(folder)
version = store.at()
target = {name: torch.empty_like(tensor) for name, tensor in store.load(names=list(version)).items()}
"""

SAVES = {
    "save": "store.save({**state, 'w': torch.full((100,), i)}, durable=False)",
    "save with progress": "store.save({'w': torch.full((100,), i)}, progress=lambda *call: None, durable=False)",
    "interrupted save": '''
    def stop(*call):
        raise ZeroDivisionError
    try:
        store.save({**state, 'w': torch.full((100,), i).view(10, 10).t()}, progress=stop, durable=False)
    except ZeroDivisionError:
        pass
''',
    "rejected save": '''
    try:
        store.save({**state, 'w': object()})
    except ValueError:
        pass
''',
    "save in place": "lancekeep.save_model({**state, 'w': torch.full((100,), i)}, folder.with_name('n.lance'))",
}

SAVING = """
state = {f"layer.{i}": torch.full((100,), i, dtype=torch.float32) for i in range(20)}
state["lazy"] = torch.ones(8, 8, dtype=torch.complex64).t().conj()
state["step"] = 7
store = lancekeep.open(folder, create=True)
"""
CLEAN_UP = """
    if i % 50 == 49:
        lancekeep.open(folder).gc(keep_last=1, orphans_older_than=0)
"""


def measured(prepare: str, steps: dict[str, str], folder: Path) -> dict:
    program = "".join(STEP.format(name=name, step=step) for name, step in steps.items())
    return output_of(MEASURE + prepare + program + "output(**found)", folder)


def check_flat(found: dict, memory: int) -> None:
    before, after = found["before"], found["after"]
    assert after["files"] == before["files"], found
    assert after["mappings"] <= before["mappings"] + 2, found  # the heap may grow by another mapping
    assert after["memory"] <= before["memory"] + memory, found


@pytest.fixture(scope="module")
def loads(module_folder):
    state = {f"layer.{i}": torch.full((100, 4), i, dtype=torch.float32) for i in range(20)}
    store = lancekeep.open(module_folder / "loads.lance", create=True)
    store.save({"step": torch.zeros(2)}, durable=False)
    store.save({**state, "tied": state["layer.1"], "layer.1.step": 7}, durable=False)
    return measured(LOADING, LOADS, Path(store.path))


@pytest.fixture(scope="module")
def saves(module_folder):
    steps = {name: step + CLEAN_UP for name, step in SAVES.items()}
    return measured(SAVING, steps, module_folder / "saves.lance")


@pytest.mark.parametrize("what", LOADS)
def test_a_thousand_loads(loads, what):
    check_flat(loads[what], memory=1 << 20)


@pytest.mark.parametrize("what", SAVES)
def test_a_thousand_saves(saves, what):
    check_flat(saves[what], memory=2 << 20)
