# SPDX-License-Identifier: Apache-2.0
"""Fixtures that several test files of the command share. A file can override one with its own fixture of that name."""

import pytest
from command import TENSORS, run
from safetensors.numpy import save_file


@pytest.fixture
def model(tmp_path):
    """A model file with TENSORS."""
    path = tmp_path / "model.safetensors"
    save_file(TENSORS, path, metadata={"format": "pt"})
    return path


@pytest.fixture
def store(tmp_path, model):
    """A store of two versions that differ in one tensor; the first one is tagged."""
    path = tmp_path / "model.lance"
    assert run("import", model, path, "-m", "first", "--set", "epoch=1", "--tag", "base").status == 0
    save_file(TENSORS | {"fc.bias": TENSORS["fc.bias"] + 1}, tmp_path / "second.safetensors", metadata={"format": "pt"})
    assert run("import", tmp_path / "second.safetensors", path, "-m", "second").status == 0
    return path


@pytest.fixture
def out(tmp_path):
    """An empty folder."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"
