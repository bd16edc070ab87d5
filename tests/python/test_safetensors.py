# SPDX-License-Identifier: Apache-2.0
"""lancekeep.torch and lancekeep.numpy compared with the modules of safetensors that they replace."""

import lancekeep
import lancekeep.numpy
import lancekeep.torch
import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from equality import same

TENSORS = {"b": torch.arange(6.0).view(2, 3), "a": torch.ones(4, dtype=torch.bfloat16), "s": torch.tensor(3)}
ARRAYS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(4, ml_dtypes.bfloat16), "s": np.array(3)}


def test_files_are_saved_and_loaded(folder):
    path = folder / "m.lance"
    report = lancekeep.torch.save_file(TENSORS, path, metadata={"epoch": "3"})
    assert report.version == 1
    assert same(lancekeep.torch.load_file(path), TENSORS)
    assert list(lancekeep.torch.load_file(path)) == list(TENSORS)
    assert lancekeep.torch.load_file(path, device="meta")["b"].is_meta
    assert lancekeep.torch.save_file({"b": TENSORS["b"]}, path, message="less", tag="small").tensors_kept == 1
    assert same(lancekeep.torch.load_file(path, version=1), TENSORS)
    assert list(lancekeep.torch.load_file(path, version="small")) == ["b"]


def test_arrays_are_saved_and_loaded(folder):
    lancekeep.numpy.save_file(ARRAYS, folder / "m.lance")
    assert same(lancekeep.numpy.load_file(folder / "m.lance"), ARRAYS)
    assert same(lancekeep.torch.load_file(folder / "m.lance")["a"], TENSORS["a"])


def test_bytes_are_those_of_a_safetensors_file():
    data = lancekeep.torch.save(TENSORS, metadata={"epoch": "3"})
    theirs = safetensors.torch.load(data)
    assert theirs.keys() == TENSORS.keys() and all(same(theirs[name], TENSORS[name]) for name in TENSORS)
    assert same(lancekeep.torch.load(data), TENSORS)
    theirs = lancekeep.torch.load(safetensors.torch.save(TENSORS))
    assert theirs.keys() == TENSORS.keys() and all(same(theirs[name], TENSORS[name]) for name in TENSORS)
    theirs["b"].zero_()


def test_bytes_of_arrays():
    data = lancekeep.numpy.save(ARRAYS)
    assert data == lancekeep.torch.save(TENSORS)
    assert same(lancekeep.numpy.load(data), ARRAYS)
    found = lancekeep.numpy.load(safetensors.numpy.save({"x": np.arange(3)}))
    assert same(found, {"x": np.arange(3)})
    found["x"][0] = 9


def test_no_tensors_are_a_valid_file():
    assert lancekeep.torch.load(lancekeep.torch.save({})) == {}
    assert same(lancekeep.torch.load(lancekeep.torch.save({"e": torch.empty(0, 2)})), {"e": torch.empty(0, 2)})


def test_bytes_that_are_damaged_are_an_error():
    with pytest.raises(lancekeep.CorruptError):
        lancekeep.torch.load(lancekeep.torch.save(TENSORS)[:-1])
    with pytest.raises(lancekeep.UnsupportedError, match="`c`"):
        lancekeep.torch.save({"c": torch.ones(2, dtype=torch.complex128)})


def test_modules_are_saved_and_loaded(folder):
    saved, found = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    lancekeep.torch.save_model(saved, folder / "m.lance")
    missing, unexpected = lancekeep.torch.load_model(found, folder / "m.lance")
    assert (missing, unexpected) == ([], [])
    assert same(dict(found.state_dict()), dict(saved.state_dict()))
    missing, unexpected = lancekeep.torch.load_model(torch.nn.Linear(3, 2, bias=False), folder / "m.lance", strict=False)
    assert (missing, unexpected) == ([], ["bias"])


@pytest.mark.parametrize("framework", ["pt", "np"])
def test_safe_open_reads_tensors_one_by_one(folder, framework):
    state = TENSORS if framework == "pt" else ARRAYS
    lancekeep.open(folder / "m.lance", create=True).save({**TENSORS, "n": 3}, metadata={"epoch": "3"})
    with lancekeep.torch.safe_open(folder / "m.lance", framework=framework, device="cpu") as f:
        assert f.keys() == list(TENSORS) == list(f) and len(f) == 3
        assert "a" in f and "n" not in f
        assert f.metadata() == {"epoch": "3"}
        assert sorted(f.offset_keys()) == sorted(f.keys())
        assert same(f.get_tensor("b"), state["b"])
        assert same(f.get_slice("b")[1:, :2], state["b"][1:, :2])
        kept = f.get_tensor("a")
    assert same(kept, state["a"])
    with pytest.raises(lancekeep.Error, match="closed"):
        f.keys()


def test_safe_open_says_when_there_is_no_metadata(folder):
    lancekeep.torch.save_file(TENSORS, folder / "m.lance")
    assert lancekeep.torch.safe_open(folder / "m.lance", "pt").metadata() is None


def test_what_safetensors_rejects_is_kept(folder):
    shared = torch.arange(6.0)
    odd = {"a": shared, "b": shared, "part": shared[2:4], "strided": shared.view(2, 3).t(), "conj": torch.tensor([1 + 2j]).conj()}
    with pytest.raises(RuntimeError):
        safetensors.torch.save_file(odd, folder / "m.safetensors")
    report = lancekeep.torch.save_file(odd, folder / "m.lance")
    found = lancekeep.torch.load_file(folder / "m.lance")
    assert same(found, odd)
    assert found["a"].data_ptr() == found["b"].data_ptr() != found["part"].data_ptr()
    assert any("`a` and `part` share memory" in note for note in report.notes)


def test_metadata_maps_str_to_str(folder):
    with pytest.raises(TypeError, match="metadata must be a dict of str to str"):
        lancekeep.torch.save_file(TENSORS, folder / "m.lance", metadata={"epoch": 3})
    assert not (folder / "m.lance").exists()


@pytest.mark.parametrize("save", [lancekeep.torch.save_file, lancekeep.numpy.save_file])
def test_other_values_are_rejected_before_anything_is_created(folder, save):
    with pytest.raises(lancekeep.InvalidArgumentError, match="'x': int"):
        save({"x": 3}, folder / "m.lance")
    with pytest.raises(lancekeep.InvalidArgumentError, match="tag"):
        save({}, folder / "m.lance", tag="a/b")
    assert not (folder / "m.lance").exists()


def test_a_store_cannot_have_the_name_of_a_safetensors_file(folder):
    with pytest.raises(lancekeep.InvalidArgumentError, match="a store is a folder.*is the name of a file.*export"):
        lancekeep.torch.save_file(TENSORS, folder / "m.safetensors")
    assert not (folder / "m.safetensors").exists()
