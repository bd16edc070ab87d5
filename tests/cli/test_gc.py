# SPDX-License-Identifier: Apache-2.0
"""lancekeep gc as a user runs it."""

import os
import re
import time

import numpy as np
import pytest
from command import fails, run, snapshot, versions
from safetensors.numpy import save_file

ORPHAN = "101000011000111000011111956c204177a2047a9f78d5a0cf.lance"


@pytest.fixture
def store(tmp_path):
    """Four versions, the second one tagged."""
    path = tmp_path / "model.lance"
    for i in range(1, 5):
        save_file({"w": np.full(1000, i, dtype=np.float32)}, tmp_path / "model.safetensors")
        assert run("import", tmp_path / "model.safetensors", path, "-m", f"epoch {i}").status == 0
    assert run("tag", path, "best", "--at", "2").status == 0
    return path


def numbers(store):
    return [version["number"] for version in versions(store)]


def put_orphan(store, age_in_days):
    path = store / "data" / ORPHAN
    path.write_bytes(b"x" * 2000)
    moment = time.time() - age_in_days * 86400
    os.utime(path, (moment, moment))
    return path


def test_says_what_it_removed(store):
    result = run("gc", store, "--keep-last", "1")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"removed 2 versions \(1, 3\), 6 files, [\d.]+ kB freed\n", result.out)
    assert numbers(store) == [2, 4]
    assert run("export", store, store.parent / "old.safetensors", "--at", "best").status == 0
    code, message = fails("show", store, "--at", "3")
    assert code == "not_found"
    assert "version 3 was removed; existing versions: 2, 4" in message


def test_runs_of_versions_are_joined(store):
    assert run("tag", store, "-d", "best").status == 0
    assert run("gc", store, "--keep-last", "1").out.startswith("removed 3 versions (1–3), 9 files, ")


def test_says_when_there_is_nothing_to_remove(store):
    result = run("gc", store, "--keep-last", "4")
    assert (result.status, result.out, result.err) == (0, "nothing to remove\n", "")


def test_json(store):
    before = snapshot(store)
    document = run("gc", store, "--keep-last", "1", "--json").json()
    assert list(document) == [
        "store", "dry_run", "versions_removed", "files_removed", "bytes_freed", "orphans_kept",
        "orphan_bytes_kept", "rewritten", "notes",
    ]
    gone = before.keys() - snapshot(store).keys()
    assert document["versions_removed"] == [1, 3]
    assert document["files_removed"] == len(gone) == 6
    assert document["bytes_freed"] == sum(len(before[path]) for path in gone)
    assert (document["dry_run"], document["orphans_kept"], document["rewritten"]) == (False, 0, None)


def test_dry_run_changes_nothing(store):
    before = snapshot(store)
    result = run("gc", store, "--keep-last", "1", "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"would remove 2 versions \(1, 3\), 6 files, [\d.]+ kB\n", result.out)
    dry = run("gc", store, "--keep-last", "1", "--dry-run", "--json").json()
    assert snapshot(store) == before
    assert dry["dry_run"] is True
    assert run("gc", store, "--keep-last", "1", "--json").json() == {**dry, "dry_run": False}


def test_older_than(store):
    assert run("gc", store, "--older-than", "1h").out == "nothing to remove\n"
    assert run("gc", store, "--older-than", "0s", "--keep-last", "3").out.startswith("removed 1 version (1), ")
    assert run("gc", store, "--older-than", "0s").out.startswith("removed 1 version (3), ")
    assert numbers(store) == [2, 4]


def test_young_unreferenced_files_are_kept_and_reported(store):
    orphan = put_orphan(store, age_in_days=6)
    result = run("gc", store, "--keep-last", "4")
    assert (result.status, result.out) == (0, "nothing to remove\n")
    assert result.err == (
        "note: 1 unreferenced file kept (2.0 kB): younger than 7 days, or in use; "
        "--orphans-older-than 0s removes it if no save is running\n"
    )
    result = run("gc", store, "--keep-last", "4", "--orphans-older-than", "5d")
    assert (result.status, result.out, result.err) == (0, "removed 1 file, 2.0 kB freed\n", "")
    assert not orphan.exists()


def test_old_unreferenced_files_are_removed(store):
    orphan = put_orphan(store, age_in_days=8)
    assert run("gc", store, "--keep-last", "4").out == "removed 1 file, 2.0 kB freed\n"
    assert not orphan.exists()


def test_foreign_files_are_kept_and_reported(store):
    (store / "data" / "notes.txt").write_text("mine")
    result = run("gc", store, "--keep-last", "1", "--orphans-older-than", "0s")
    assert result.err == "note: kept 1 file with a name that Lance does not write\n"
    assert (store / "data" / "notes.txt").read_text() == "mine"


def test_needs_a_rule(store):
    code, message = fails("gc", store)
    assert code == "invalid_argument"
    assert "gc needs --keep-last N or --older-than DURATION" in message
    assert numbers(store) == [1, 2, 3, 4]


@pytest.mark.parametrize("keep", ["0", "-1", "all", "", "1.5"])
def test_rejects_a_count_that_is_not_a_number(store, keep):
    assert fails("gc", store, "--keep-last", keep)[0] == "invalid_argument"
    assert numbers(store) == [1, 2, 3, 4]


@pytest.mark.parametrize("option", ["--older-than", "--orphans-older-than"])
@pytest.mark.parametrize("age", ["", "30", "d", "-1d", "1y", "1.5h", "16000w"])
def test_rejects_an_invalid_age(store, option, age):
    code, message = fails("gc", store, "--keep-last", "1", option, age)
    assert code == "invalid_argument"
    assert f"{option} expects an age such as 30d, 12h, 90m, 45s or 2w, got `{age}`" in message
    assert numbers(store) == [1, 2, 3, 4]


def test_rejects_a_store_with_a_damaged_tag(store):
    (store / "_refs" / "tags" / "best.json").write_text("torn")
    before = snapshot(store)
    code, message = fails("gc", store, "--keep-last", "1")
    assert code == "corrupt"
    assert "gc removes nothing: the tag file is not a JSON object" in message
    assert "_refs/tags/best.json" in message
    assert message.endswith("; lancekeep tag STORE -d NAME deletes a tag\n")
    assert snapshot(store) == before


def test_rejects_a_folder_that_is_not_a_store(tmp_path):
    assert fails("gc", tmp_path / "none", "--keep-last", "1")[0] == "not_found"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    assert fails("gc", tmp_path / "photos", "--keep-last", "1")[0] == "invalid_argument"
    assert (tmp_path / "photos" / "cat.jpg").read_text() == "meow"
