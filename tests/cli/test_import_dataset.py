# SPDX-License-Identifier: Apache-2.0
"""lancekeep import of a Lance dataset copies every version, with its message, metadata, tags and origin."""

import json
import os
import re
import signal
import subprocess
from datetime import datetime, timezone

import lance
import numpy as np
import pyarrow as pa
import pytest
from command import COMMAND, fails, run, versions
from datasets import load_plain, save_plain
from safetensors.numpy import load_file, save_file


def weights(epoch):
    return {"fc.weight": np.arange(600.0).reshape(20, 30) + epoch, "fc.bias": np.full(20, 0.1), "steps": np.array(1000.0)}


@pytest.fixture
def plain(tmp_path):
    """Three versions with messages, the second one tagged twice."""
    path = tmp_path / "plain.lance"
    for epoch in (1, 2, 3):
        dataset = save_plain(path, weights(epoch), mode="overwrite", message=f"epoch {epoch}")
    dataset.tags.create("best", 2)
    dataset.tags.create("paper", 2)
    return path


@pytest.fixture
def native(tmp_path):
    path = tmp_path / "native.lance"
    for epoch in (1, 2, 3):
        file = tmp_path / "epoch.safetensors"
        save_file({"w": np.full(1000, epoch, np.float32), "same": np.arange(5000, dtype=np.int64)}, file)
        assert run("import", file, path, "-m", f"epoch {epoch}", "--set", f"epoch={epoch}").status == 0
    assert run("tag", path, "best", "--at", "2").status == 0
    return path


def exported(tmp_path, store, at):
    file = tmp_path / f"out-{at}.safetensors"
    assert run("export", store, file, "--at", at, "--force").status == 0
    return load_file(file)


def same(found, expected, dtype):
    assert list(found) and set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].dtype == dtype and found[name].shape == np.shape(value)
        assert found[name].tobytes() == np.asarray(value).astype(dtype).tobytes()


def test_all_versions_of_a_plain_dataset(tmp_path, plain):
    result = run("import", plain, tmp_path / "s")
    assert (result.status, result.err) == (0, "")
    assert len(result.out.splitlines()) == 3
    assert re.match(rf"version 1 of {tmp_path}/s: 3 tensors, .*; from version 1 of 20\d\d-", result.out)
    found = versions(tmp_path / "s")
    assert [version["message"] for version in found] == ["epoch 1", "epoch 2", "epoch 3"]
    assert [version["tags"] for version in found] == [[], ["best", "paper"], []]
    assert [version["layout"] for version in found] == 3 * ["native"]
    for number in (1, 2, 3):
        same(exported(tmp_path, tmp_path / "s", number), weights(number), np.float64)


def test_in_another_dtype(tmp_path, plain):
    assert run("import", plain, tmp_path / "s", "--dtype", "float32").status == 0
    for number in (1, 2, 3):
        same(exported(tmp_path, tmp_path / "s", number), weights(number), np.float32)


