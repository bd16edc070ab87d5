# SPDX-License-Identifier: Apache-2.0
"""lancekeep import of several files, and of every kind of file."""

import argparse
import json
import os
import pty
import re
import resource
import signal
import subprocess
import time

import numpy as np
import pytest
import torch
from command import COMMAND, fails, run, versions
from safetensors.numpy import load_file, save_file


def write_epoch(folder, number, **more):
    path = folder / f"epoch-{number}.safetensors"
    save_file({"w": np.full(1000, number, np.float32), "frozen": np.ones(500, np.int32), **more}, path)
    return path


@pytest.fixture
def epochs(tmp_path):
    return [write_epoch(tmp_path, number) for number in (1, 2, 10)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.lance"


def first_values(store):
    """The first value of `w` in each version."""
    values = []
    for version in versions(store):
        target = store.parent / "out.safetensors"
        assert run("export", store, target, "--at", version["number"], "--force").status == 0
        values.append(int(load_file(target)["w"][0]))
    return values


def test_each_file_becomes_a_version(path, epochs):
    result = run("import", *epochs, path)
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(rf"version 1 of {path}: 2 tensors, 6\.0 kB; wrote [\d.]+ kB in [\d.]+ m?s", lines[0])
    for number, line in enumerate(lines[1:], start=2):
        assert re.match(rf"version {number} of {path}: 2 tensors, 6\.0 kB; wrote [\d.]+ kB in .*; shared 1 tensor", line)
    assert [version["message"] for version in versions(path)] == [file.name for file in epochs]
    assert first_values(path) == [1, 2, 10]


def test_options_apply_to_each_file_in_any_order(path, epochs):
    assert run("import", "--set", "run=a", epochs[0], "-m", "nightly", epochs[1], path, "--set", "lr=0.1").status == 0
    found = versions(path)
    assert [version["message"] for version in found] == ["nightly"] * 2
    assert [version["metadata"] for version in found] == [{"run": "a", "lr": "0.1"}] * 2


def test_an_empty_message_is_kept(path, epochs):
    assert run("import", *epochs, path, "-m", "").status == 0
    assert [version["message"] for version in versions(path)] == [""] * 3


def test_one_file_has_no_message_of_its_own(path, epochs):
    assert run("import", epochs[0], path).status == 0
    assert versions(path)[0]["message"] == ""


def test_an_unprintable_name_is_escaped_in_the_message(tmp_path, path, epochs):
    odd = os.fsencode(tmp_path) + b"/e\xff\n.safetensors"
    os.rename(epochs[0], odd)
    done = subprocess.run([COMMAND, "import", odd, epochs[1], path], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert versions(path)[0]["message"] == "e\\xff\\n.safetensors"


def test_the_same_file_twice(path, epochs):
    assert run("import", epochs[0], epochs[0], path).status == 0
    assert first_values(path) == [1, 1]


def test_json_of_several(path, epochs):
    document = run("import", *epochs, path, "--json").json()
    assert list(document) == ["store", "versions", "warning"]
    assert (document["store"], document["warning"]) == (str(path), None)
    for number, (version, file) in enumerate(zip(document["versions"], epochs, strict=True), start=1):
        assert list(version) == ["version", "file", "message", "tensors_written", "tensors_kept", "bytes_written",
                                 "bytes_shared", "bytes_total", "seconds", "notes"]
        assert (version["version"], version["file"], version["message"]) == (number, str(file), file.name)
        assert version["bytes_total"] == 6000


def test_quiet(path, epochs):
    result = run("import", "-q", *sorted(epochs), path)
    assert (result.status, result.out, result.err) == (0, "", "")
    assert len(versions(path)) == 3


# --- the order ----------------------------------------------------------------------------------


def test_a_shell_s_order_is_kept_and_pointed_out(path, epochs):
    result = run("import", *sorted(epochs), path)
    assert result.status == 0
    one, two, ten = map(str, epochs)
    assert result.err == (f"note: the files are saved in alphabetical order, `{ten}` before `{two}`; --natural sorts by "
                          "the numbers in their names\n")
    assert first_values(path) == [1, 10, 2]


def test_a_shell_s_order_in_json(path, epochs):
    assert "alphabetical order" in run("import", *sorted(epochs), path, "--json").json()["warning"]


def test_natural_sorts_by_the_numbers(path, epochs):
    result = run("import", "--natural", *sorted(epochs), path)
    assert (result.status, result.err) == (0, "")
    assert first_values(path) == [1, 2, 10]


def test_an_order_that_the_user_chose_is_not_pointed_out(path, epochs):
    assert run("import", epochs[2], epochs[0], epochs[1], path).err == ""


# --- what is rejected ---------------------------------------------------------------------------


def test_one_broken_file_rejects_all(path, epochs):
    epochs[1].write_bytes(epochs[1].read_bytes()[:-1])
    code, message = fails("import", *epochs, path)
    assert code == "corrupt"
    assert str(epochs[1]) in message
    assert message.endswith("; none of the files was saved\n")
    assert not path.exists()


def test_one_missing_file_rejects_all(tmp_path, path, epochs):
    assert fails("import", *epochs, tmp_path / "none.pt", path)[0] == "not_found"
    assert not path.exists()


def test_a_tag_for_several_files_is_rejected(path, epochs):
    code, message = fails("import", *epochs, path, "--tag", "best")
    assert code == "invalid_argument"
    assert "lancekeep tag STORE NAME --at NUMBER" in message
    assert not path.exists()


def test_a_forgotten_store_is_pointed_out(epochs):
    before = epochs[-1].read_bytes()
    code, message = fails("import", *epochs)
    assert code == "invalid_argument"
    assert f"{epochs[-1]}: expected the store's folder as the last argument" in message
    assert epochs[-1].read_bytes() == before


def test_a_bad_setting_is_rejected_first(tmp_path, path):
    assert "--set expects KEY=VALUE" in fails("import", tmp_path / "none", tmp_path / "nor", path, "--set", "x")[1]


def test_a_later_file_that_cannot_be_saved_reports_what_was_saved(tmp_path, path, epochs):
    write_epoch(tmp_path, 10, big=np.ones(1_000_000))
    limits = resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)  # like a full disk
    done = run("import", *epochs, path, preexec_fn=lambda: resource.setrlimit(*limits))
    assert done.status == 2
    assert len(done.out.splitlines()) == 2
    assert done.err.startswith(f"lancekeep: {epochs[2]}: ")
    assert done.err.endswith("; versions 1–2 are saved\n")
    assert len(versions(path)) == 2


# --- while it runs ------------------------------------------------------------------------------


def test_progress_counts_over_all_files(tmp_path, path):
    files = []
    for number in range(1, 4):
        files.append(write_epoch(tmp_path, number, big=np.random.default_rng(number).random(25_000_000)))
    ours, theirs = pty.openpty()
    with subprocess.Popen([COMMAND, "import", *files, path], stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        out = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    assert len(out.splitlines()) == 3
    drawn = re.findall(r"\r\[[#.]{24}\] +(\d+)%  [\d.]+ .B of 600 MB  \d+ MB/s  (\d) of 3  epoch-(\d)\.s", shown.decode())
    assert drawn, shown
    assert all(at == name for _, at, name in drawn)
    parts = [int(part) for part, _, _ in drawn]
    assert parts == sorted(parts)


def test_a_signal_between_files_keeps_what_was_saved(tmp_path, path, epochs):
    big = write_epoch(tmp_path, 3, big=np.zeros(100_000_000, np.float32))
    line = [COMMAND, "import", *epochs[:2], big, path]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        out = process.stdout.readline() + process.stdout.readline()
        deadline = time.monotonic() + 60
        while not (len(list((path / "data").iterdir())) > 2):  # waits until it writes the third
            assert process.poll() is None and time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert (len(out.splitlines()), rest) == (2, "")
    assert err == f"lancekeep: interrupted; versions 1–2 are saved; `{big}` and the files after it are not\n"
    assert len(versions(path)) == 2


def test_a_result_that_cannot_be_written_says_what_was_saved(path, epochs):
    with open("/dev/full", "w") as full:
        done = subprocess.run([COMMAND, "import", *epochs, path], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "cannot write the result to stdout" in done.stderr and done.stderr.endswith("; version 1 is saved\n")


# --- kinds of files -----------------------------------------------------------------------------


def rows(store):
    return [(row["name"], row["dtype"], row["shape"]) for row in run("ls", store, "--json").json()["tensors"]]


def test_an_npz_file(tmp_path, path):
    np.savez(tmp_path / "m.npz", a=np.ones((2, 3), np.float32), b=np.arange(4))
    assert run("import", tmp_path / "m.npz", path).status == 0
    assert rows(path) == [("a", "float32", [2, 3]), ("b", "int64", [4])]


def test_an_npy_file(tmp_path, path):
    np.save(tmp_path / "m.npy", np.ones((2, 3), np.float16))
    assert run("import", tmp_path / "m.npy", path).status == 0
    assert [(dtype, shape) for _, dtype, shape in rows(path)] == [("float16", [2, 3])]


def test_a_model_in_several_files(tmp_path, path):
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "m-00001-of-00002.safetensors")
    save_file({"b": np.ones(3, np.int64)}, tmp_path / "m-00002-of-00002.safetensors")
    index = {"metadata": {"total_size": 32}, "weight_map": {"a": "m-00001-of-00002.safetensors",
                                                            "b": "m-00002-of-00002.safetensors"}}
    (tmp_path / "m.safetensors.index.json").write_text(json.dumps(index))
    assert run("import", tmp_path / "m.safetensors.index.json", path).status == 0
    assert sorted(rows(path)) == [("a", "float32", [2]), ("b", "int64", [3])]


def write_shards(folder):
    paths = [folder / f"m-0000{number}-of-00002.safetensors" for number in (1, 2)]
    save_file({"a": np.ones(2, np.float32)}, paths[0])
    save_file({"b": np.ones(3, np.int64)}, paths[1])
    return paths


def test_files_of_one_model_are_one_version(tmp_path, path):
    result = run("import", *write_shards(tmp_path), path, "--tag", "best")
    assert result.status == 0 and "consists of 2 files without an index" in result.err
    assert len(versions(path)) == 1
    assert sorted(rows(path)) == [("a", "float32", [2]), ("b", "int64", [3])]


def test_files_of_one_model_with_an_index_are_refused(tmp_path, path):
    shards = write_shards(tmp_path)
    index = tmp_path / "m.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": shards[0].name, "b": shards[1].name}}))
    code, message = fails("import", *shards, path)
    assert code == "invalid_argument" and f"give `{index}` instead" in message
    assert not path.exists()


