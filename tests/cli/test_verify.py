# SPDX-License-Identifier: Apache-2.0
"""lancekeep verify as a user runs it: what it prints, its exit status, and the bytes that it reads."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from command import COMMAND, TENSORS, run
from safetensors.numpy import save_file

def verify_json(*arguments, status=0):
    return run("verify", *arguments, "--json").json(status)


def save(store, tensors):
    path = store.parent / "model.safetensors"
    save_file(tensors, path)
    assert run("import", path, store).status == 0


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    save(path, TENSORS)
    save(path, {name: np.asarray(value * 3 + 1) for name, value in TENSORS.items()})
    return path


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def damage_value(store, value):
    """Flips a bit in the only place of the store that has these bytes; returns file and offset."""
    places = [(path, path.read_bytes().find(value)) for path in (store / "data").iterdir()]
    [(path, offset)] = [place for place in places if place[1] >= 0]
    flip(path, offset)
    return path, offset


def test_an_intact_store(store):
    done = run("verify", store)
    assert (done.status, done.err) == (0, "")
    assert done.out == "version 2: 3 tensors, 20.0 kB read, all hashes match\n"
    assert run("verify", store, "--at", "1").out.startswith("version 1: 3 tensors")
    assert run("verify", store, "--all").out.startswith("2 versions: ")


def test_json_of_an_intact_store(store):
    assert verify_json(store) == {
        "store": str(store), "ok": True, "version": 2, "versions": 1, "tensors": 3, "bytes_read": 20048,
        "damaged": 0, "unchecked": 0, "not_read": 0, "findings": [], "notes": []}
    everything = verify_json(store, "--all")
    assert (everything["version"], everything["versions"]) == (None, 2)


def test_a_flipped_bit(store):
    path, offset = damage_value(store, TENSORS["fc.weight"].tobytes())
    done = run("verify", store, "--all")
    assert (done.status, done.err) == (1, "")
    finding, closing = done.out.splitlines()
    assert re.fullmatch(
        rf"damaged: version 1, tensor `fc\.weight`: {path}: at byte {offset}: its 20000 bytes from here on have "
        r"the hash [0-9a-f]{32}, but the save recorded [0-9a-f]{32}", finding)
    assert closing.startswith(f"1 finding in 2 versions of {store}: ")
    assert run("verify", store).status == 0
    assert run("verify", store, "--at", "1").status == 1


def test_json_of_a_flipped_bit(store):
    path, offset = damage_value(store, TENSORS["fc.weight"].tobytes())
    report = verify_json(store, "--at", "1", status=1)
    assert (report["ok"], report["version"]) == (False, 1)
    [finding] = report["findings"]
    assert list(finding) == ["kind", "version", "tensor", "file", "offset", "what"]
    assert (finding["kind"], report["damaged"]) == ("damaged", 1)
    assert (finding["version"], finding["tensor"]) == (1, "fc.weight")
    assert (finding["file"], finding["offset"]) == (str(path), offset)


@pytest.mark.parametrize(
    "names, tensors", [(["fc.bias"], 1), (["fc.*"], 2), (["step?", "fc.[b]ias"], 2), (["*"], 3), (["*", "steps"], 3)]
)
def test_names_restrict_what_is_read(store, names, tensors):
    report = verify_json(store, *names)
    assert report["tensors"] == tensors


def test_a_damaged_tensor_that_is_not_asked_for(store):
    damage_value(store, TENSORS["fc.weight"].tobytes())
    assert run("verify", store, "steps", "--at", "1").status == 0


def test_a_name_with_the_characters_of_a_pattern(tmp_path):
    store = tmp_path / "s"
    save(store, {"w[0]": np.zeros(2), "w0": np.zeros(3)})
    assert verify_json(store, "w[0]")["tensors"] == 2  # the tensor with this name, and the one that the pattern matches


def test_a_name_that_no_tensor_has(store):
    done = run("verify", store, "fc.bias", "fc.wait")
    assert (done.status, done.out) == (2, "")
    assert "no tensor in version 2 with a recorded hash matches `fc.wait`" in done.err


def test_a_damaged_manifest_and_tag(store):
    assert run("tag", store, "best", "--at", "1").status == 0
    (store / "_refs/tags/best.json").write_text("{")
    newest = min((store / "_versions").glob("*.manifest"))
    newest.write_bytes(b"")
    done = run("verify", store)
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[0].startswith(f"damaged: version 2: {newest}: ") and "empty" in lines[0]
    assert lines[1].startswith(f"damaged: {store}/_refs/tags/best.json: ")
    assert lines[2].startswith("2 findings in version 1 of ")


def test_notes_go_to_stderr(store):
    for path in (store / "_transactions").iterdir():
        path.unlink()
    done = run("verify", store)
    assert done.status == 0
    assert done.err == "note: the transaction file of version 2 is missing; the manifest has a copy of it\n"
    quiet = run("verify", store, "-q")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize("line", [["--at", "9"], ["--at", "none"], ["--at", "1", "--all"], ["--at", ""]])
def test_misuse(store, line):
    done = run("verify", store, *line)
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"lancekeep: [^\n]+\n", done.err)


def test_something_that_is_not_a_store(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("mine")
    done = run("verify", tmp_path / "folder")
    assert done.status == 2 and "not a Lance dataset" in done.err


def test_hostile_names_do_not_reach_the_terminal(tmp_path):
    store = tmp_path / "s"
    value = np.arange(99.0)
    save(store, {"w\x1b[2J\n\u202e": value})
    damage_value(store, value.tobytes())
    done = run("verify", store)
    assert done.status == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.out)
    assert "w\\u001b[2J\\n" in done.out


def has_data_file_open(pid):
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            if "/data/" in os.readlink(link):
                return True
        except OSError:  # closed in the meantime
            continue
    return False


def test_a_signal_stops_it(tmp_path):
    store = tmp_path / "s"
    save(store, {"w": np.zeros(100_000_000, dtype=np.float32)})
    with subprocess.Popen([str(COMMAND), "verify", str(store)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        # Waits until it has opened the data file; 400 MB leave time for the signal.
        while not has_data_file_open(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert (out, err) == ("", "lancekeep: interrupted; nothing was changed\n")


def as_another_user(store, *line):
    """Runs the command as somebody who may not read everything: root may, so root becomes nobody."""
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run([COMMAND, *map(str, line)], capture_output=True, text=True, cwd="/", **other)


@pytest.fixture
def shared(store):
    """The store in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(shutil.copytree(store, Path(folder, "model.lance")))
        for each in [path, *path.rglob("*")]:
            each.chmod(0o755 if each.is_dir() else 0o644)
        yield path


