# SPDX-License-Identifier: Apache-2.0
"""Runs the examples as a reader would, and checks their stores."""

import os
import re
import subprocess
import sys
from pathlib import Path

import lancekeep
from equality import same

ROOT = Path(__file__).parents[2]


def finetune(store: Path, epochs: int) -> str:
    line = [sys.executable, ROOT / "examples" / "python" / "finetune.py", store, "--epochs", str(epochs)]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def messages(store: lancekeep.Store) -> list[str]:
    return [version.message for version in store.versions()]


def test_fine_tuning(folder):
    """It learns, shares what it did not train, and restores the best version completely."""
    printed = finetune(folder / "m.lance", 2)
    store = lancekeep.open(folder / "m.lance")
    best = store.at("best")
    assert float(best.info.metadata["accuracy"]) > 0.8
    assert f"restored  version {best.number}" in printed
    assert messages(store)[:3] == ["R-Net, a new head", "epoch 1", "epoch 2"]
    assert same(store.load(), store.load("best"))
    start, end = store.load("pretrained")["model"], store.load("best")["model"]
    changed = {name.split(".")[0] for name in start if not same(start[name], end[name])}
    assert changed == {"dense4", "prelu4", "head"}
    kept = re.findall(r"(\d+) kept", printed)
    assert len(kept) == 2 and all(int(count) >= 9 for count in kept)  # three layers of three tensors each


def test_fine_tuning_resumes(folder):
    """Two runs give the same result as one. The first must end with its best epoch, from which the second resumes."""
    finetune(folder / "once.lance", 2)
    finetune(folder / "twice.lance", 1)
    printed = finetune(folder / "twice.lance", 2)
    assert "resumed   version 2, after epoch 1" in printed
    once, twice = lancekeep.open(folder / "once.lance"), lancekeep.open(folder / "twice.lance")
    assert messages(once)[:3] == messages(twice)[:3]
    assert same(once.load(3), twice.load(3))
