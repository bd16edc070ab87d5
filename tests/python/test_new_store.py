# SPDX-License-Identifier: Apache-2.0
"""A store that does not exist yet: its folder appears with its first version, and a failed save leaves nothing behind."""

import lancekeep
import lancekeep.numpy
import lancekeep.torch
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

STATE = {"w": torch.arange(1000.0)}


class Stop(Exception):
    pass


def stop(done, total, tensor):
    raise Stop


@pytest.fixture
def file(folder):
    save_file(STATE, folder / "model.safetensors")
    return folder / "model.safetensors"


def test_opening_creates_nothing_until_a_save(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    assert not (folder / "m.lance").exists()
    assert store.versions() == [] and store.tags() == {}
    assert store.save(STATE).version == 1
    assert lancekeep.open(folder / "m.lance").at().number == 1


def test_two_stores_opened_before_the_first_save_share_one_folder(folder):
    one, other = (lancekeep.open(folder / "m.lance", create=True) for _ in range(2))
    assert (one.save(STATE).version, other.save(STATE).version) == (1, 2)
    assert [info.number for info in one.versions()] == [1, 2]


@pytest.mark.parametrize(
    "save",
    [
        lambda folder: lancekeep.open(folder / "m.lance", create=True).save(STATE, progress=stop),
        lambda folder: lancekeep.Store.replace(folder / "m.lance", STATE, progress=stop),
        lambda folder: lancekeep.import_file(folder / "model.safetensors", folder / "m.lance", progress=stop),
        lambda folder: lancekeep.torch.save_file(STATE, folder / "m.lance", progress=stop),
        lambda folder: lancekeep.numpy.save_file({"w": np.arange(1000.0)}, folder / "m.lance", progress=stop),
    ],
    ids=["save", "replace", "import_file", "torch.save_file", "numpy.save_file"],
)
def test_a_first_save_that_is_interrupted_leaves_nothing(folder, file, save):
    with pytest.raises(Stop):
        save(folder)
    assert [path.name for path in folder.iterdir()] == [file.name]
    with pytest.raises(FileNotFoundError):
        lancekeep.open(folder / "m.lance")


def test_a_first_save_that_is_rejected_leaves_nothing(folder, file):
    with pytest.raises(lancekeep.InvalidArgumentError):
        lancekeep.import_file(file, folder / "m.lance", tag="a/b")
    with pytest.raises(lancekeep.InvalidArgumentError):
        lancekeep.open(folder / "m.lance", create=True).save({"n": torch.tensor(2**53 + 1)}, layout="plain")
    assert not (folder / "m.lance").exists()


def test_an_interrupted_save_keeps_earlier_versions(folder, file):
    lancekeep.import_file(file, folder / "m.lance")
    with pytest.raises(Stop):
        lancekeep.import_file(file, folder / "m.lance", message="again", progress=stop)
    assert [info.number for info in lancekeep.open(folder / "m.lance").versions()] == [1]
