# SPDX-License-Identifier: Apache-2.0
"""lancekeep du as a user runs it."""

import json
import re

import numpy as np
import pytest
from command import fails, run
from safetensors.numpy import save_file


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    for i in (1, 2):
        save_file({"w": np.full(1000, i, dtype=np.float32)}, tmp_path / "model.safetensors")
        assert run("import", tmp_path / "model.safetensors", path).status == 0
    return path


def on_disk(store):
    return sum(path.stat().st_size for path in store.rglob("*") if path.is_file())


def test_table_and_sums(store):
    result = run("du", store)
    assert (result.status, result.err) == (0, "")
    title, first, second, *sums = result.out.splitlines()
    assert title.split() == ["version", "tensors", "on", "disk", "own"]
    assert re.fullmatch(r" +1 +4\.0 kB +([\d.]+) kB +\1 kB", first)
    assert re.fullmatch(r" +2 +4\.0 kB +([\d.]+) kB +\1 kB", second)
    assert [re.sub(r" +[\d.]+ k?B$", "", line) for line in sums] == [
        "on disk", "values", "bookkeeping", "unreachable"]


def test_json(store):
    document = run("du", store, "--json").json()
    assert list(document) == ["store", "bytes", "values", "bookkeeping", "unreachable", "beside", "versions", "notes"]
    assert document["bytes"] == on_disk(store)
    assert document["bytes"] == document["values"] + document["bookkeeping"]
    assert document["unreachable"] == 0
    assert [list(version) for version in document["versions"]] == 2 * [
        ["number", "bytes_total", "bytes", "exclusive", "damage", "unchecked", "not_read"]]
    assert sum(version["exclusive"] for version in document["versions"]) == on_disk(store)
    assert [version["bytes_total"] for version in document["versions"]] == [4000, 4000]


def test_files_that_no_version_refers_to_are_unreachable(store):
    (store / "notes.txt").write_text("12345")
    assert run("du", store, "--json").json()["unreachable"] == 5


def test_a_damaged_version_is_a_finding(store):
    newest = min((store / "_versions").iterdir())
    newest.write_bytes(newest.read_bytes()[1:])
    result = run("du", store)
    assert result.status == 1
    assert re.search(r"^ +2 +damaged$", result.out, re.MULTILINE)
    assert re.match(r"note: version 2 cannot be read, and is counted without files: ", result.err)
    document = json.loads(run("du", store, "--json").out)
    damaged = document["versions"][1]
    assert (damaged["number"], damaged["bytes"], damaged["exclusive"]) == (2, 0, 0)
    assert "version 2 is damaged" in damaged["damage"]
    assert document["unreachable"] > 4000


def test_a_store_without_versions(tmp_path):
    (tmp_path / "s" / "_versions").mkdir(parents=True)
    result = run("du", tmp_path / "s")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[0].split() == ["on", "disk", "0", "B"]


def test_rejects_a_folder_that_is_not_a_store(tmp_path):
    assert fails("du", tmp_path / "none")[0] == "not_found"
