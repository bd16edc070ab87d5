# SPDX-License-Identifier: Apache-2.0
"""Models of several files, folders with a model, and NumPy archives with more than arrays of numbers."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import lancekeep

PARTS = [{"a": torch.ones(2)}, {"b": torch.zeros(3)}]


def shards(folder: Path, index: bool) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"model-0000{i + 1}-of-00002.safetensors" for i in range(2)]
    for path, part in zip(paths, PARTS, strict=True):
        save_file(part, path)
    if index:
        names = {name: path.name for path, part in zip(paths, PARTS, strict=True) for name in part}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    return paths


def names_in(store: Path) -> list[str]:
    return sorted(lancekeep.open(store).at())


@pytest.mark.parametrize("which", [0, 1])
def test_one_file_of_several_is_never_half_a_model(tmp_path: Path, which: int) -> None:
    paths = shards(tmp_path / "m", index=False)
    report = lancekeep.import_file(paths[which], tmp_path / "s.lance")
    assert names_in(tmp_path / "s.lance") == ["a", "b"]
    assert "consists of 2 files" in report.notes[0]


def test_one_file_of_several_with_an_index_is_refused(tmp_path: Path) -> None:
    paths = shards(tmp_path / "m", index=True)
    with pytest.raises(lancekeep.InvalidArgumentError, match="model.safetensors.index.json` instead"):
        lancekeep.import_file(paths[0], tmp_path / "s.lance")
    assert not (tmp_path / "s.lance").exists()


def test_an_incomplete_set_is_refused(tmp_path: Path) -> None:
    paths = shards(tmp_path / "m", index=False)
    paths[1].unlink()
    with pytest.raises(lancekeep.NotFoundError, match="model-00002-of-00002"):
        lancekeep.import_file(paths[0], tmp_path / "s.lance")


@pytest.mark.parametrize("index", [False, True])
def test_a_folder_with_one_model_is_that_model(tmp_path: Path, index: bool) -> None:
    shards(tmp_path / "hub", index)
    (tmp_path / "hub" / "config.json").write_text("{}")
    lancekeep.import_file(tmp_path / "hub", tmp_path / "s.lance")
    assert names_in(tmp_path / "s.lance") == ["a", "b"]


def test_a_folder_of_several_models_is_refused(tmp_path: Path) -> None:
    for name in ("x.safetensors", "y.safetensors"):
        save_file(PARTS[0], tmp_path / name)
    with pytest.raises(lancekeep.InvalidArgumentError, match="several models, `x.safetensors`, `y.safetensors`"):
        lancekeep.import_file(tmp_path, tmp_path / "s.lance")


def test_text_and_objects_in_an_archive_are_left_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", w=np.ones(2), labels=np.array(["a", "bc"]), config=np.array({"a": 1}, dtype=object))
    report = lancekeep.import_file(tmp_path / "m.npz", tmp_path / "s.lance")
    assert names_in(tmp_path / "s.lance") == ["w"]
    assert len(report.notes) == 2 and "`labels`" in report.notes[0] and "`config`" in report.notes[1]


def test_raw_bytes_have_the_dtype_that_is_given(tmp_path: Path) -> None:
    values = np.arange(4).astype(ml_dtypes.bfloat16)
    np.savez(tmp_path / "m.npz", w=np.ones(2), b=values)
    report = lancekeep.import_file(tmp_path / "m.npz", tmp_path / "s.lance")
    assert names_in(tmp_path / "s.lance") == ["w"] and "`b`" in report.notes[0]
    lancekeep.import_file(tmp_path / "m.npz", tmp_path / "b.lance", void_dtype="bfloat16")
    assert torch.equal(lancekeep.open(tmp_path / "b.lance").load()["b"], torch.arange(4).to(torch.bfloat16))


def test_compressed_archives_are_read(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    arrays = {
        "plain": generator.normal(size=(300, 200)), "fortran": np.asfortranarray(generator.normal(size=(30, 20))),
        "big": np.arange(1000, dtype=">f4"), "zeros": np.zeros((1000, 1000), np.float32), "none": np.empty((0, 3)),
    }  # fmt: skip
    np.savez_compressed(tmp_path / "m.npz", **arrays)
    lancekeep.import_file(tmp_path / "m.npz", tmp_path / "s.lance")
    loaded = lancekeep.open(tmp_path / "s.lance", framework="np").load()
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
