# SPDX-License-Identifier: Apache-2.0
"""Every broken input gets its message, and leaves the store unchanged."""

import json
import os
import pickle
import re
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from command import COMMAND, run, snapshot
from safetensors.numpy import save_file

TENSORS = {"fc.bias": np.arange(10, dtype=np.float32), "fc.weight": np.ones((10, 50), np.float32)}


def refused(store, *arguments, says):
    """The command fails with this message, on one line, and leaves the store unchanged."""
    before = snapshot(store)
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"lancekeep: [^\n]+\n", done.err)
    for part in [says] if isinstance(says, str) else says:
        assert part in done.err
    assert snapshot(store) == before


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    save_file(TENSORS, tmp_path / "model.safetensors")
    assert run("import", tmp_path / "model.safetensors", path, "--tag", "base").status == 0
    return path


# --- missing files and stores, and files of another kind -------------------------------------------


def test_no_such_file(store, tmp_path):
    refused(store, "import", tmp_path / "gone.pth", store, says=["gone.pth", "No such file"])


def test_no_such_store(store, tmp_path):
    refused(store, "log", tmp_path / "gone.lance", says=["gone.lance", "there is no store"])


def test_not_a_lance_dataset(store, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").write_text("meow")
    for arguments in (["log", folder], ["import", tmp_path / "model.safetensors", folder]):
        refused(folder, *arguments, says="not a Lance dataset: expected a folder with `_versions`")


def test_unknown_version(store):
    refused(store, "ls", store, "--at", "7", says="version 7 does not exist; existing versions: 1")


def test_unknown_tag(store):
    refused(store, "ls", store, "--at", "bset", says=["bset", "base"])


# --- damaged stores --------------------------------------------------------------------------------


def only(folder):
    (path,) = folder.iterdir()
    return path


def rewrite(path, change):
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(change(content))


def test_truncated_data_file(store):
    rewrite(only(store / "data"), lambda b: b[:-1])
    refused(store, "ls", store, says=[only(store / "data").name, "bytes, but its manifest says"])


def test_truncated_manifest(store):
    rewrite(only(store / "_versions"), lambda b: b[: len(b) // 2])
    refused(store, "ls", store, says=".manifest")


def test_wrong_magic(store):
    rewrite(only(store / "_versions"), lambda b: b[:-4] + b"LANX")
    refused(store, "ls", store, says=[".manifest", "LANC"])


def add_to_manifest(content, field):
    """Appends a field to the Manifest message of a manifest file."""
    (position,) = struct.unpack("<Q", content[-16:-8])
    (length,) = struct.unpack_from("<I", content, position)
    message = content[position + 4 : position + 4 + length] + field
    return content[:position] + struct.pack("<I", len(message)) + message + content[-16:]


def test_unknown_feature_flag(store):
    reader_flags = bytes([9 << 3, 0x80, 0x80, 0x80, 0x80, 0x10])  # field 9, 2^32
    rewrite(only(store / "_versions"), lambda b: add_to_manifest(b, reader_flags))
    refused(store, "ls", store, says=["feature flag", str(1 << 32)])


def test_data_file_path_that_leaves_the_store(store):
    name = only(store / "data").name.encode()
    outside = b"../../" + b"x" * (len(name) - 6)
    rewrite(only(store / "_versions"), lambda b: b.replace(name, outside))
    refused(store, "ls", store, says="..")


def test_flipped_bit_in_a_value(store, tmp_path):
    place = only(store / "data").read_bytes().index(TENSORS["fc.bias"].tobytes())
    rewrite(only(store / "data"), lambda b: b[:place] + bytes([b[place] ^ 1]) + b[place + 1 :])
    out = tmp_path / "out.safetensors"
    refused(store, "export", store, out, "--quiet", says="the value of tensor `fc.bias` is damaged")
    assert not out.exists()


def test_data_file_that_is_a_link_out_of_the_store(store, tmp_path):
    data = only(store / "data")
    shutil.move(data, tmp_path / "outside.lance")
    data.symlink_to(tmp_path / "outside.lance")
    refused(store, "ls", store, says=data.name)


# --- damaged or hostile model files ----------------------------------------------------------------


def safetensors(path, header, data):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(begin, end, shape=(4,), dtype="U8"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "header, says",
    [
        ({"a": entry(0, 4), "b": entry(2, 6)}, ["`b`", "2"]),  # overlap
        ({"a": entry(0, 4), "b": entry(4, 12, (8,))}, ["12", "8"]),  # beyond the end
        ({"a": entry(0, 4), "b": entry(6, 8, (2,))}, ["`b`", "4", "6"]),  # a hole
        ({"a": entry(0, 8, (2**62, 2**62))}, ["`a`", "4611686018427387904"]),  # the product overflows
        ({"a": entry(0, 8, (9,))}, ["`a`", "8", "9"]),  # the byte count does not match the shape
    ],
    ids=["overlap", "overrun", "hole", "overflow", "size"],
)
def test_safetensors(store, tmp_path, header, says):
    file = safetensors(tmp_path / "bad.safetensors", header, bytes(8))
    refused(store, "import", file, store, says=["bad.safetensors", *says])


def test_truncated_safetensors(store, tmp_path):
    rewrite(tmp_path / "model.safetensors", lambda b: b[:-1])
    refused(store, "import", tmp_path / "model.safetensors", store, says="model.safetensors")


class RunsCode:
    def __reduce__(self):
        return (os.system, ("touch pwned",))


def test_pickle_that_names_a_forbidden_global(store, tmp_path):
    path = tmp_path / "evil.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": RunsCode()}, protocol=2))
        archive.writestr("archive/version", "3\n")
    refused(store, "import", path, store, says=["evil.pth", f"`{os.system.__module__}.system`", "nothing was run"])
    assert not Path("pwned").exists()


def test_neither_kind(store, tmp_path):
    path = tmp_path / "page.pth"
    path.write_text("<!DOCTYPE html><title>Not found</title>")
    refused(store, "import", path, store, says="page.pth")


# --- a full disk -----------------------------------------------------------------------------------


def test_full_disk(store, tmp_path):
    """Fails each write of an import in turn with a full disk: the store has the old version, or both versions."""
    trace = lambda n: ("strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"inject=write:error=ENOSPC:when={n}")
    before, rejected = snapshot(store), 0
    save_file({"w": np.full(1000, 7, np.float32)}, tmp_path / "next.safetensors")
    for n in range(1, 100):
        done = run("import", tmp_path / "next.safetensors", store, prefix=trace(n))
        if done.status == 0:
            break
        if snapshot(store) == before:
            assert "free" in done.err and "space" in done.err
            rejected += 1
        else:  # the version was saved; only the report on stdout was lost
            assert json.loads(run("log", store, "--json").out)
    assert rejected >= 3 and n < 99
    assert run("ls", store, "--at", "1").status == 0


def test_file_size_limit(store, tmp_path):
    save_file({"big": np.zeros(1 << 20, np.float32)}, tmp_path / "big.safetensors")
    before = snapshot(store)
    line = f"trap '' XFSZ; ulimit -f 1000; exec {COMMAND} import {tmp_path}/big.safetensors {store}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert done.returncode == 2 and "File too large" in done.stderr
    assert snapshot(store) == before
