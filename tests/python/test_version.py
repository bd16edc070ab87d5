# SPDX-License-Identifier: Apache-2.0
"""A version as a lazy mapping: names, values, slices, devices, and where writes to a tensor are visible."""

import ctypes
import gc
import shutil

import lancekeep
import numpy as np
import pytest
import torch
from equality import bytes_of, same
from lancekeep import _load, _torch

STATE = {
    "encoder.weight": torch.arange(12.0).view(3, 4),
    "encoder.bias": torch.arange(3, dtype=torch.bfloat16),
    "decoder.weight": torch.arange(24, dtype=torch.int16).view(2, 3, 4),
    "scale": torch.tensor(2.5),
    "none": torch.empty(0, 3),
    "epoch": 7,
}


@pytest.fixture
def store(folder):
    made = lancekeep.open(folder / "m.lance", create=True)
    made.save(STATE, message="first", metadata={"loss": "0.5"}, tag="best")
    return made


def test_a_version_is_a_mapping_to_tensor_infos(store):
    version = store.at("best")
    assert list(version) == [name for name in STATE if name != "epoch"]
    info = version["encoder.weight"]
    assert (info.name, info.dtype, info.shape, info.nbytes, info.tied_to) == ("encoder.weight", "float32", (3, 4), 48, None)
    assert "scale" in version and "epoch" not in version and 3 not in version
    assert version.get("nothing") is None
    assert (version.number, version.info.message, version.info.metadata) == (1, "first", {"loss": "0.5"})
    assert (version.info.tags, version.info.layout) == (["best"], "native")
    assert version == version and version != store.at() and len({version, version}) == 1


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("encoder.", ["encoder.weight", "encoder.bias"]),
        ("*.weight", ["encoder.weight", "decoder.weight"]),
        ("[de]*.bias", ["encoder.bias"]),
        (["scale", "encoder.bias"], ["scale", "encoder.bias"]),
        (lambda name: "c" in name and name != "scale", ["encoder.weight", "encoder.bias", "decoder.weight", "epoch"]),
        ("x", []),
    ],
)
def test_names_pick_rows(store, names, found):
    picked = store.load(names=names)
    assert list(picked) == found
    assert same(picked, {name: STATE[name] for name in found})


def test_names_that_are_missing_are_all_listed(store):
    with pytest.raises(KeyError, match="no tensor `x`, `y`"):
        store.load(names=["x", "scale", "y"])
    with pytest.raises(KeyError, match="^version 1 has no tensor `x`$"):
        store.at().get_tensor("x")


@pytest.mark.parametrize("index", [np.s_[1:], np.s_[0, 1], np.s_[:, 1:2], np.s_[..., -1], np.s_[1, :, ::2]])
def test_slices_have_their_own_memory(store, index):
    version = store.at()
    found = version.get_slice("decoder.weight")
    assert (found.get_shape(), found.get_dtype()) == ([2, 3, 4], "int16")
    part = found[index]
    assert same(part, STATE["decoder.weight"][index])
    part.zero_()
    assert same(version.get_tensor("decoder.weight"), STATE["decoder.weight"])
    arrays = lancekeep.open(store.path, framework="np").at()
    assert np.array_equal(arrays.get_slice("decoder.weight")[index], STATE["decoder.weight"].numpy()[index])


def test_slices_of_dtypes_without_kernels(folder):
    values = torch.arange(12, dtype=torch.uint8).view(3, 4)
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save({"w": values.view(torch.uint4), "q": values.view(torch.quint8)})
    for name in ("w", "q"):
        part = store.at().get_slice(name)[1:, 2]
        assert part.dtype == store.at().get_tensor(name).dtype and bytes_of(part) == bytes([6, 10])


def test_on_the_meta_device_nothing_is_read(store):
    found = store.load(device="meta", names=list(store.at()))
    shapes = {name: (tensor.dtype, tensor.shape) for name, tensor in found.items()}
    assert shapes == {name: (tensor.dtype, tensor.shape) for name, tensor in STATE.items() if name != "epoch"}
    assert all(tensor.is_meta for tensor in found.values())
    assert store.load(device="meta")["epoch"] == 7
    assert store.at().get_tensor("scale", "meta").is_meta
    assert store.at().get_slice("decoder.weight", "meta")[0].shape == (3, 4)


