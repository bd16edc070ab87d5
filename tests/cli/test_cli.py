# SPDX-License-Identifier: Apache-2.0
"""The lancekeep command as a user runs it: verbs, text, JSON, exit status, error messages."""

import json
import os
import pty
import re
import signal
import subprocess
import time
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
import torch
from command import COMMAND, TENSORS, fails, run
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

TOTAL = 40 + 20000 + 8


# --- help ---------------------------------------------------------------------------------------

VERBS = ["import", "export", "ls", "show", "log", "diff", "tag", "restore", "verify", "gc", "du", "dump"]


def test_version():
    result = run("--version")
    assert result.status == 0
    assert re.fullmatch(r"lancekeep \d+\.\d+\.\d+\n", result.out)


def test_help_names_every_verb_and_no_other():
    result = run("--help")
    assert (result.status, result.err) == (0, "")
    verbs = result.out.split("Verbs:\n")[1].split("\n\n")[0]
    assert [line.split()[0] for line in verbs.splitlines()] == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb_has_examples(verb):
    result = run(verb, "--help")
    assert (result.status, result.err) == (0, "")
    assert f"Examples:\n  lancekeep {verb} " in result.out
    assert "--json" in result.out


# --- import -------------------------------------------------------------------------------------


def test_import_says_what_it_did(tmp_path, model):
    result = run("import", model, tmp_path / "new.lance")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(
        rf"version 1 of {tmp_path}/new\.lance: 3 tensors, 20\.0 kB; wrote [\d.]+ kB in [\d.]+ m?s\n", result.out
    )


def test_import_numbers_versions_consecutively(tmp_path, store, model):
    document = run("import", model, store, "--json").json()
    assert document["version"] == 3
    assert (document["tensors_written"], document["tensors_kept"]) == (1, 2)
    assert document["bytes_shared"] == TOTAL - TENSORS["fc.bias"].nbytes


def test_import_says_what_it_shared(store, model):
    assert run("import", model, store).status == 0
    said = run("import", model, store).out
    assert re.search(r"3 tensors, 20\.0 kB; wrote [\d.]+ kB in [\d.]+ m?s; shared 3 tensors, 20\.0 kB$", said.strip())


def test_import_json(tmp_path, model):
    document = run("import", model, tmp_path / "s", "--tag", "base", "--json").json()
    assert list(document) == ["store", "version", "tag", "tensors_written", "tensors_kept", "bytes_written", "bytes_shared",
                              "bytes_total", "seconds", "notes"]
    assert document["store"] == str(tmp_path / "s")
    assert (document["version"], document["tag"]) == (1, "base")
    assert (document["tensors_written"], document["tensors_kept"]) == (3, 0)
    assert document["bytes_total"] == TOTAL
    assert document["bytes_written"] > TOTAL
    assert document["seconds"] > 0


def test_import_quiet_prints_nothing(tmp_path, model):
    result = run("import", "-q", model, tmp_path / "s")
    assert (result.status, result.out, result.err) == (0, "", "")
    assert len(run("log", tmp_path / "s", "--json").json()["versions"]) == 1


def test_import_joins_metadata_of_file_and_line(tmp_path, model):
    run("import", "--set", "a=b=c", model, "--set", "format=mine", tmp_path / "s", "--set", "list=[1, 2]", "--set", "none=")
    assert run("show", tmp_path / "s", "--json").json()["metadata"] == {
        "a": "b=c", "format": "mine", "list": "[1, 2]", "none": ""}


@pytest.mark.parametrize("old_style", [False, True])
@pytest.mark.parametrize("name", ["model.pth", "model.pt", "model.bin"])
def test_import_of_a_torch_file(tmp_path, name, old_style):
    state = {"w": torch.arange(6, dtype=torch.bfloat16).reshape(2, 3), "n": torch.tensor(3)}
    torch.save(state, tmp_path / name, _use_new_zipfile_serialization=not old_style)
    assert run("import", tmp_path / name, tmp_path / "s").status == 0
    rows = run("ls", tmp_path / "s", "--json").json()["tensors"]
    assert [(row["name"], row["dtype"], row["shape"]) for row in rows] == [("w", "bfloat16", [2, 3]), ("n", "int64", [])]


