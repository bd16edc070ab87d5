# SPDX-License-Identifier: Apache-2.0
"""Lancekeep's gc and pylance's cleanup each remove what the other left, and neither removes too much."""

import json
import os
import subprocess
import time

import lance
import pyarrow as pa
import pytest
import torch
from models import BUILD, append_row, check_lancekeep, check_pylance, clean_up, lancekeep, network, save


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    save(network(1), path, tmp_path, "-m", "first", "--tag", "base")
    save(network(2), path, tmp_path, "-m", "second")
    return path


def gc(store, *options, status=0):
    if status != 0:
        return lancekeep("gc", store, *options, status=status)
    return json.loads(lancekeep("gc", store, *options, "--json"))


def usage(store, status=0):
    return json.loads(lancekeep("du", store, "--json", status=status))


def change_with_pylance(store):
    """Appends, deletes, compacts; returns the resulting state dict."""
    state = network(2)
    extra = torch.arange(6, dtype=torch.uint8)
    append_row(store, "extra", extra, ordinal=len(state) << 20)
    lance.dataset(str(store)).delete("name = 'conv.bias'")
    del state["conv.bias"]
    lance.dataset(str(store)).optimize.compact_files()
    append_row(store, "soon.gone", extra, ordinal=99 << 20)
    lance.dataset(str(store)).delete("name = 'soon.gone' or name = 'mask'")
    del state["mask"]
    return {**state, "extra": extra}


def test_after_append_delete_and_compaction(store, tmp_path):
    state = change_with_pylance(store)
    latest = lance.dataset(str(store)).version
    assert latest > 5
    report = gc(store, "--keep-last", "1", "--orphans-older-than", "0s")
    assert report["versions_removed"] == list(range(2, latest))
    assert report["notes"] == [] and report["orphans_kept"] == 0
    assert [version["version"] for version in lance.dataset(str(store)).versions()] == [1, latest]
    check_pylance(store, state)
    check_pylance(store, network(1), version=1)
    check_lancekeep(store, tmp_path, state)
    check_lancekeep(store, tmp_path, network(1), ref="base")
    assert usage(store)["unreachable"] == 0
    # Both tools still work on the store.
    append_row(store, "more", torch.zeros(3), ordinal=100 << 20)
    check_lancekeep(store, tmp_path, {**state, "more": torch.zeros(3)})
    save(network(3), store, tmp_path)
    check_pylance(store, network(3))


def test_versions_that_pylance_restored_share_their_files(store, tmp_path):
    lance.dataset(str(store), version=1).restore()
    shared = usage(store)["versions"]
    assert shared[0]["exclusive"] < shared[0]["bytes"] / 2
    lance.dataset(str(store)).tags.delete("base")
    assert gc(store, "--keep-last", "1")["versions_removed"] == [1, 2]
    check_pylance(store, network(1), version=3)
    assert usage(store)["unreachable"] == 0


def test_pylance_cleans_up_after_us(store, tmp_path):
    save(network(3), store, tmp_path)
    save(network(4), store, tmp_path)
    gc(store, "--keep-last", "2")
    clean_up(store)
    check_pylance(store, network(4))
    check_pylance(store, network(1), version=1)
    check_lancekeep(store, tmp_path, network(1), ref="base")
    assert usage(store)["unreachable"] == 0


def test_nothing_is_left_to_remove_after_pylances_cleanup(store, tmp_path):
    state = change_with_pylance(store)
    clean_up(store)
    report = gc(store, "--keep-last", "1", "--orphans-older-than", "0s")
    assert report["versions_removed"] == []
    check_pylance(store, state)
    check_lancekeep(store, tmp_path, state)
    assert usage(store)["unreachable"] == 0


def files(store):
    return {path for path in store.rglob("*") if path.is_file()}


def make_old(path):
    old = time.time() - 8 * 86400
    os.utime(path, (old, old))


def test_removes_what_an_interrupted_write_of_pylance_leaves(store, tmp_path):
    """Removes a data file without a manifest, and one with the temporary name that pylance uses while it writes."""
    before = files(store)
    for _ in range(2):
        lance.fragment.LanceFragment.create(str(tmp_path / "other"), pa.table({"name": ["x"]}))
    written = files(tmp_path / "other")
    whole, part = (path.rename(store / "data" / path.name) for path in written)
    part = part.rename(part.with_name(part.name + "#1"))
    assert gc(store, "--keep-last", "9")["orphans_kept"] == 2
    make_old(whole)
    make_old(part)
    assert gc(store, "--keep-last", "9")["files_removed"] == 2
    assert files(store) == before


def test_blob_files_are_removed_with_their_data_file(tmp_path):
    """A dataset of format 2.2 whose larger blobs are in separate files. It does not keep a model, but gc accepts any dataset."""
    path = tmp_path / "blobs.lance"
    for i in range(3):
        blobs = lance.blob_array([bytes([i]) * 100_000, bytes([i]) * 6_000_000])
        table = pa.table([blobs], schema=pa.schema([lance.blob_field("blob")]))
        lance.write_dataset(table, str(path), mode="overwrite" if i else "create", data_storage_version="2.2")
    sidecars = set(path.glob("data/*/*.blob"))
    assert len(sidecars) >= 3
    report = gc(path, "--keep-last", "1", "--orphans-older-than", "0s")
    assert report["versions_removed"] == [1, 2]
    assert report["notes"] == []
    dataset = lance.dataset(str(path))
    dataset.validate()
    assert [blob.read()[:1] for blob in dataset.take_blobs("blob", indices=[0, 1])] == [b"\2", b"\2"]
    left = set(path.glob("data/*/*.blob"))
    assert left and left < sidecars
    assert len(list(path.glob("data/*"))) == 2, "one data file and its folder"
    assert usage(path, status=3)["unreachable"] == 0  # 3: not a model