@pytest.mark.parametrize("what", ["data/*.lance", "_versions/*.manifest"])
def test_what_may_not_be_read_is_not_damage(shared, what):
    hidden = sorted(shared.glob(what))[0]
    hidden.chmod(0)
    done = as_another_user(shared, "verify", shared, "--all")
    assert done.returncode == 2
    assert "could not be checked: " in done.stdout and "Permission denied" in done.stdout
    assert "damaged" not in done.stdout
    document = json.loads(as_another_user(shared, "verify", shared, "--all", "--json").stdout)
    assert document["unchecked"] >= 1 and (document["damaged"], document["not_read"]) == (0, 0)
    assert {finding["kind"] for finding in document["findings"]} == {"unchecked"}
    if "manifest" in what:
        log = as_another_user(shared, "log", shared)
        assert log.returncode == 2 and "could not be checked: " in log.stdout
        du = as_another_user(shared, "du", shared)
        assert du.returncode == 2 and "could not be checked" in du.stdout


def test_damage_counts_more_than_what_could_not_be_checked(shared):
    first, second = sorted(shared.glob("data/*.lance"))[:2]
    first.chmod(0)
    second.write_bytes(second.read_bytes()[:-1])
    done = as_another_user(shared, "verify", shared, "--all")
    assert done.returncode == 1
    assert "damaged: " in done.stdout and "could not be checked: " in done.stdout


def test_a_version_that_is_no_model_is_not_damage(store):
    import lance
    import pyarrow as pa

    lance.write_dataset(pa.table({"image": [b"a"]}), store, mode="overwrite")
    done = run("verify", store, "--all")
    assert done.status == 3
    assert "not read: version 3: " in done.out and "damaged" not in done.out
    assert "(1 not read)" in done.out
    log = run("log", store)
    assert log.status == 3 and "not read: " in log.out
    du = run("du", store)
    assert du.status == 3 and "not read" in du.out


def test_a_data_file_that_has_grown_is_not_read(store):
    data = sorted(store.glob("data/*.lance"))[0]
    size = data.stat().st_size
    os.truncate(data, 1 << 40)
    done = run("verify", store, "--all")
    assert done.status == 1
    assert f"has {1 << 40} bytes, but its manifest says {size}" in done.out