def test_time_and_number_go_into_the_metadata(tmp_path, plain):
    assert run("import", plain, tmp_path / "s").status == 0
    theirs = {version["version"]: version["timestamp"] for version in lance.dataset(str(plain)).versions()}
    for version in versions(tmp_path / "s"):
        metadata = version["metadata"]
        assert set(metadata) == {"source_time", "source_version"}
        assert metadata["source_version"] == str(version["number"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?Z", metadata["source_time"])
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z", r"\1+00:00", metadata["source_time"]).replace("Z", "+00:00"))
        expected = theirs[version["number"]].astimezone(timezone.utc)
        assert abs((found - expected).total_seconds()) < 1e-3


def test_metadata_is_copied_and_settings_override_it(tmp_path, native):
    assert run("import", native, tmp_path / "s", "--set", "epoch=9", "--set", "run=a").status == 0
    assert [(version["metadata"]["epoch"], version["metadata"]["run"]) for version in versions(tmp_path / "s")] == \
        3 * [("9", "a")]


def test_a_message_for_all(tmp_path, plain):
    assert run("import", plain, tmp_path / "s", "-m", "from the old run").status == 0
    assert [version["message"] for version in versions(tmp_path / "s")] == 3 * ["from the old run"]


def test_log_and_show_say_when_it_was_saved(tmp_path, plain):
    file = tmp_path / "m.safetensors"
    save_file({"w": np.ones(3, np.float32)}, file)
    line = ["import", file, tmp_path / "s", "--set", "source_time=2026-03-01T12:00:00.5Z"]
    assert run(*line).status == 0
    today = versions(tmp_path / "s")[0]["time"][:10]
    assert f"2026-03-01T12:00:00Z (imported {today})" in run("log", tmp_path / "s").out
    assert f"time     2026-03-01T12:00:00Z (imported {today})\n" in run("show", tmp_path / "s").out
    assert versions(tmp_path / "s")[0]["metadata"]["source_time"] == "2026-03-01T12:00:00.5Z"


def test_a_version_that_is_imported_again_keeps_its_first_time(tmp_path, plain):
    assert run("import", plain, tmp_path / "a").status == 0
    assert run("import", tmp_path / "a", tmp_path / "b", "--at", "3").status == 0
    (version,) = versions(tmp_path / "b")
    assert version["metadata"] == versions(tmp_path / "a")[2]["metadata"]


def test_a_copy_of_a_native_store_shares_what_the_store_shared(tmp_path, native):
    document = run("import", native, tmp_path / "s", "--json").json()
    assert list(document) == ["store", "dataset", "versions", "already_there", "notes"]
    assert (document["store"], document["dataset"]) == (str(tmp_path / "s"), str(native))
    assert all(list(version) == ["version", "source_version", "message", "metadata", "tags", "tensors_written",
                                 "tensors_kept", "bytes_written", "bytes_shared", "bytes_total", "seconds", "notes"]
               for version in document["versions"])
    assert [version["tensors_kept"] for version in document["versions"]] == [0, 1, 1]
    assert [version["tags"] for version in document["versions"]] == [[], ["best"], []]
    for number in (1, 2, 3):
        assert exported(tmp_path, tmp_path / "s", number)["w"].tobytes() == np.full(1000, number, np.float32).tobytes()


def test_a_version_that_changes_nothing_costs_nothing(tmp_path, plain):
    lance.dataset(str(plain)).optimize.compact_files()
    save_plain(plain, weights(3), message="again")
    assert run("import", plain, tmp_path / "s", "--dtype", "float32").status == 0
    document = run("import", plain, tmp_path / "t", "--json").json()["versions"][-1]
    assert (document["tensors_written"], document["tensors_kept"]) == (0, 3)
    assert document["bytes_written"] < 10_000


def test_into_a_store_with_versions(tmp_path, plain, native):
    document = run("import", plain, native, "--json")
    assert document.status == 2 and "has the tag `best`, which the store already has" in document.err
    assert len(versions(native)) == 3
    assert run("tag", native, "-d", "best").status == 0
    document = run("import", plain, native, "--json").json()
    assert [(version["version"], version["source_version"]) for version in document["versions"]] == [(4, 1), (5, 2), (6, 3)]
    assert versions(native)[4]["tags"] == ["best", "paper"]


def test_one_version(tmp_path, plain):
    assert run("import", plain, tmp_path / "s", "--at", "best", "--tag", "mine").status == 0
    (version,) = versions(tmp_path / "s")
    assert (version["message"], version["tags"]) == ("epoch 2", ["best", "mine", "paper"])
    assert version["metadata"]["source_version"] == "2"
    same(exported(tmp_path, tmp_path / "s", 1), weights(2), np.float64)


def test_a_tag_needs_a_single_version(tmp_path, plain):
    code, message = fails("import", plain, tmp_path / "s", "--tag", "mine")
    assert code == "invalid_argument"
    assert "--tag names one version, but the dataset has 3" in message
    assert not (tmp_path / "s").exists()


def test_into_the_plain_layout_and_back(tmp_path, plain):
    assert run("import", plain, tmp_path / "r", "--layout", "plain").status == 0
    assert [version["layout"] for version in versions(tmp_path / "r")] == 3 * ["plain"]
    for number in (1, 2, 3):
        found, expected = load_plain(tmp_path / "r", number), weights(number)
        assert {name: value.tobytes() for name, value in found.items()} == \
            {name: value.tobytes() for name, value in expected.items()}
    assert run("import", tmp_path / "r", tmp_path / "n").status == 0
    assert run("import", tmp_path / "r", tmp_path / "r2").status == 0, "a new store is native"
    assert [version["layout"] for version in versions(tmp_path / "r2")] == 3 * ["native"]


def test_another_layout_than_the_store_has_is_rejected(tmp_path, plain, native):
    assert run("import", plain, tmp_path / "r", "--layout", "plain", "--at", "1").status == 0
    code, message = fails("import", native, tmp_path / "r", "--layout", "native", "--at", "1")
    assert code == "invalid_argument" and "new" in message
    assert len(versions(tmp_path / "r")) == 1


def test_a_model_file_into_a_new_plain_store(tmp_path):
    file = tmp_path / "m.safetensors"
    save_file({"w": np.full(3, 0.1, np.float32), "n": np.arange(4, dtype=np.int64)}, file)
    assert run("import", file, tmp_path / "r", "--layout", "plain").status == 0
    found = load_plain(tmp_path / "r")
    assert found["w"].tobytes() == np.full(3, 0.1, np.float32).astype(np.float64).tobytes()
    assert found["n"].tolist() == [0, 1, 2, 3]
    assert run("import", file, tmp_path / "r").status == 0, "a later save keeps the layout"
    assert [version["layout"] for version in versions(tmp_path / "r")] == 2 * ["plain"]


def test_what_float64_cannot_hold_leaves_no_store(tmp_path):
    file = tmp_path / "m.safetensors"
    save_file({"big": np.array([2**53 + 1])}, file)
    code, message = fails("import", file, tmp_path / "r", "--layout", "plain")
    assert "big" in message
    assert not (tmp_path / "r").exists()


# --- what cannot be read ------------------------------------------------------------------------


def test_a_damaged_version_stops_the_import(tmp_path, plain):
    manifest = sorted((plain / "_versions").iterdir())[1]  # in every naming scheme, version 2 is the middle one
    manifest.write_bytes(b"\0" * manifest.stat().st_size)
    done = run("import", plain, tmp_path / "s")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("lancekeep: version 2: ")
    assert done.err.endswith("; nothing was imported; --at NUMBER imports a single version\n")
    assert not (tmp_path / "s").exists()
    assert run("import", plain, tmp_path / "s", "--at", "3").status == 0
    assert [version["metadata"]["source_version"] for version in versions(tmp_path / "s")] == ["3"]


def test_versions_that_are_not_models_are_left_out(tmp_path, plain):
    lance.write_dataset(pa.table({"id": [1, 2, 3]}), str(plain), mode="overwrite")
    save_plain(plain, weights(5), message="epoch 5")
    done = run("import", plain, tmp_path / "s")
    assert (done.status, len(done.out.splitlines())) == (0, 4)
    assert re.fullmatch(r"note: version 4 is left out: .*does not keep a model[^\n]*\n", done.err)
    assert [version["metadata"]["source_version"] for version in versions(tmp_path / "s")] == ["1", "2", "3", "5"]
    document = run("import", plain, tmp_path / "t", "--json").json()
    assert [version["source_version"] for version in document["versions"]] == [1, 2, 3, 5]
    assert document["notes"][0].startswith("version 4 is left out: ")


def test_a_dataset_without_a_model(tmp_path):
    lance.write_dataset(pa.table({"id": [1, 2, 3]}), str(tmp_path / "table"))
    code, message = fails("import", tmp_path / "table", tmp_path / "s")
    assert code == "invalid_argument"
    assert "no version of the dataset can be imported: version 1 is left out: " in message


# --- again --------------------------------------------------------------------------------------


def origins(store):
    return [version["metadata"]["source_version"] for version in versions(store)]


@pytest.mark.parametrize("kind", ["plain", "native"])
def test_nothing_is_imported_twice(tmp_path, plain, native, kind):
    dataset = {"plain": plain, "native": native}[kind]
    assert run("import", dataset, tmp_path / "s").status == 0
    done = run("import", dataset, tmp_path / "s")
    assert (done.status, done.err) == (0, "")
    assert done.out == f"{tmp_path / 's'} already has versions 1–3 of {dataset}\n"
    document = run("import", dataset, tmp_path / "s", "--json").json()
    assert (document["versions"], document["already_there"], document["notes"]) == ([], [1, 2, 3], [])
    assert origins(tmp_path / "s") == ["1", "2", "3"]


def test_what_is_new_comes_over_and_tags_follow(tmp_path, plain):
    assert run("import", plain, tmp_path / "s").status == 0
    assert run("import", native_file(tmp_path), tmp_path / "s", "-m", "mine", "--tag", "mine").status == 0
    dataset = save_plain(plain, weights(4), message="epoch 4")
    dataset.tags.update("best", 4)
    dataset.tags.create("first", 1)
    document = run("import", plain, tmp_path / "s", "--json").json()
    assert [(each["version"], each["source_version"]) for each in document["versions"]] == [(5, 4)]
    assert sorted(document["notes"]) == ["the tag `best` has moved from version 2 to version 5",
                                         "version 1 has the new tag `first`"]
    assert {version["number"]: version["tags"] for version in versions(tmp_path / "s")} == {
        1: ["first"], 2: ["paper"], 3: [], 4: ["mine"], 5: ["best"]}


def native_file(tmp_path):
    save_file({"w": np.zeros(3, np.float32)}, tmp_path / "mine.safetensors")
    return tmp_path / "mine.safetensors"


def test_a_tag_of_the_stores_own_is_not_moved(tmp_path, plain):
    assert run("import", plain, tmp_path / "s").status == 0
    assert run("import", native_file(tmp_path), tmp_path / "s", "--tag", "mine").status == 0
    save_plain(plain, weights(4)).tags.create("mine", 4)
    code, message = fails("import", plain, tmp_path / "s")
    assert code == "already_exists" and "nothing was imported" in message
    assert len(versions(tmp_path / "s")) == 4


def test_one_version_again(tmp_path, plain):
    for _ in range(2):
        assert run("import", plain, tmp_path / "s", "--at", "2").status == 0
    assert run("import", plain, tmp_path / "s", "--at", "2", "--tag", "mine").status == 0
    (version,) = versions(tmp_path / "s")
    assert version["tags"] == ["best", "mine", "paper"]
    assert run("import", plain, tmp_path / "s").status == 0
    assert origins(tmp_path / "s") == ["2", "1", "3"]


def test_a_restored_version_of_the_dataset_comes_over_too(tmp_path, native):
    assert run("restore", native, "1").status == 0
    assert run("import", native, tmp_path / "s").status == 0
    assert run("import", native, tmp_path / "s").out.endswith(f"already has versions 1–4 of {native}\n")
    assert len(versions(tmp_path / "s")) == 4


def test_an_import_that_was_interrupted_goes_on(tmp_path, plain):
    assert run("import", plain, tmp_path / "s", "--at", "1").status == 0
    assert run("import", plain, tmp_path / "s").status == 0
    assert origins(tmp_path / "s") == ["1", "2", "3"]


def test_branches_are_noted(tmp_path, plain):
    lance.dataset(str(plain)).create_branch("dev")
    done = run("import", plain, tmp_path / "s")
    assert (done.status, done.err) == (0, "note: the dataset has the branch `dev`: versions and tags of branches are left out\n")


def test_a_rejected_import_leaves_no_store(tmp_path, plain, native):
    lance.write_dataset(pa.table({"id": [1, 2, 3]}), str(tmp_path / "table"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    for line in ([tmp_path / "table"], [tmp_path / "photos"], [tmp_path / "none"], [plain, "--at", "9"],
                 [native, "--dtype", "float32"], [plain, "--dtype", "complex64"], [plain, "--dtype", "int8"]):
        assert run("import", line[0], tmp_path / "s", *line[1:]).status == 2
        assert not (tmp_path / "s").exists(), line


def test_a_value_that_is_not_an_int8_names_the_tensor(tmp_path, plain):
    code, message = fails("import", plain, tmp_path / "s", "--dtype", "int8", "--at", "1")
    assert code == "invalid_argument"
    assert "fc." in message or "steps" in message


def test_an_empty_folder_stays_empty(tmp_path, plain):
    (tmp_path / "s").mkdir()
    assert run("import", plain, tmp_path / "s", "--dtype", "int8").status == 2
    assert list((tmp_path / "s").iterdir()) == []


def test_a_folder_that_is_not_a_dataset(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("x")
    code, message = fails("import", tmp_path / "model", tmp_path / "s")
    assert code == "invalid_argument"
    assert "this folder is not a Lance dataset and has no model file" in message


def test_into_itself(tmp_path, native):
    os.symlink(native, tmp_path / "link")
    for store in (native, tmp_path / "link"):
        code, message = fails("import", native, store)
        assert code == "invalid_argument"
        assert "the dataset is the store itself" in message
    assert len(versions(native)) == 3


def test_a_dataset_among_files(tmp_path, plain):
    save_file({"w": np.ones(3, np.float32)}, tmp_path / "m.safetensors")
    code, message = fails("import", tmp_path / "m.safetensors", plain, tmp_path / "s")
    assert code == "invalid_argument"
    assert "imported by itself" in message


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--at", "1"], "--at is for Lance datasets only"),
        (["--dtype", "float32"], "--dtype is for Lance datasets, and for raw bytes in NumPy's .npz and .npy files; found another"),
    ],
)
def test_options_for_datasets_are_rejected_for_files(tmp_path, option, says):
    save_file({"w": np.ones(3, np.float32)}, tmp_path / "m.safetensors")
    code, message = fails("import", tmp_path / "m.safetensors", tmp_path / "s", *option)
    assert code == "invalid_argument"
    assert says in message
    assert not (tmp_path / "s").exists()


def test_the_old_name_of_the_layout(tmp_path, plain):
    assert run("import", plain, tmp_path / "r", "--layout", "recipe", "--at", "1").status == 0
    assert versions(tmp_path / "r")[0]["layout"] == "plain"


def test_an_unknown_layout(tmp_path, plain):
    code, message = fails("import", plain, tmp_path / "s", "--layout", "columns")
    assert code == "invalid_argument" and "--layout" in message


# --- while it runs ------------------------------------------------------------------------------


def test_a_signal_between_versions_keeps_what_was_saved(tmp_path, plain):
    save_plain(plain, {"big": np.zeros(30_000_000)}, message="large")
    line = [COMMAND, "import", plain, tmp_path / "s"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            process.stdout.readline()
        process.send_signal(signal.SIGSTOP)  # at once: saving the fourth takes long, but ends
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        rest, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert err == (f"lancekeep: interrupted; versions 1–3 of `{plain}` are imported; "
                   "version 4 and later ones are not\n")
    assert len(versions(tmp_path / "s")) == 3