@pytest.mark.parametrize("harm", ["missing", "cut short"])
@pytest.mark.parametrize("size", [100_000, 6_000_000], ids=["shared", "own"])
def test_a_damaged_blob_file_of_a_kept_version_stops_gc(tmp_path, size, harm):
    path = tmp_path / "blobs.lance"
    for i in range(2):
        table = pa.table([lance.blob_array([bytes([i]) * size, None])], schema=pa.schema([lance.blob_field("blob")]))
        lance.write_dataset(table, str(path), mode="overwrite" if i else "create", data_storage_version="2.2")
    newest = max(path.glob("data/*/*.blob"), key=lambda file: file.stat().st_mtime_ns)
    if harm == "missing":
        newest.unlink()
    else:
        os.truncate(newest, size - 1)
    before = sorted(path.rglob("*"))
    for options in (["--dry-run"], []):
        done = subprocess.run([BUILD / "cli" / "lancekeep", "gc", path, "--keep-last", "1", *options],
                              capture_output=True, text=True)
        assert done.returncode == 2 and newest.name in done.stderr
        assert "gc removes nothing: version 2, which would be kept, is damaged" in done.stderr
    assert sorted(path.rglob("*")) == before


@pytest.mark.parametrize("deleted", [False, True])
def test_a_branch_stops_gc_until_it_is_deleted(store, deleted):
    dataset = lance.dataset(str(store))
    dataset.create_branch("dev")
    if deleted:
        lance.dataset(str(store)).branches.delete("dev")
    lance.dataset(str(store)).tags.delete("base")
    if deleted:  # version 2 is removed too: the live rows of its mostly dead file are rewritten as version 3
        assert gc(store, "--keep-last", "1")["versions_removed"] == [1, 2]
    else:
        gc(store, "--keep-last", "1", status=2)
        assert len(lance.dataset(str(store)).versions()) == 2


def test_a_tag_of_pylance_keeps_its_version(store):
    save(network(3), store, store.parent)
    lance.dataset(str(store)).tags.create("by-pylance", 2)
    assert gc(store, "--keep-last", "1")["versions_removed"] == []
    lance.dataset(str(store)).tags.delete("by-pylance")
    assert gc(store, "--keep-last", "1")["versions_removed"] == [2]


def test_stable_row_ids_are_supported(tmp_path):
    path = tmp_path / "rows.lance"
    for i in range(3):
        lance.write_dataset(
            pa.table({"id": range(i, i + 1000)}), str(path), mode="overwrite" if i else "create",
            enable_stable_row_ids=True,
        )
    assert gc(path, "--keep-last", "1")["versions_removed"] == [1, 2]
    assert lance.dataset(str(path)).count_rows() == 1000


def index_model(store):
    lance.dataset(str(store)).create_scalar_index("name", "BTREE")
    return {file for file in store.glob("_indices/*/*")}


def test_an_index_that_no_version_names_is_removed(store, tmp_path):
    """A save drops indices, and says so; their files are unreachable once the version with the index is gone."""
    indexed = index_model(store)
    assert indexed and usage(store)["unreachable"] == 0
    save(network(3), store, tmp_path)
    assert usage(store)["unreachable"] == 0, "version 3 still has it"
    report = gc(store, "--keep-last", "1", "--orphans-older-than", "0s")
    assert report["versions_removed"] == [2, 3]
    assert not list(store.glob("_indices/*"))
    check_pylance(store, network(3))
    left = store / "_indices" / "12345678-1234-1234-1234-123456789abc" / "page.lance"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"1234")
    assert usage(store)["unreachable"] == 4
    assert gc(store, "--keep-last", "1")["orphans_kept"] == 1
    assert gc(store, "--keep-last", "1", "--orphans-older-than", "0s")["bytes_freed"] == 4
    assert not left.parent.exists()


def test_a_save_and_a_restore_say_which_indices_they_drop(store, tmp_path):
    index_model(store)
    restored = json.loads(lancekeep("restore", store, "1", "--json"))
    assert restored["notes"] == ["the new version has no index: the index of version 3 was not carried over; make new "
                                 "ones with pylance if you need them"]
    assert json.loads(lancekeep("restore", store, "1", "--json"))["notes"] == []


def test_indices_are_kept(tmp_path):
    path = tmp_path / "indexed.lance"
    lance.write_dataset(pa.table({"id": range(1000)}), str(path))
    lance.dataset(str(path)).create_scalar_index("id", "BTREE")
    before = set(path.glob("_indices/**/*"))
    assert before
    gc(path, "--keep-last", "1", "--orphans-older-than", "0s")
    assert set(path.glob("_indices/**/*")) == before
    assert lance.dataset(str(path)).to_table(filter="id = 7").num_rows == 1
