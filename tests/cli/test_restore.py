# SPDX-License-Identifier: Apache-2.0
"""lancekeep restore, tag --expect, and a newest version that is torn."""

from command import run


def manifest_of(store, version):
    return store / "_versions" / f"{2**64 - 1 - version:020}.manifest"


def test_restore_makes_a_new_version(store):
    result = run("restore", store, "1")
    assert (result.status, result.err) == (0, "")
    assert result.out == f"version 3 of {store}: restored from 1\n"
    document = run("show", store, "--json").json()
    before = run("show", store, "--at", "1", "--json").json()
    assert document["message"] == before["message"] == "first"
    assert document["metadata"] == {**before["metadata"], "restored_from": "1"}
    assert document["id"] != before["id"]


def test_restore_takes_a_tag_and_gives_json(store):
    document = run("restore", store, "base", "--json").json()
    assert document == {"store": str(store), "restored": "base", "version": 3, "notes": []}


def test_restore_of_a_missing_version(store):
    result = run("restore", store, "7")
    assert result.status == 2 and "version 7 does not exist; existing versions: 1–2" in result.err


def test_a_tag_moves_only_from_where_it_is_expected(store):
    result = run("tag", store, "base", "--at", "2", "--expect", "2")
    assert result.status == 2 and "the tag `base` points to version 1, expected 2" in result.err
    assert run("tag", store, "base", "--at", "2", "--expect", "1").status == 0
    assert run("tag", store, "--json").json()["tags"] == {"base": 2}


def test_a_torn_newest_version_is_passed_over_with_a_note(store, model):
    manifest_of(store, 2).write_bytes(b"")
    for verb in ("ls", "show"):
        result = run(verb, store)
        assert result.status == 0
        assert "note: version 2 skipped: its manifest is empty, cut short" in result.err
    assert run("show", store, "--json").json()["number"] == 1
    assert run("log", store).status == 1, "damage is a finding"
    result = run("import", model, store)
    assert result.out.startswith("version 3 of ") and "note: version 2 skipped" in result.err
    assert run("ls", store).err == ""
