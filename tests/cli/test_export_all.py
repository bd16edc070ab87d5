# SPDX-License-Identifier: Apache-2.0
"""lancekeep export --all: a file for each version."""

import os
import signal
import subprocess
import time

import numpy as np
import pytest
from command import COMMAND, fails, names_in, run
from safetensors.numpy import load_file, save_file
from test_export import assert_equal, make_store, tensors


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path)


def test_every_version(store, out):
    result = run("export", store, out / "epoch-{version:03}.safetensors", "--all")
    assert (result.status, result.err) == (0, "")
    assert names_in(out) == [f"epoch-00{number}.safetensors" for number in (1, 2, 3)]
    for number, line in enumerate(result.out.splitlines(), start=1):
        assert_equal(load_file(out / f"epoch-00{number}.safetensors"), tensors(number))
        assert line.startswith(f"{out}/epoch-00{number}.safetensors: 3 tensors of version {number}; wrote ")


def test_every_version_in_json(store, out):
    document = run("export", store, out / "{version}.safetensors", "--all", "--json").json()
    assert list(document) == ["store", "versions"]
    assert document["store"] == str(store)
    for number, version in enumerate(document["versions"], start=1):
        file = str(out / f"{number}.safetensors")
        assert list(version) == ["file", "files", "version", "tensors", "bytes_written", "seconds", "not_kept", "notes"]
        assert (version["file"], version["files"], version["version"], version["tensors"]) == (file, [file], number, 3)


def test_every_version_of_some_tensors(store, out):
    assert run("export", store, out / "{version}.safetensors", "--all", "--tensor", "head.bias").status == 0
    assert [int(load_file(out / f"{n}.safetensors")["head.bias"][0]) for n in (1, 2, 3)] == [1, 2, 3]


def test_removed_versions_are_left_out(store, out):
    assert run("gc", store, "--keep-last", "1").status == 0
    assert run("export", store, out / "{version}.safetensors", "--all").status == 0
    assert names_in(out) == ["2.safetensors", "3.safetensors"]


def test_any_name_may_contain_the_version_s_number(store, out):
    assert run("export", store, out / "m-{version}.safetensors", "--at", "best").status == 0
    assert names_in(out) == ["m-2.safetensors"]


def test_every_version_needs_a_placeholder_for_its_number(store, out):
    code, message = fails("export", store, out / "m.safetensors", "--all")
    assert code == "invalid_argument"
    assert "put {version} into the name" in message
    assert names_in(out) == []


def test_a_placeholder_of_another_form_is_rejected(store, out):
    code, message = fails("export", store, out / "{version:4}.safetensors", "--all")
    assert code == "invalid_argument"
    assert "expected `{version}`, or `{version:04}` to pad it with zeros, found `{version:4}`" in message
    assert names_in(out) == []


def test_every_version_excludes_one(store, out):
    assert "--at excludes --all" in fails("export", store, out / "{version}.safetensors", "--all", "--at", "1")[1]


def test_nothing_is_written_if_one_target_exists(store, out):
    (out / "3.safetensors").write_text("mine")
    code, message = fails("export", store, out / "{version}.safetensors", "--all")
    assert code == "already_exists"
    assert "3.safetensors" in message and message.endswith("; no version was written\n")
    assert names_in(out) == ["3.safetensors"]
    assert run("export", store, out / "{version}.safetensors", "--all", "--force").status == 0
    assert_equal(load_file(out / "3.safetensors"), tensors(3))


def test_nothing_is_written_if_one_version_lacks_a_tensor(tmp_path, store, out):
    save_file({"other": np.ones(3)}, tmp_path / "in.safetensors")
    assert run("import", tmp_path / "in.safetensors", store).status == 0
    code, message = fails("export", store, out / "{version}.safetensors", "--all", "--tensor", "head.bias")
    assert code == "not_found"
    assert "version 4" in message
    assert names_in(out) == []


def test_a_store_without_versions(tmp_path, out):
    (tmp_path / "s").mkdir()
    subprocess.run([COMMAND, "import", "/dev/null", tmp_path / "s"], capture_output=True)
    assert run("export", tmp_path / "s", out / "{version}.safetensors", "--all").status == 2
    assert names_in(out) == []


def flip_byte_of(store, number):
    """Damages a value of `body.weight` that only that version has."""
    wanted = np.full(5000, number, np.float32).tobytes()
    for path in (store / "data").iterdir():
        content = path.read_bytes()
        if wanted in content:
            at = content.index(wanted)
            path.write_bytes(content[:at] + b"\xff" + content[at + 1:])
            return
    raise AssertionError("no such value")


def test_a_damaged_version_is_named_with_what_was_written(store, out):
    flip_byte_of(store, 3)
    done = run("export", store, out / "{version}.safetensors", "--all")
    assert done.status == 2
    assert len(done.out.splitlines()) == 2
    assert done.err.startswith("lancekeep: version 3: ") and "body.weight" in done.err
    assert done.err.endswith("; versions 1–2 are written\n")
    assert names_in(out) == ["1.safetensors", "2.safetensors"]


def test_a_version_whose_manifest_is_damaged_stops_all_before_it_begins(store, out):
    manifest = sorted((store / "_versions").iterdir())[1]  # in every naming scheme, version 2 is the middle one
    manifest.write_bytes(b"\0" * manifest.stat().st_size)
    code, message = fails("export", store, out / "{version}.safetensors", "--all")
    assert code == "corrupt"
    assert "version 2: " in message and message.endswith("; no version was written\n")
    assert names_in(out) == []


def test_a_signal_reports_what_was_written(tmp_path, store, out):
    save_file({"w": np.zeros(100_000_000, np.float32)}, tmp_path / "in.safetensors")
    assert run("import", tmp_path / "in.safetensors", store).status == 0
    line = [COMMAND, "export", store, out / "{version}.safetensors", "--all"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            process.stdout.readline()
        deadline = time.monotonic() + 60
        while not any(name.startswith(".lancekeep") for name in names_in(out)):  # waits until it writes the fourth
            assert process.poll() is None and time.monotonic() < deadline
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert err == "lancekeep: interrupted; versions 1–3 are written\n"
    assert names_in(out) == [f"{number}.safetensors" for number in (1, 2, 3)]
