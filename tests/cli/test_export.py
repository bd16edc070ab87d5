# SPDX-License-Identifier: Apache-2.0
"""lancekeep export: kinds of files, shards, and exports of some tensors only."""

import json
import re

import numpy as np
import pytest
import torch
from command import fails, names_in, run
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_model


def tensors(number):
    return {"body.weight": np.full((100, 50), number, np.float32), "head.bias": np.arange(10) + number,
            "head.weight": np.full(300, number, np.float64)}


def make_store(tmp_path):
    """Three versions, the second one tagged."""
    path = tmp_path / "model.lance"
    for number in (1, 2, 3):
        save_file(tensors(number), tmp_path / "in.safetensors")
        assert run("import", tmp_path / "in.safetensors", path, "-m", f"epoch {number}").status == 0
    assert run("tag", path, "best", "--at", "2").status == 0
    return path


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path)


def assert_equal(found, expected):
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype and np.array_equal(found[name], value), name


# --- kinds of files -----------------------------------------------------------------------------


def test_npz(store, out):
    assert run("export", store, out / "m.npz", "--at", "best").status == 0
    with np.load(out / "m.npz", allow_pickle=False) as file:
        assert_equal(dict(file), tensors(2))


def test_npy_of_one_tensor(store, out):
    assert run("export", store, out / "m.npy", "--tensor", "head.bias").status == 0
    assert np.array_equal(np.load(out / "m.npy", allow_pickle=False), tensors(3)["head.bias"])


def test_npy_of_several_tensors_is_rejected(store, out):
    assert fails("export", store, out / "m.npy")[0] == "invalid_argument"
    assert names_in(out) == []


@pytest.mark.parametrize("name", ["m", "m.onnx", "m.safetensors.index.json", "m.pt", "m.bin", ".safetensors"])
def test_other_names_are_rejected(store, out, name):
    code, message = fails("export", store, out / name)
    assert code == "invalid_argument"
    assert "expected a name that ends in .safetensors, .npz or .npy" in message
    assert names_in(out) == []


def test_numpy_s_files_keep_no_metadata(tmp_path, out):
    save_file(tensors(1), tmp_path / "in.safetensors", metadata={"epoch": "1"})
    run("import", tmp_path / "in.safetensors", tmp_path / "s")
    result = run("export", tmp_path / "s", out / "m.npz")
    assert result.status == 0
    assert result.err == "note: not kept: the metadata: `epoch`\n"


# --- shards -------------------------------------------------------------------------------------