def test_import_of_a_missing_file_makes_no_store(tmp_path):
    code, message = fails("import", tmp_path / "none.safetensors", tmp_path / "s")
    assert code == "not_found"
    assert str(tmp_path / "none.safetensors") in message
    assert not (tmp_path / "s").exists()


def test_import_of_a_truncated_file(tmp_path, model):
    model.write_bytes(model.read_bytes()[:-1])
    code, message = fails("import", model, tmp_path / "s")
    assert code == "corrupt"
    assert str(model) in message
    assert not (tmp_path / "s").exists()


def test_import_of_something_else(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing that a model file begins with")
    code, message = fails("import", tmp_path / "notes.txt", tmp_path / "s")
    assert code in ("unsupported", "corrupt")
    assert "notes.txt" in message


def test_import_never_runs_a_pickle(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    torch.save({"w": Evil()}, tmp_path / "evil.pth")
    code, message = fails("import", tmp_path / "evil.pth", tmp_path / "s")
    assert code == "unsafe"
    assert "mkdir" in message
    assert not (tmp_path / "ran").exists()


def test_import_into_another_kind_of_folder_leaves_it_unchanged(tmp_path, model):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("mine")
    code, message = fails("import", model, tmp_path / "folder")
    assert code == "invalid_argument"
    assert "not a Lance dataset" in message
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["file"]


@pytest.mark.parametrize("setting", ["epoch", "=1", ""])
def test_import_rejects_a_set_without_key_and_value(tmp_path, model, setting):
    code, message = fails("import", model, tmp_path / "s", "--set", setting)
    assert code == "invalid_argument"
    assert f'--set expects KEY=VALUE, got `{setting}`' in message
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("key", ["lancekeep.table", "__lance_commit_message"])
def test_import_rejects_a_reserved_key(store, model, key):
    code, message = fails("import", model, store, "--set", f"{key}=x")
    assert code == "invalid_argument"
    assert key in message and "reserved" in message
    assert len(run("log", store, "--json").json()["versions"]) == 2


def test_import_rejects_a_tag_that_exists(store, model):
    code, message = fails("import", model, store, "--tag", "base")
    assert code == "already_exists"
    assert "base" in message
    assert len(run("log", store, "--json").json()["versions"]) == 2


def test_import_takes_a_message_that_looks_like_an_option(tmp_path, model):
    assert run("import", model, tmp_path / "s", "-m", "--tag").status == 0
    assert run("show", tmp_path / "s", "--json").json()["message"] == "--tag"


def run_on_terminal(*arguments):
    """Runs the command with a terminal as stderr; returns the exit status and what it wrote there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([str(COMMAND), *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        os.close(ours)
    return process.returncode, shown


def test_progress_leaves_a_clean_line(tmp_path):
    save_file({"w": np.zeros(50_000_000, dtype=np.float32)}, tmp_path / "big.safetensors")
    status, shown = run_on_terminal("import", tmp_path / "big.safetensors", tmp_path / "s")
    assert status == 0
    assert b"\x1b" not in shown and b"\n" not in shown
    # If the disk is too fast for one redraw, nothing is shown. What was shown is wiped.
    assert shown == b"" or re.fullmatch(rb"(\r\[[#.]{24}\] +\d+%.*? MB/s.*?)+\r +\r", shown)


def test_quiet_shows_no_progress(tmp_path):
    save_file({"w": np.zeros(50_000_000, dtype=np.float32)}, tmp_path / "big.safetensors")
    assert run_on_terminal("import", "-q", tmp_path / "big.safetensors", tmp_path / "s") == (0, b"")


def files_below(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_an_import_and_leaves_the_store(tmp_path, store, number):
    save_file({"w": np.zeros(100_000_000, dtype=np.float32)}, tmp_path / "big.safetensors")
    before = files_below(store)
    line = [str(COMMAND), "import", str(tmp_path / "big.safetensors"), str(store)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while files_below(store) == before:  # waits until it writes; 400 MB leave time for the signal
            assert process.poll() is None and time.monotonic() < deadline
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert (out, err) == ("", "lancekeep: interrupted; nothing was changed\n")
    assert files_below(store) == before


# --- export -------------------------------------------------------------------------------------


def test_export_gives_back_tensors_and_metadata(tmp_path, store):
    target = tmp_path / "out.safetensors"
    result = run("export", store, target, "--at", "base")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(rf"{target}: 3 tensors of version 1; wrote [\d.]+ kB in [\d.]+ m?s\n", result.out)
    loaded = load_file(target)
    assert sorted(loaded) == sorted(TENSORS)
    for name, value in TENSORS.items():
        assert loaded[name].dtype == value.dtype and np.array_equal(loaded[name], value)
    with safe_open(target, "np") as file:
        assert file.metadata() == {"format": "pt", "epoch": "1"}


def test_export_of_the_latest_is_the_default(tmp_path, store):
    run("export", store, tmp_path / "out.safetensors")
    assert np.array_equal(load_file(tmp_path / "out.safetensors")["fc.bias"], TENSORS["fc.bias"] + 1)


def test_export_json(tmp_path, store):
    target = tmp_path / "out.safetensors"
    document = run("export", store, target, "--json").json()
    assert list(document) == ["file", "files", "version", "tensors", "bytes_written", "seconds", "not_kept", "notes",
                              "warning"]
    assert (document["file"], document["files"], document["version"], document["tensors"]) == (
        str(target), [str(target)], 2, 3)
    assert document["bytes_written"] == target.stat().st_size
    assert document["not_kept"] == []


def test_export_reports_what_the_file_cannot_keep(tmp_path):
    weight = torch.zeros(4)
    torch.save({"a": weight, "b": weight}, tmp_path / "tied.pth")
    run("import", tmp_path / "tied.pth", tmp_path / "s")
    result = run("export", tmp_path / "s", tmp_path / "out.npz")
    assert result.status == 0
    assert re.search(r"^note: not kept: .*b", result.err, re.M)
    document = run("export", tmp_path / "s", tmp_path / "again.npz", "--json").json()
    assert len(document["not_kept"]) == 1


def test_export_rejects_an_existing_file(tmp_path, store):
    target = tmp_path / "out.safetensors"
    target.write_text("mine")
    code, message = fails("export", store, target)
    assert code == "already_exists"
    assert str(target) in message and "--force" in message
    assert target.read_text() == "mine"


def test_export_writes_over_a_file_when_forced(tmp_path, store):
    target = tmp_path / "out.safetensors"
    target.write_text("mine")
    assert run("export", store, target, "--force").status == 0
    assert sorted(load_file(target)) == sorted(TENSORS)


def test_export_rejects_a_torch_name(tmp_path, store):
    code, message = fails("export", store, tmp_path / "out.pth")
    assert code == "invalid_argument"
    assert "`.pth`, a pickle, which Lancekeep does not write" in message
    assert not (tmp_path / "out.pth").exists()


def test_export_of_an_unknown_version_writes_nothing(tmp_path, store):
    code, message = fails("export", store, tmp_path / "out.safetensors", "--at", "9")
    assert code == "not_found"
    assert not (tmp_path / "out.safetensors").exists()


def test_export_into_a_missing_folder(tmp_path, store):
    code, message = fails("export", store, tmp_path / "none" / "out.safetensors")
    assert code in ("not_found", "io")
    assert "none" in message


# --- ls, show, log ------------------------------------------------------------------------------


def test_ls(store):
    result = run("ls", store)
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split() == ["name", "dtype", "shape", "size"]
    assert sorted(line.split() for line in lines[1:-1]) == sorted(
        [
            ["fc.bias", "float32", "[10]", "40", "B"],
            ["fc.weight", "float32", "[10,", "500]", "20.0", "kB"],
            ["steps", "int64", "[]", "8", "B"],
        ]
    )
    assert lines[-1] == "version 2: 3 tensors, 20.0 kB"


def test_ls_json(store):
    document = run("ls", store, "--at", "1", "--json").json()
    assert list(document) == ["store", "version", "layout", "bytes_total", "tensors", "warning"]
    assert (document["version"], document["bytes_total"]) == (1, TOTAL)
    rows = {row["name"]: row for row in document["tensors"]}
    assert sorted(rows) == sorted(TENSORS)
    weight = rows["fc.weight"]
    assert list(weight) == ["name", "dtype", "shape", "nbytes", "hash", "tied_to", "damage"]
    assert (weight["dtype"], weight["shape"], weight["nbytes"]) == ("float32", [10, 500], 20000)
    assert re.fullmatch("[0-9a-f]{32}", weight["hash"])
    assert weight["tied_to"] is None


def test_ls_shows_ties(tmp_path):
    weight = torch.zeros(4)
    torch.save({"a": weight, "b": weight}, tmp_path / "tied.pth")
    run("import", tmp_path / "tied.pth", tmp_path / "s")
    lines = run("ls", tmp_path / "s").out.splitlines()
    assert lines[0].split() == ["name", "dtype", "shape", "size", "tied", "to"]
    assert lines[2].split() == ["b", "float32", "[4]", "16", "B", "a"]
    assert lines[3] == "version 1: 2 tensors, 16 B"
    assert run("ls", tmp_path / "s", "--json").json()["tensors"][1]["tied_to"] == "a"


HOSTILE = "w\x1b[2J\x9b31m\n\u202e重"


def test_hostile_names_do_not_reach_the_terminal(tmp_path):
    save_file({HOSTILE: np.zeros(1)}, tmp_path / "hostile.safetensors")
    message = "\x1b]0;title\x07"
    assert run("import", tmp_path / "hostile.safetensors", tmp_path / "s", "-m", message).status == 0
    for arguments in (["ls"], ["ls", "--json"], ["show"], ["show", "--json"], ["log"], ["log", "--json"], ["dump"]):
        result = run(arguments[0], tmp_path / "s", *arguments[1:])
        assert result.status == 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.out), arguments
    assert "w\\u001b[2J\\u009b31m\\n\\u202e重" in run("ls", tmp_path / "s").out
    assert run("ls", tmp_path / "s", "--json").json()["tensors"][0]["name"] == HOSTILE
    assert run("show", tmp_path / "s", "--json").json()["message"] == message


def test_show(store):
    result = run("show", store, "--at", "base")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(
        r"version  1\n"
        r"layout   native\n"
        r"time     \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n"
        r"tags     base\n"
        r"tensors  3\n"
        r"total    20\.0 kB \(20048 bytes\)\n"
        r"added    [\d.]+ kB \(\d+ bytes\)\n"
        r"message  first\n"
        r"metadata\n"
        r"  epoch=1\n"
        r"  format=pt\n",
        result.out,
    )


VERSION_MEMBERS = ["number", "id", "layout", "time", "message", "metadata", "tags", "tensors", "bytes_total", "bytes_added",
                   "damage", "unchecked", "not_read", "warning"]


def test_show_json(store):
    document = run("show", store, "--at", "1", "--json").json()
    assert list(document) == ["store", *VERSION_MEMBERS]
    assert (document["number"], document["message"], document["tags"]) == (1, "first", ["base"])
    assert document["metadata"] == {"epoch": "1", "format": "pt"}
    assert (document["tensors"], document["bytes_total"]) == (3, TOTAL)
    age = datetime.now(timezone.utc) - datetime.fromisoformat(document["time"])
    assert timedelta(0) <= age < timedelta(hours=1)


def test_show_of_the_latest_is_the_default(store):
    assert run("show", store, "--json").json()["number"] == 2
    assert run("show", store, "--at", "latest", "--json").json()["number"] == 2


def test_log_is_newest_first_and_sums_up(store):
    result = run("log", store)
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split() == ["version", "time", "tensors", "total", "added", "tags", "message"]
    assert (lines[1].split()[0], lines[1].split()[-1]) == ("2", "second")
    assert (lines[2].split()[0], lines[2].split()[-2:]) == ("1", ["base", "first"])
    assert re.fullmatch(r"2 versions: [\d.]+ kB on disk for 40\.1 kB of tensors", lines[3])


def test_log_json(store):
    document = run("log", store, "--json").json()
    assert list(document) == ["store", "bytes_total", "bytes_added", "versions"]
    assert [version["number"] for version in document["versions"]] == [2, 1]
    assert all(list(version) == VERSION_MEMBERS for version in document["versions"])
    assert document["bytes_total"] == 2 * TOTAL
    assert document["bytes_added"] == sum(version["bytes_added"] for version in document["versions"])
    second, first = document["versions"]
    assert first["bytes_added"] > TOTAL
    assert TENSORS["fc.bias"].nbytes < second["bytes_added"] < TOTAL, "only what changed is added, not the whole model"


@pytest.mark.parametrize("verb", ["ls", "show"])
@pytest.mark.parametrize("ref", ["9", "none"])
def test_an_unknown_version_or_tag(store, verb, ref):
    code, message = fails(verb, store, "--at", ref)
    assert code == "not_found"
    assert ref in message


@pytest.mark.parametrize("ref", ["99999999999999999999", ""])
def test_an_invalid_ref(store, ref):
    assert fails("ls", store, "--at", ref)[0] == "invalid_argument"


READING = [["ls"], ["show"], ["log"], ["tag"], ["export", "out.safetensors"]]


@pytest.mark.parametrize("line", READING)
def test_a_missing_store(tmp_path, line):
    code, message = fails(line[0], tmp_path / "none.lance", *(tmp_path / name for name in line[1:]))
    assert code == "not_found"
    assert "none.lance" in message
    assert not (tmp_path / "none.lance").exists()


@pytest.mark.parametrize("line", READING)
def test_something_that_is_not_a_store(tmp_path, line):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("mine")
    code, message = fails(line[0], tmp_path / "folder", *(tmp_path / name for name in line[1:]))
    assert code == "invalid_argument"
    assert "not a Lance dataset" in message


@pytest.mark.parametrize("line", READING)
def test_a_file_is_not_a_store(tmp_path, model, line):
    code, message = fails(line[0], model, *(tmp_path / name for name in line[1:]))
    assert code == "invalid_argument"
    assert "model.safetensors" in message


def test_a_damaged_manifest(store):
    newest = min((store / "_versions").glob("*.manifest"))
    content = newest.read_bytes()
    newest.write_bytes(content[:-16] + b"\xff" * 8 + content[-8:])  # where the manifest starts
    text, document = run("log", store), run("log", store, "--json")
    assert (text.status, document.status) == (1, 1)
    assert "damaged: " in text.out and newest.name in text.out
    second, first = json.loads(document.out)["versions"]
    assert newest.name in second["damage"] and first["damage"] is None
    assert run("ls", store, "--at", "1").status == 0
    code, message = fails("ls", store)
    assert code == "corrupt" and newest.name in message


# --- tag ----------------------------------------------------------------------------------------


def test_tag_lists(store):
    assert [line.split() for line in run("tag", store).out.splitlines()] == [["tag", "version"], ["base", "1"]]
    assert run("tag", store, "--json").json() == {"store": str(store), "tags": {"base": 1}}


def test_tag_without_tags_lists_nothing(tmp_path, model):
    run("import", model, tmp_path / "s")
    result = run("tag", tmp_path / "s")
    assert (result.status, result.out, result.err) == (0, "", "")
    assert run("tag", tmp_path / "s", "--json").json()["tags"] == {}


def test_tag_names_the_latest(store):
    result = run("tag", store, "best")
    assert (result.status, result.out) == (0, "tag best: version 2\n")
    assert run("show", store, "--json").json()["tags"] == ["best"]


def test_tag_names_a_version(store):
    assert run("tag", store, "old", "--at", "base", "--json").json() == {
        "store": str(store), "tag": "old", "version": 1}
    assert run("show", store, "--at", "1", "--json").json()["tags"] == ["base", "old"]


def test_tag_is_moved_only_when_forced(store):
    code, message = fails("tag", store, "base", "--at", "2")
    assert code == "already_exists"
    assert "base" in message and message.endswith("; --force moves it\n")
    assert run("tag", store, "base", "--at", "2", "--force").out == "tag base: version 2\n"
    assert run("tag", store, "--json").json()["tags"] == {"base": 2}


def test_tag_deletes(store):
    assert run("tag", store, "-d", "base").out == "tag base: deleted\n"
    assert run("tag", store, "--json").json()["tags"] == {}


def test_tag_deletes_json(store):
    assert run("tag", store, "--delete", "base", "--json").json() == {"store": str(store), "deleted": "base"}


def test_tag_to_delete_is_unknown(store):
    code, message = fails("tag", store, "-d", "none")
    assert code == "not_found"
    assert "none" in message


@pytest.mark.parametrize("name", ["latest", "7", ".hidden", "a b", "../up", "x.lock", "a" * 129])
def test_tag_rejects_a_bad_name(store, name):
    code, message = fails("tag", store, name)
    assert code == "invalid_argument"
    assert "tag" in message
    assert run("tag", store, "--json").json()["tags"] == {"base": 1}


def test_tag_of_an_unknown_version(store):
    assert fails("tag", store, "best", "--at", "9")[0] == "not_found"


def test_tag_rejects_options_that_exclude_each_other(store):
    assert "NAME excludes --delete" in fails("tag", store, "a", "-d", "base")[1]
    assert "--at requires NAME" in fails("tag", store, "--at", "1")[1]
    assert "--force requires NAME" in fails("tag", store, "--force")[1]


# --- dump ---------------------------------------------------------------------------------------


def test_dump_prints_each_kind_of_file(store):
    files = [path for folder in ("_versions", "_transactions", "data") for path in (store / folder).iterdir()
             if path.suffix in (".manifest", ".txn", ".lance")]
    assert {path.suffix for path in files} == {".manifest", ".txn", ".lance"}
    for path in [store, *files]:
        assert isinstance(run("dump", path).json(), dict)
        assert run("dump", path, "--json").out == run("dump", path).out


def test_dump_of_nothing(tmp_path):
    code, message = fails("dump", tmp_path / "none")
    assert code == "not_found"
    assert "none" in message


def test_dump_of_something_else(model):
    code, message = fails("dump", model)
    assert code in ("corrupt", "unsupported", "invalid_argument")
    assert "model.safetensors" in message


# --- the command line itself --------------------------------------------------------------------


def test_no_verb():
    result = run()
    assert (result.status, result.out, result.err) == (2, "", "lancekeep: no verb given; see lancekeep --help\n")


MISUSE = [
    (["frobnicate"], "unknown verb frobnicate; see lancekeep --help"),
    (["--frob"], "unknown option --frob; see lancekeep --help"),
    (["ls"], "STORE is required; see lancekeep ls --help"),
    (["import", "file"], "STORE is required (the last argument is the store: did you forget it?); see lancekeep import --help"),
    (["ls", "a", "b"], "The following argument was not expected: b; see lancekeep ls --help"),
    (["ls", "a", "--frob"], "The following argument was not expected: --frob; see lancekeep ls --help"),
]


@pytest.mark.parametrize("line, message", MISUSE)
def test_misuse(line, message):
    result = run(*line)
    assert (result.status, result.out, result.err) == (2, "", f"lancekeep: {message}\n")


def test_misuse_json():
    result = run("ls", "--json")
    assert (result.status, result.out) == (2, "")
    assert json.loads(result.err) == {
        "error": {
            "code": "invalid_argument",
            "message": "STORE is required; see lancekeep ls --help",
            "file": None,
            "offset": None,
        }
    }


def test_an_option_without_its_value(store):
    result = run("ls", store, "--at")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("lancekeep: --at: ")


def test_a_store_may_be_named_like_a_verb(tmp_path, model):
    assert run("import", model, "tag", cwd=tmp_path).status == 0
    assert run("log", "tag", "--json", cwd=tmp_path).json()["store"] == "tag"


def test_a_reader_that_leaves_early_is_not_an_error(store):
    process = subprocess.Popen([str(COMMAND), "ls", str(store)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_a_result_that_cannot_be_written_is_an_error(store):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(COMMAND), "ls", str(store)], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "lancekeep: cannot write the result to stdout: No space left on device\n"


def test_closed_descriptors_get_no_store_file(tmp_path, model):
    line = f'exec "{COMMAND}" import "{model}" "{tmp_path}/s" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", line]).returncode == 2  # saved, but the result could not be printed
    assert run("export", tmp_path / "s", tmp_path / "out.safetensors").status == 0
    assert np.array_equal(load_file(tmp_path / "out.safetensors")["fc.weight"], TENSORS["fc.weight"])
