# SPDX-License-Identifier: Apache-2.0
"""The library and the command save and load a model of 1 GiB correctly, in little memory.

All measurements are printed; of these only memory and disk space are asserted, never a time.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from measure import STREAM_KIB, measured
from safetensors.torch import load_file, save_file

BUILD = Path(os.environ["LANCEKEEP_BUILD"])
MIB = 1024


def test_library(folder, say):
    (program,) = BUILD.rglob("lancekeep_large_model")
    done = subprocess.run([program, folder / "m.lance", str(MIB)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    say(f"1 GiB by the library: {figures}")
    assert figures["tensors"] == figures["aligned"] == figures["equal"] == MIB // 32
    assert figures["bytes_total"] == MIB << 20
    assert figures["save_peak_kib"] < STREAM_KIB
    assert figures["anonymous_kib"] < STREAM_KIB


COUNT = 1024  # tensors of 1 MiB


@pytest.fixture
def model():
    generator = torch.Generator().manual_seed(1)
    parts = [torch.randint(-(2**62), 2**62, (1 << 17,), generator=generator) for _ in range(4)]
    return {f"layer.{i}.weight": parts[i % 4] + i for i in range(COUNT)}


def on_disk(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_command(folder, model, say):
    file, store, exported = folder / "in.safetensors", folder / "m.lance", folder / "out.safetensors"
    save_file(model, file)
    command = BUILD / "cli" / "lancekeep"
    peaks = {
        "import": measured(command, "import", file, store, "--quiet"),
        "import again": measured(command, "import", file, store, "--quiet"),
        "ls": measured(command, "ls", store),
        "export": measured(command, "export", store, exported, "--quiet"),
    }
    say(f"1 GiB by the command, peak memory in KiB: {peaks}")
    assert max(peaks.values()) < STREAM_KIB
    found = load_file(exported)
    assert list(found) and all(torch.equal(found[name], tensor) for name, tensor in model.items())
    assert len(found) == len(model)


def test_a_version_costs_what_changed(folder, model, say):
    file, store = folder / "in.safetensors", folder / "m.lance"
    command = BUILD / "cli" / "lancekeep"

    def added(state):
        """The bytes that another save adds to the disk, and what the command prints about it."""
        save_file(state, file)
        before = on_disk(store)
        run = subprocess.run([command, "import", file, store], capture_output=True, text=True, check=True)
        return on_disk(store) - before, run.stdout.strip()

    store.mkdir()
    added(model)
    nothing, said = added(model)
    say(f"1 GiB, nothing changed: {nothing} bytes more on disk\n  {said}")
    assert nothing <= 16 << 10
    changed = list(model)[:: COUNT // 10][:10]
    for name in changed:
        model[name] = model[name] + 1
    bytes_changed = sum(model[name].nbytes for name in changed)
    one_percent, said = added(model)
    say(f"1 GiB, {bytes_changed} bytes changed: {one_percent} bytes more on disk\n  {said}")
    assert bytes_changed <= one_percent <= bytes_changed + (64 << 10)
    assert f"shared {COUNT - 10} tensors" in said