SHARDS = [f"m-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]


def test_shards(store, out):
    result = run("export", store, out / "m.safetensors", "--max-shard-size", "10kB")
    assert (result.status, result.err) == (0, "")
    index = json.loads((out / "m.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(tensors(3))
    shards = sorted(set(index["weight_map"].values()))
    assert names_in(out) == sorted([*shards, "m.safetensors.index.json"])
    found = {}
    for shard in shards:
        found.update(load_file(out / shard))
    assert_equal(found, tensors(3))
    first, *rest = result.out.splitlines()
    assert re.match(rf"{out}/m\.safetensors\.index\.json: 3 tensors of version 3; wrote ", first)
    assert rest == [f"  {out}/{shard}" for shard in shards]


def test_shards_in_json(store, out):
    document = run("export", store, out / "m.safetensors", "--max-shard-size", "10kB", "--json").json()
    assert document["file"] == str(out / "m.safetensors")
    assert sorted(document["files"]) == sorted(str(path) for path in out.iterdir())
    assert document["bytes_written"] == sum(path.stat().st_size for path in out.iterdir())


def test_a_model_that_fits_is_one_file(store, out):
    assert run("export", store, out / "m.safetensors", "--max-shard-size", "5GB").status == 0
    assert names_in(out) == ["m.safetensors"]
    assert_equal(load_file(out / "m.safetensors"), tensors(3))


@pytest.mark.parametrize("name", ["m.safetensors", "m.safetensors.index.json", SHARDS[0]])
def test_shards_overwrite_no_file(store, out, name):
    (out / name).write_text("mine")
    code, message = fails("export", store, out / "m.safetensors", "--max-shard-size", "10kB")
    assert code == "already_exists"
    assert name in message and "--force" in message
    assert names_in(out) == [name] and (out / name).read_text() == "mine"


def test_shards_overwrite_files_when_forced(store, out):
    line = ["export", store, out / "m.safetensors", "--max-shard-size", "10kB"]
    assert run(*line).status == 0
    assert run(*line, "--at", "1", "--force").status == 0
    index = json.loads((out / "m.safetensors.index.json").read_text())
    found = {}
    for shard in set(index["weight_map"].values()):
        found.update(load_file(out / shard))
    assert_equal(found, tensors(1))


@pytest.mark.parametrize("size", ["0GB", "", "5", "GB", "-1GB", "99999999999TB", "5 GB", "lots"])
def test_an_invalid_shard_size(store, out, size):
    code, message = fails("export", store, out / "m.safetensors", "--max-shard-size", size)
    assert code == "invalid_argument"
    assert f"--max-shard-size expects a size such as 5GB, 500MB or 4GiB, got `{size}`" in message
    assert names_in(out) == []


def test_numpy_s_files_have_no_shards(store, out):
    code, message = fails("export", store, out / "m.npz", "--max-shard-size", "1MB")
    assert code == "invalid_argument"
    assert "only .safetensors can be written in shards" in message
    assert names_in(out) == []


# --- some tensors -------------------------------------------------------------------------------


def test_only_the_tensors_named(store, out):
    line = ["export", store, out / "m.safetensors", "--tensor", "head.weight", "--tensor", "body.weight"]
    assert run(*line).out.startswith(f"{out}/m.safetensors: 2 tensors of version 3; ")
    expected = tensors(3)
    del expected["head.bias"]
    assert_equal(load_file(out / "m.safetensors"), expected)


def test_only_the_tensors_that_match(store, out):
    assert run("export", store, out / "m.safetensors", "--tensor", "head.*").status == 0
    assert sorted(load_file(out / "m.safetensors")) == ["head.bias", "head.weight"]


def test_unknown_tensors_are_named(store, out):
    code, message = fails("export", store, out / "m.safetensors", "--tensor", "head.bias", "--tensor", "a", "--tensor", "b*")
    assert code == "not_found"
    assert "no tensor in version 3 matches `a`; " in message
    code, message = fails("export", store, out / "m.safetensors", "--tensor", "a", "--tensor", "head.bias", "--tensor", "c")
    assert "matches `a`, `c`; " in message
    assert names_in(out) == []


def tied_model():
    model = torch.nn.Sequential(torch.nn.Embedding(10, 4), torch.nn.Linear(4, 10, bias=False))
    model[1].weight = model[0].weight
    return model


@pytest.fixture
def tied_store(tmp_path):
    model = tied_model()
    torch.save(model.state_dict(), tmp_path / "tied.pth")
    assert run("import", tmp_path / "tied.pth", tmp_path / "tied.lance", "--set", "loss=0.3").status == 0
    return tmp_path / "tied.lance", model


@pytest.mark.parametrize("options", [[], ["--max-shard-size", "1B"]])
def test_tied_tensors_have_one_name_in_the_file(tied_store, out, options):
    store, _ = tied_store
    document = run("export", store, out / "m.safetensors", *options, "--json").json()
    assert (document["tensors"], document["not_kept"]) == (1, [])
    assert document["notes"] == ["tied tensors are written once, and their other names are in the metadata: "
                                 "`1.weight` is `0.weight`"]
    with safe_open(out / "m.safetensors", "pt") as file:
        assert list(file.keys()) == ["0.weight"]
        assert file.metadata() == {"1.weight": "0.weight", "format": "pt", "loss": "0.3"}


def test_load_model_of_safetensors_takes_tied_models(tied_store, out):
    store, saved = tied_store
    assert run("export", store, out / "m.safetensors").status == 0
    loaded = tied_model()
    assert load_model(loaded, out / "m.safetensors") == (set(), [])
    assert torch.equal(loaded[1].weight, saved[1].weight)


def test_tied_tensors_have_all_their_names_on_request(tied_store, out):
    store, saved = tied_store
    assert run("export", store, out / "m.safetensors", "--all-names").status == 0
    weight = saved[0].weight.detach().numpy()
    assert_equal(load_file(out / "m.safetensors"), {"0.weight": weight, "1.weight": weight})


def test_a_note_about_all_versions_is_printed_once(tied_store, out, tmp_path):
    store, _ = tied_store
    assert run("import", tmp_path / "tied.pth", store).status == 0
    done = run("export", store, out / "m-{version}.safetensors", "--all")
    assert done.err.count("tied tensors are written once") == 1


@pytest.mark.parametrize("metadata", [{"loss": "0.3"}, {"loss": "0.3", "format": "np"}, {}])
def test_metadata_has_a_format(tmp_path, out, metadata):
    save_file({"w": np.ones(2, np.float32)}, tmp_path / "in.safetensors")
    settings = [text for key, value in metadata.items() for text in ("--set", f"{key}={value}")]
    assert run("import", tmp_path / "in.safetensors", tmp_path / "s", *settings).status == 0
    assert run("export", tmp_path / "s", out / "m.safetensors").status == 0
    with safe_open(out / "m.safetensors", "np") as file:
        assert file.metadata() == (({"format": "pt"} | metadata) if metadata else None)


@pytest.fixture
def checkpoint(tmp_path):
    model = torch.nn.Linear(3, 2)
    torch.save({"model": model.state_dict(), "epoch": 3, "lr": torch.tensor(0.1)}, tmp_path / "c.pth")
    assert run("import", tmp_path / "c.pth", tmp_path / "c.lance").status == 0
    return tmp_path / "c.lance", {name: value.numpy() for name, value in model.state_dict().items()}


def test_a_prefix_is_stripped(checkpoint, out):
    store, model = checkpoint
    for name, options in (("m.safetensors", []), ("big.safetensors", ["--max-shard-size", "1GB"])):
        document = run("export", store, out / name, "--strip-prefix", "model.", *options, "--json").json()
        assert (document["tensors"], document["not_kept"]) == (2, [])
        assert_equal(load_file(out / name), model)
    assert run("export", store, out / "m.npz", "--strip-prefix", "model.").status == 0
    assert run("export", store, out / "b.npy", "--strip-prefix", "model.", "--tensor", "*.bias").status == 0
    assert np.array_equal(np.load(out / "b.npy"), model["bias"])


def test_a_prefix_that_no_name_has(checkpoint, out):
    code, message = fails("export", checkpoint[0], out / "m.safetensors", "--strip-prefix", "modle.")
    assert code == "not_found"
    assert "no name starts with `modle.`; names start with `model.`, `epoch`, `lr`" in message
    assert names_in(out) == []


def test_a_part_of_a_checkpoint_in_the_plain_layout(checkpoint, out):
    code, message = fails("export", checkpoint[0], out / "p.lance", "--layout", "plain")
    assert '; --tensor "model.*" or --strip-prefix model. exports a part of a checkpoint' in message
    assert run("export", checkpoint[0], out / "p.lance", "--layout", "plain", "--strip-prefix", "model.").status == 0
    rows = run("ls", out / "p.lance", "--json").json()["tensors"]
    assert sorted(row["name"] for row in rows) == ["bias", "weight"]


def test_a_tie_is_dropped_without_its_target(tmp_path, out):
    weight = torch.arange(4.0)
    torch.save({"a": weight, "b": weight}, tmp_path / "tied.pth")
    run("import", tmp_path / "tied.pth", tmp_path / "s")
    document = run("export", tmp_path / "s", out / "m.safetensors", "--tensor", "b", "--json").json()
    assert document["not_kept"] == []
    assert_equal(load_file(out / "m.safetensors"), {"b": weight.numpy()})
