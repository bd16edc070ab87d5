# SPDX-License-Identifier: Apache-2.0
"""lancekeep export --layout writes a Lance dataset, as the article does."""

import os
import signal
import subprocess
import time

import lance
import numpy as np
import pyarrow as pa
import pytest
from command import COMMAND, fails, names_in, run
from datasets import load_plain, save_plain
from safetensors.numpy import save_file

SCHEMA = [("name", pa.string()), ("value", pa.list_(pa.float64())), ("shape", pa.list_(pa.int64()))]


def tensors(epoch):
    return {"body.weight": np.full((50, 100), epoch, np.float32), "head.bias": np.arange(10, dtype=np.int64) + epoch,
            "head.scale": np.float16([0.1, epoch])}


@pytest.fixture
def store(tmp_path):
    """Three versions, the second one tagged."""
    path = tmp_path / "model.lance"
    for epoch in (1, 2, 3):
        save_file(tensors(epoch), tmp_path / "in.safetensors")
        assert run("import", tmp_path / "in.safetensors", path, "-m", f"epoch {epoch}", "--set", f"n={epoch}").status == 0
    assert run("tag", path, "best", "--at", "2").status == 0
    (tmp_path / "in.safetensors").unlink()
    return path


def same(found, expected):
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape
        assert found[name].tobytes() == value.astype(np.float64).tobytes()


def schema_of(path):
    return [(field.name, field.type) for field in lance.dataset(str(path)).schema]


def test_one_version(store, out):
    result = run("export", store, out / "r.lance", "--layout", "plain", "--at", "best")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(f"{out}/r.lance: 3 tensors of version 2 in the plain layout; wrote ")
    assert names_in(out) == ["r.lance"]
    assert lance.dataset(str(out / "r.lance")).version == 1
    assert schema_of(out / "r.lance") == SCHEMA
    same(load_plain(out / "r.lance"), tensors(2))


def test_verify_claims_no_hashes_if_the_dataset_has_none(store, out):
    assert run("export", store, out / "r.lance", "--layout", "plain").status == 0
    result = run("verify", out / "r.lance")
    assert result.status == 0
    assert result.out.endswith(" read, no damage found\n")


def test_the_latest_by_default_and_its_number_in_the_name(store, out):
    assert run("export", store, out / "{version:03}.lance", "--layout", "plain").status == 0
    same(load_plain(out / "003.lance"), tensors(3))


def test_every_version_with_its_tags(store, out):
    result = run("export", store, out / "r.lance", "--layout", "plain", "--all")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(f"{out}/r.lance: versions 1–3 in the plain layout; wrote ")
    for number in (1, 2, 3):
        same(load_plain(out / "r.lance", number), tensors(number))
    assert {name: tag["version"] for name, tag in lance.dataset(str(out / "r.lance")).tags.list().items()} == {"best": 2}
    log = run("log", out / "r.lance", "--json").json()["versions"][::-1]
    assert [version["message"] for version in log] == ["epoch 1", "epoch 2", "epoch 3"]
    assert [(version["metadata"]["n"], version["metadata"]["source_version"]) for version in log] == \
        [("1", "1"), ("2", "2"), ("3", "3")]


def test_in_json(store, out):
    document = run("export", store, out / "r.lance", "--layout", "plain", "--all", "--json").json()
    assert list(document) == ["store", "file", "layout", "bytes_written", "seconds", "versions", "notes"]
    assert (document["file"], document["layout"]) == (str(out / "r.lance"), "plain")
    assert all(list(version) == ["version", "source_version", "tags", "tensors", "bytes_written", "notes"]
               for version in document["versions"])
    assert [(version["version"], version["source_version"], version["tags"], version["tensors"])
            for version in document["versions"]] == [(1, 1, [], 3), (2, 2, ["best"], 3), (3, 3, [], 3)]


def test_some_tensors(store, out):
    assert run("export", store, out / "r.lance", "--layout", "plain", "--tensor", "head.*").status == 0
    assert sorted(load_plain(out / "r.lance")) == ["head.bias", "head.scale"]
    code, message = fails("export", store, out / "s.lance", "--layout", "plain", "--tensor", "none")
    assert code == "not_found" and "no tensor in version 3 matches `none`" in message
    assert names_in(out) == ["r.lance"]


def test_round_trip(tmp_path, store, out):
    assert run("export", store, out / "r.lance", "--layout", "plain", "--all").status == 0
    assert run("import", out / "r.lance", tmp_path / "back.lance").status == 0
    first, back = (run("log", path, "--json").json()["versions"] for path in (store, tmp_path / "back.lance"))
    assert [version["message"] for version in first] == [version["message"] for version in back]
    assert [version["tags"] for version in first] == [version["tags"] for version in back]
    assert [version["number"] for version in first] == [int(version["metadata"]["source_version"]) for version in back]
    assert run("ls", tmp_path / "back.lance", "--json").json()["tensors"][0]["dtype"] == "float64"


def test_a_native_copy_of_a_plain_dataset(tmp_path, out):
    save_plain(tmp_path / "r.lance", {"w": np.arange(5.0)})
    line = ["export", tmp_path / "r.lance", out / "n.lance", "--layout", "native", "--dtype", "bfloat16"]
    assert run(*line).status == 0
    document = run("ls", out / "n.lance", "--json").json()
    assert document["layout"] == "native"
    assert [(row["name"], row["dtype"]) for row in document["tensors"]] == [("w", "bfloat16")]