def test_a_folder_with_one_model(tmp_path, path):
    (tmp_path / "hub").mkdir()
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "hub" / "model.safetensors")
    result = run("import", tmp_path / "hub", path)
    assert result.status == 0 and "`model.safetensors` was read" in result.err
    assert rows(path) == [("a", "float32", [2])]


def test_objects_are_refused_with_the_option_that_skips_them(tmp_path, path):
    state = {"w": torch.ones(2), "args": argparse.Namespace(lr=0.1), "f": os.path.join}
    torch.save(state, tmp_path / "c.pt")
    code, message = fails("import", tmp_path / "c.pt", path)
    assert code == "unsafe"
    assert "`argparse.Namespace` at `args`" in message and "`posixpath.join` at `f`" in message
    assert message.endswith("; --skip-objects imports the tensors and plain values of the file without its objects\n")
    assert not path.exists()
    result = run("import", tmp_path / "c.pt", path, "--skip-objects", "--json")
    assert result.json()["notes"] == ["`args` (argparse.Namespace) is kept as a dict of its attributes",
                                      "`f` (posixpath.join) is left out"]  # fmt: skip
    assert [(name, dtype) for name, dtype, _ in rows(path)] == [("w", "float32"), ("args", "json")]


def test_skip_objects_is_not_for_datasets(tmp_path, path, epochs):
    assert run("import", epochs[0], path).status == 0
    assert "--skip-objects is for model files" in fails("import", path, tmp_path / "x.lance", "--skip-objects")[1]


def test_raw_bytes_of_numpy_have_the_given_dtype(tmp_path, path):
    np.save(tmp_path / "m.npy", np.zeros(3, "V2"))
    assert "raw bytes (void)" in fails("import", tmp_path / "m.npy", path)[1]
    assert run("import", tmp_path / "m.npy", path, "--dtype", "bfloat16").status == 0
    assert rows(path) == [("m", "bfloat16", [3])]


def test_help_names_the_kinds():
    shown = run("import", "--help").out
    assert "Usage: lancekeep import [OPTIONS] FILE... STORE\n" in shown
    for kind in (".safetensors,", ".safetensors.index.json", ".pth", ".pt", ".bin", ".npz", ".npy"):
        assert kind in shown
