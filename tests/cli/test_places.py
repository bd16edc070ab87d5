# SPDX-License-Identifier: Apache-2.0
"""What people give in place of a model file or a store: each message says what it is, and what helps."""

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint
from command import fails, names_in, run
from safetensors.numpy import save_file


@pytest.fixture
def file(tmp_path):
    save_file({"w": np.ones(3, np.float32)}, tmp_path / "a.safetensors")
    return tmp_path / "a.safetensors"


@pytest.mark.parametrize("name", ["b.safetensors", "b.pth", "b.PT", "b.npz", "b.ckpt", "b.h5", "b.gguf", "b.tar.gz"])
def test_a_store_is_not_called_like_a_file(tmp_path, file, name):
    code, message = fails("import", file, tmp_path / name)
    assert code == "invalid_argument"
    assert "To convert a model file, import it into a store, then export that" in message
    assert not (tmp_path / name).exists()


def test_a_dataset_is_not_called_like_a_file(tmp_path, store):
    code, message = fails("export", store, tmp_path / "b.safetensors", "--layout", "native")
    assert code == "invalid_argument" and "is the name of a file" in message
    assert not (tmp_path / "b.safetensors").exists()


def test_a_store_that_is_called_like_a_file_can_be_used(tmp_path, file, store):
    store.rename(tmp_path / "b.pth")
    assert run("log", tmp_path / "b.pth").status == 0
    assert run("import", file, tmp_path / "b.pth").status == 0


@pytest.mark.parametrize("verb", [["log"], ["ls"], ["verify"], ["gc", "--keep-last", "1"], ["du"], ["restore", "1"]])
def test_a_model_file_in_place_of_a_store(file, verb):
    code, message = fails(verb[0], file, *verb[1:])
    assert code == "invalid_argument"
    assert f"this is a safetensors file; to save it as a version of a store: lancekeep import {file} STORE" in message


def test_a_file_without_a_store(file):
    code, message = fails("import", file)
    assert code == "invalid_argument"
    assert "STORE is required (the last argument is the store: did you forget it?)" in message


@pytest.mark.parametrize("count", [2, 3])
def test_a_forgotten_store(tmp_path, count):
    files = [tmp_path / f"{letter}.pth" for letter in "abc"[:count]]
    for each in files:
        torch.save({"w": torch.ones(2)}, each)
    code, message = fails("import", *files)
    assert code == "invalid_argument"
    assert "did you forget the store? lancekeep import FILE... STORE" in message
    assert names_in(tmp_path) == [each.name for each in files]


def test_a_file_whose_name_starts_with_a_dash(tmp_path, file):
    file.rename(tmp_path / "-dash.safetensors")
    done = run("import", "-dash.safetensors", "d.lance", cwd=tmp_path)
    assert done.status == 2
    assert "`-dash.safetensors` is taken for an option: write ./-dash.safetensors for the file" in done.err
    assert run("import", "./-dash.safetensors", "d.lance", cwd=tmp_path).status == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("https://huggingface.co/gpt2/resolve/main/model.safetensors", "this is a URL; download the file first"),
        ("-", "standard input cannot be read"),
        ("link.pth", "this is a link to `../blobs/0a1b`, which does not exist"),
        ("cut.pth", "the file is empty"),
        ("model.gguf", "this is a GGUF file of llama.cpp: import the safetensors files"),
        ("page.bin", "this is an HTML page"),
        ("pointer.pth", "run `git lfs pull` to fetch the model"),
    ],
)
def test_what_is_not_a_model_file(tmp_path, name, says):
    (tmp_path / "link.pth").symlink_to("../blobs/0a1b")
    (tmp_path / "cut.pth").touch()
    (tmp_path / "model.gguf").write_bytes(b"GGUF\3\0\0\0")
    (tmp_path / "page.bin").write_text("<!DOCTYPE html><title>Sign in</title>")
    (tmp_path / "pointer.pth").write_text("version https://git-lfs.github.com/spec/v1\n")
    done = run("import", name, "s.lance", cwd=tmp_path)
    assert done.status == 2 and says in done.err
    assert not (tmp_path / "s.lance").exists()


def test_a_folder_of_a_distributed_checkpoint(tmp_path):
    torch.distributed.checkpoint.save({"w": torch.ones(2)}, checkpoint_id=tmp_path / "step1")
    for source in (tmp_path / "step1", tmp_path / "step1" / "__0_0.distcp", tmp_path / "step1" / ".metadata"):
        done = run("import", source, tmp_path / "s.lance")
        assert done.status == 2 and "dcp_to_torch_save" in done.err
    done = run("log", tmp_path / "step1")
    assert done.status == 2 and "not a Lance dataset: this is a torch.distributed.checkpoint (DCP) folder" in done.err


def test_a_folder_of_the_hub(tmp_path):
    for name in ("blobs/0a1b", "refs/main", "snapshots/0a1b/config.json"):
        (tmp_path / "models--gpt2" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models--gpt2" / name).write_text("{}")
    done = run("import", tmp_path / "models--gpt2", tmp_path / "s.lance")
    assert done.status == 2 and "the model is in a folder below `snapshots`" in done.err


def test_a_store_behind_a_link_to_nothing(tmp_path):
    (tmp_path / "m.lance").symlink_to("/mnt/disk/m.lance")
    for line in (["log", tmp_path / "m.lance"], ["verify", tmp_path / "m.lance"]):
        code, message = fails(*line)
        assert code == "not_found" and "this is a link to `/mnt/disk/m.lance`, which does not exist" in message