def test_a_plain_dataset_as_a_model_file(tmp_path, out):
    from safetensors.numpy import load_file
    save_plain(tmp_path / "r.lance", {"w": np.full(5, 0.1)})
    assert run("export", tmp_path / "r.lance", out / "a.safetensors").status == 0
    assert run("export", tmp_path / "r.lance", out / "b.safetensors", "--dtype", "float32").status == 0
    assert load_file(out / "a.safetensors")["w"].tobytes() == np.full(5, 0.1).tobytes()
    assert load_file(out / "b.safetensors")["w"].tobytes() == np.full(5, 0.1, np.float32).tobytes()


def test_a_native_store_has_dtypes_of_its_own(store, out):
    code, message = fails("export", store, out / "a.safetensors", "--dtype", "float32")
    assert code == "invalid_argument" and "their own dtypes" in message
    assert fails("ls", store, "--dtype", "float32")[0] == "invalid_argument"
    assert names_in(out) == []


# --- what float64 cannot hold -------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.array([2**53 + 1]), np.array([1 + 2j], np.complex64), np.array([2**64 - 1], np.uint64)])
def test_a_value_that_does_not_fit_is_named_before_anything_is_written(tmp_path, store, out, value):
    save_file(tensors(4) | {"odd.one": value}, tmp_path / "in.safetensors")
    assert run("import", tmp_path / "in.safetensors", store).status == 0
    code, message = fails("export", store, out / "r.lance", "--layout", "plain")
    assert code == "invalid_argument" and "odd.one" in message
    code, message = fails("export", store, out / "r.lance", "--layout", "plain", "--all")
    assert "version 4: " in message and "odd.one" in message and message.endswith("; nothing was written\n")
    assert names_in(out) == []
    assert run("export", store, out / "r.lance", "--layout", "plain", "--at", "3").status == 0


# --- existing files and folders -----------------------------------------------------------------


def test_an_empty_folder_is_filled(store, out):
    assert run("export", store, f"{out}/", "--layout", "plain").status == 0
    same(load_plain(out), tensors(3))


def test_existing_files_are_kept(tmp_path, store, out):
    (out / "file").write_text("mine")
    (out / "photos").mkdir()
    (out / "photos" / "cat.jpg").write_text("meow")
    save_plain(out / "r.lance", {"w": np.ones(3)})
    for name in ("file", "photos", "r.lance"):
        code, message = fails("export", store, out / name, "--layout", "plain")
        assert code == "already_exists" and "--force replaces a Lance dataset" in message
    for name in ("file", "photos"):
        assert fails("export", store, out / name, "--layout", "plain", "--force")[0] == "invalid_argument"
    assert (out / "file").read_text() == "mine"
    assert names_in(out) == ["file", "photos", "r.lance"]
    assert list(load_plain(out / "r.lance")) == ["w"]


def test_force_replaces_a_dataset_with_all_its_versions(store, out):
    save_plain(out / "r.lance", {"w": np.ones(3)})
    save_plain(out / "r.lance", {"w": np.zeros(3)})
    assert run("export", store, out / "r.lance", "--layout", "plain", "--force").status == 0
    assert [version["version"] for version in lance.dataset(str(out / "r.lance")).versions()] == [1]
    same(load_plain(out / "r.lance"), tensors(3))
    assert names_in(out) == ["r.lance"]


def test_a_name_without_a_folder(store, out):
    for name in ("r.lance", "./s.lance/", "../out/t.lance"):
        assert run("export", store, name, "--layout", "plain", cwd=out).status == 0
    assert names_in(out) == ["r.lance", "s.lance", "t.lance"]


def test_the_store_itself(tmp_path, store):
    os.symlink(store, tmp_path / "link")
    for folder in (store, tmp_path / "link"):
        code, message = fails("export", store, folder, "--layout", "plain", "--force")
        assert code == "invalid_argument" and "this is the store itself" in message
    assert len(run("log", store, "--json").json()["versions"]) == 3


def test_a_missing_parent_folder(store, out):
    code, message = fails("export", store, out / "none" / "r.lance", "--layout", "plain")
    assert code == "not_found" and "none" in message
    assert names_in(out) == []


def test_the_old_name_of_the_layout(store, out):
    assert run("export", store, out / "r.lance", "--layout", "recipe").status == 0
    same(load_plain(out / "r.lance"), tensors(3))


def test_invalid_arguments(store, out):
    assert "--layout excludes --max-shard-size" in \
        fails("export", store, out / "r", "--layout", "plain", "--max-shard-size", "1GB")[1]
    assert "remove {version} from its name" in fails("export", store, out / "{version}", "--layout", "plain", "--all")[1]
    assert fails("export", store, out / "r", "--layout", "columns")[0] == "invalid_argument"
    assert names_in(out) == []


def test_a_signal_leaves_nothing(tmp_path, store, out):
    save_file({"w": np.zeros(100_000_000, np.float32)}, tmp_path / "in.safetensors")
    assert run("import", tmp_path / "in.safetensors", store).status == 0
    line = [COMMAND, "export", store, out / "r.lance", "--layout", "plain"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not any(out.glob(".r.lance.lancekeep-*/data/*")):  # waits until it writes
            assert process.poll() is None and time.monotonic() < deadline
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert err == "lancekeep: interrupted; nothing was changed\n"
    assert names_in(out) == []
