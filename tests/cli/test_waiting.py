# SPDX-License-Identifier: Apache-2.0
"""The command waits for locks: it says so, hears signals, and goes on when the lock is free."""

import fcntl
import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest
from command import COMMAND, run, snapshot
from safetensors.numpy import save_file

LINES = {
    "tag": ("tag", "m.lance", "new"),
    "tag -d": ("tag", "m.lance", "-d", "base"),
    "restore": ("restore", "m.lance", "1"),
    "gc": ("gc", "m.lance", "--keep-last", "1"),
    "gc --dry-run": ("gc", "m.lance", "--keep-last", "1", "--dry-run"),
    "import": ("import", "a.safetensors", "m.lance"),
    "import --tag": ("import", "a.safetensors", "m.lance", "--tag", "new"),
    "export": ("export", "m.lance", "m.lance.new", "--layout", "native"),
}
WAITS = {name: line for name, line in LINES.items() if name != "export"}  # a reader never waits


@pytest.fixture
def place(tmp_path):
    save_file({"w": np.arange(9)}, tmp_path / "a.safetensors")
    for _ in range(2):
        assert run("import", "a.safetensors", "m.lance", cwd=tmp_path).status == 0
    assert run("tag", "m.lance", "base", "--at", "1", cwd=tmp_path).status == 0
    return tmp_path


@pytest.fixture
def locked(place):
    descriptor = os.open(place / "m.lance" / "_versions", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def start(place, line):
    return subprocess.Popen([COMMAND, *line], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("name", WAITS)
def test_after_a_second_it_says_who_holds_the_lock(place, locked, name):
    with start(place, WAITS[name]) as process:
        line = process.stderr.readline()
        assert process.poll() is None
        fcntl.flock(locked, fcntl.LOCK_UN)
        process.communicate(timeout=60)
    assert process.returncode == 0
    held = rf"held by process {os.getpid()} \(.*python.*\)"
    assert re.fullmatch(rf"note: waiting for the lock of .*m\.lance/_versions, which is {held}\n", line)


@pytest.mark.parametrize("name", WAITS)
def test_ctrl_c_ends_the_wait(place, locked, name):
    before = snapshot(place)
    with start(place, WAITS[name]) as process:
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + signal.SIGINT, "lancekeep: interrupted; nothing was changed\n")
    assert snapshot(place) == before


def test_a_reader_does_not_wait(place, locked):
    for line in (LINES["export"], ("log", "m.lance"), ("verify", "m.lance"), ("tag", "m.lance")):
        start = time.monotonic()
        assert run(*line, cwd=place).status == 0
        assert time.monotonic() - start < 30


def test_import_moves_a_tag(place):
    assert run("import", "a.safetensors", "m.lance", "--tag", "base", "--move-tag", cwd=place).status == 0
    assert run("tag", "m.lance", "--json", cwd=place).json()["tags"] == {"base": 3}
    refused = run("import", "a.safetensors", "m.lance", "--tag", "base", cwd=place)
    assert refused.status == 2 and "the tag `base` exists already; nothing was saved" in refused.err
    assert run("import", "a.safetensors", "m.lance", "--move-tag", cwd=place).status == 2
    assert run("import", "a.safetensors", "m.lance", "--tag", "a/b", cwd=place).err.endswith("use `a-b`\n")