@pytest.mark.parametrize("nbytes", [0, 1, 999, 1000, 1001, 2000, 4321])
def test_values_for_a_device_come_in_pieces(monkeypatch, nbytes):
    monkeypatch.setattr(_torch, "PIECE", 1000)
    values = torch.randint(0, 256, (nbytes,), dtype=torch.uint8)
    reads = []

    def read(offset, address, count):
        reads.append(count)
        ctypes.memmove(address, values.data_ptr() + offset, count)

    found = torch.zeros(nbytes, dtype=torch.uint8)
    _torch.stage(found, nbytes, read)
    assert torch.equal(found, values)
    assert sum(reads) == nbytes and all(count <= 1000 for count in reads)


def test_staged_values_of_a_version_are_the_mapped_ones(store):
    version = store.at()
    for name in version:
        info, read = version[name], _load.reader(version._native, name)
        found = _torch.to_device(name, info.dtype, info.shape, info.nbytes, read, torch.device("cpu"))
        assert same(found, STATE[name])


def test_an_invalid_device_is_rejected(store):
    with pytest.raises(lancekeep.InvalidArgumentError, match="is not a device"):
        store.load(device="nowhere")
    with pytest.raises(lancekeep.InvalidArgumentError, match="always on the CPU"):
        lancekeep.open(store.path, framework="np").load(device="cuda")


def test_tensors_outlive_everything(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save({"w": torch.arange(100.0)})
    tensor, array = store.at().get_tensor("w"), lancekeep.open(store.path, framework="np").load()["w"]
    del store
    gc.collect()
    shutil.rmtree(folder / "m.lance")
    assert tensor.tolist() == array.tolist() == list(range(100))


def test_writing_to_a_tensor_never_touches_the_file(store):
    version = store.at()
    version.get_tensor("encoder.weight").zero_()
    version.get_tensor("encoder.bias").zero_()
    assert not version.get_tensor("encoder.weight").any()  # tensors of one version share memory
    assert same(store.load(), STATE)
    assert store.verify().ok


def test_equal_tensors_are_not_tied(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    one = torch.ones(5)
    store.save({"a": torch.zeros(5), "b": torch.zeros(5), "x": one, "y": one, "z": torch.ones(5)})
    for framework in ("pt", "np"):
        found = lancekeep.open(store.path, framework=framework).load()
        found["a"][0] = 7
        found["x"][0] = 8
        assert [float(found[name][0]) for name in found] == [7, 0, 8, 8, 1]
        assert found["x"] is found["y"]
        version = lancekeep.open(store.path, framework=framework).at()
        version.get_tensor("a")[0] = 7
        assert float(version.get_tensor("b")[0]) == 0


def test_values_start_at_multiples_of_256(store):
    for name, tensor in store.load(names=["encoder.weight", "encoder.bias", "decoder.weight", "scale"]).items():
        assert tensor.data_ptr() % 256 == 0, name
        path, offset, length = store.at().locate(name)
        assert offset % 256 == 0 and length == tensor.nbytes
        with open(path, "rb") as file:
            file.seek(offset)
            assert file.read(length) == bytes_of(tensor)


def test_torchs_default_device_has_no_effect(store):
    with torch.device("meta"):
        found = store.load()
        assert found["none"].device.type == "cpu" and same(found, STATE)


def test_any_text_can_be_a_name(folder):
    state = {name: torch.full((2,), float(i)) for i, name in enumerate(["", ".", "a b", "Grüße 🙂", "new\nline\0", "x" * 300])}
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(state)
    assert same(store.load(), state)


def test_versions_of_two_stores_are_compared(folder):
    for name, value in (("a", 0.0), ("b", 1.0)):
        store = lancekeep.open(folder / f"{name}.lance", create=True)
        store.save({"w": torch.zeros(3), "b": torch.ones(2)})
        store.save({"w": torch.full((3,), value)})
    a, b = (lancekeep.open(folder / f"{name}.lance") for name in "ab")
    found = a.at().diff(b.at(), norms=True)
    assert [change.after.name for change in found.changed] == ["w"]
    assert found.changed[0].norms.max_abs == 1.0
    assert [info.name for info in a.diff(1, b.at()).removed] == ["b"]
    assert [info.name for info in a.diff(a.at(2), 1).added] == ["b"]
