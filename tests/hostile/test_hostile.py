# SPDX-License-Identifier: Apache-2.0
"""Every hostile file is refused: with a message that tells, no store made, little memory taken; and small sound
files that were cut or changed at any byte never do harm.

LANCEKEEP_BUILD names the build folder whose memory is measured; LANCEKEEP_ASAN_BUILD, where it is set, one with
the sanitizers, for which the whole table is run again.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import small_files  # noqa: E402
from hostile_files import CASES  # noqa: E402

BUILDS = {"plain": os.environ["LANCEKEEP_BUILD"]}
if "LANCEKEEP_ASAN_BUILD" in os.environ:
    BUILDS["asan"] = os.environ["LANCEKEEP_ASAN_BUILD"]
MOST_KIB = 64 * 1024
HANG = {"plain": 10, "asan": 120}  # seconds; not a measure of speed, but that it ends


@pytest.fixture(scope="module")
def measured():
    """Runs a command under a limit; returns what measure.py says of it."""
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
    """Seconds and peak of memory by build and case; the greatest of them are printed at the end."""
    figures = {build: {} for build in BUILDS}
    yield figures
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        for build, of_build in figures.items():
            if not of_build:
                continue
            slowest = max(of_build, key=lambda name: of_build[name][0])
            largest = max(of_build, key=lambda name: of_build[name][1])
            print(f"\n{len(of_build)} hostile files, {build}: slowest {slowest} ({of_build[slowest][0]:.2f} s)", end="")
            if build == "plain":
                print(f", most memory {largest} ({of_build[largest][1]} KiB)", end="")


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_is_refused(tmp_path, measured, took, case, build):
    (tmp_path / "file").mkdir()
    path, store = case.make(tmp_path / "file"), tmp_path / "store"
    command = Path(BUILDS[build]) / "cli" / "lancekeep"
    try:
        found = measured([command, "import", path, store], HANG[build])
    finally:
        if path.is_file() and path.stat().st_size > 1 << 20:
            path.unlink()  # pytest keeps the folders of its last runs
    took[build][case.name] = found["seconds"], found["peak_kib"]
    assert found["status"] == 2, found
    assert re.fullmatch(r"lancekeep: [^\x00-\x1f\x7f]+\n", found["said"])
    assert re.search(case.says, found["said"]), found["said"]
    assert not store.exists()
    if build == "plain":
        assert found["peak_kib"] < MOST_KIB


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", small_files.SMALL)
def test_a_small_file_cut_or_changed_does_no_harm(tmp_path, say, name, build):
    path = small_files.write(tmp_path, name)
    (program,) = Path(BUILDS[build]).rglob("lancekeep_cut_and_change")
    done = subprocess.run([program, path], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    size = path.stat().st_size
    assert found["whole_is_read"]
    assert found["cut"] == size and found["cut_and_read"] == []
    assert found["changed"] == 2 * size
    say(f"{name}, {build}: of {2 * size} changes of a byte, {found['changed_and_refused']} are refused")


def replay(*arguments):
    program = Path(BUILDS["plain"]) / "fuzz" / "fuzz_pickle"
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def test_a_replay_of_nothing_fails(tmp_path):
    for arguments, why in [((), "name the files"), ((tmp_path,), "no files in"), ((tmp_path / "x",), "cannot open")]:
        done = replay(*arguments)
        assert done.returncode == 1 and why in done.stderr
    (tmp_path / "one").write_bytes(b"\x80\x02N.")
    assert replay(tmp_path).stdout == "1 files replayed\n"
