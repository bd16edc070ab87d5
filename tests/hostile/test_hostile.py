# SPDX-License-Identifier: Apache-2.0
"""Every hostile file is rejected with a clear message; no store is made, and little memory is used. Small valid files
that are truncated, or changed at any byte, do no harm.

LANCEKEEP_BUILD is the build folder whose command imports them. LANCEKEEP_ASAN_BUILD, if set, is a build with the
sanitizers, which reads all of them again in one process: starting a process would cost more than most files.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import small_files  # noqa: E402
from hostile_files import CASES  # noqa: E402

BUILDS = {"plain": os.environ["LANCEKEEP_BUILD"]}
if "LANCEKEEP_ASAN_BUILD" in os.environ:
    BUILDS["asan"] = os.environ["LANCEKEEP_ASAN_BUILD"]
MOST_KIB = 64 * 1024
HANG, HANG_ASAN = 10, 120  # seconds; checks that the command ends, not its speed


@pytest.fixture(scope="module")
def measured():
    """Runs a command under a limit; returns the report of measure.py."""
    script = str(Path(__file__).parent / "measure.py")
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def run(command, seconds):
            process.stdin.write(json.dumps({"command": [str(part) for part in command], "seconds": seconds}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run
        process.stdin.close()


@pytest.fixture(scope="module")
def took(pytestconfig):
    """Collects seconds and peak memory by case, and prints the greatest at the end."""
    figures = {}
    yield figures
    if not figures:
        return
    slowest = max(figures, key=lambda name: figures[name][0])
    largest = max(figures, key=lambda name: figures[name][1])
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{len(figures)} hostile files: slowest {slowest} ({figures[slowest][0]:.2f} s), ", end="")
        print(f"most memory {largest} ({figures[largest][1]} KiB)", end="")


@pytest.fixture
def file_of(tmp_path):
    """Makes a case's file and removes it afterwards, because pytest keeps the folders of its last runs."""
    folder = tmp_path / "file"
    folder.mkdir()
    yield lambda case: case.make(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_is_rejected(tmp_path, file_of, measured, took, case):
    path, store = file_of(case), tmp_path / "store"
    found = measured([Path(BUILDS["plain"]) / "cli" / "lancekeep", "import", path, store], HANG)
    took[case.name] = found["seconds"], found["peak_kib"]
    assert found["status"] == 2, found
    assert re.fullmatch(r"lancekeep: [^\x00-\x1f\x7f]+\n", found["said"])
    assert re.search(case.says, found["said"]), found["said"]
    assert not store.exists()
    assert found["peak_kib"] < MOST_KIB


def program_of(build, name):
    (program,) = Path(BUILDS[build]).rglob(name)
    return program


class Reader:
    """A lancekeep_read_files process with the sanitizers, which is restarted after a finding ends it."""

    def __init__(self):
        self.process = None

    def read(self, path):
        if self.process is None or self.process.poll() is not None:
            pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
            self.process = subprocess.Popen([program_of("asan", "lancekeep_read_files")], text=True, **pipes)
        limit = threading.Timer(HANG_ASAN, self.process.kill)
        limit.start()
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        limit.cancel()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def close(self):
        return self.process.communicate()[1] if self.process else ""


@pytest.fixture(scope="module")
def reader():
    made = Reader()
    yield made
    assert made.close() == ""  # leaks are reported at the end


if "asan" in BUILDS:

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_the_sanitizers_find_nothing_in_a_hostile_file(file_of, reader, case):
        reader.read(file_of(case))


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", small_files.SMALL)
def test_a_truncated_or_changed_small_file_does_no_harm(tmp_path, say, name, build):
    path = small_files.write(tmp_path, name)
    done = subprocess.run([program_of(build, "lancekeep_read_files"), path], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    size = path.stat().st_size
    assert found["whole_is_read"]
    assert found["cut"] == size and found["cut_and_read"] == []
    assert found["changed"] == 2 * size
    say(f"{name}, {build}: of {2 * size} changes of a byte, {found['changed_and_refused']} are rejected")


def replay(*arguments):
    program = program_of("asan" if "asan" in BUILDS else "plain", "fuzz_pickle")
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def test_a_replay_of_nothing_fails(tmp_path):
    for arguments, why in [((), "name the files"), ((tmp_path,), "no files in"), ((tmp_path / "x",), "cannot open")]:
        done = replay(*arguments)
        assert done.returncode == 1 and why in done.stderr
    (tmp_path / "one").write_bytes(b"\x80\x02N.")
    assert replay(tmp_path).stdout == "1 files replayed\n"
