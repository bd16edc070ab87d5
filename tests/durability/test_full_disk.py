# SPDX-License-Identifier: Apache-2.0
"""A disk that is really full: every size of a small tmpfs, and every limit on file sizes."""

import subprocess

import pytest
from operations import OPERATIONS, Place
from sweep import Outcome

PAGE = 4096
(IMPORT,) = [operation for operation in OPERATIONS if operation.name == "import that shares"]
# Mounts a tmpfs in a new namespace, copies the start into it, runs the command there, and copies the result out.
ON_TMPFS = """
set -e
mount -t tmpfs -o size="$1" tmpfs "$2"
cp -a "$3/." "$2" 2>/dev/null || exit 99
cd "$2"
shift 3
left=$1
shift
status=0
"$@" || status=$?
cp -a . "$left"
exit $status
"""


def judge(before, outcome, result, why):
    """Complains unless a run that may have run out of space ended as it must."""
    if outcome.trouble:
        yield outcome.trouble
    elif result.returncode == 0:
        if len(outcome.found["versions"]) != 2:
            yield "acknowledged, but missing"
    elif result.returncode != 2 or why not in result.stderr:
        yield f"exit status {result.returncode}: {result.stderr}"
    elif outcome.state() != before.state() or outcome.files != before.files:
        yield f"changed: {sorted(outcome.files - before.files)}"


@pytest.fixture
def before(starts, tmp_path):
    return Outcome(Place(tmp_path / "before", starts / IMPORT.start))


def test_files_may_not_grow(starts, tmp_path, say, before):
    ends, bad = [], []
    for limit in range(0, 4 * PAGE, 64):
        place = Place(tmp_path / "run", starts / IMPORT.start)
        line = ["prlimit", f"--fsize={limit}", *IMPORT.line]
        result = subprocess.run(line, cwd=place.folder, capture_output=True, text=True)
        ends.append(result.returncode)
        bad += judge(before, Outcome(place), result, "ulimit -f")
    say(f"limit on file sizes: {len(ends)} sizes, {ends.count(2)} too small, {len(bad)} bad ends")
    assert not bad, "\n".join(bad[:20])
    assert ends.count(2) > 5 and ends[-1] == 0


def can_mount(folder):
    line = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    return subprocess.run(line, capture_output=True).returncode == 0


def test_small_tmpfs(starts, tmp_path, say, before):
    mount, left = tmp_path / "mount", tmp_path / "left"
    mount.mkdir()
    if not can_mount(mount):
        say("tmpfs: mounting is not permitted here; only the limit on file sizes is tested")
        return
    ends, bad = [], []
    for pages in range(1, 60):
        place = Place(left, starts / "nothing")
        line = ["unshare", "--mount", "sh", "-c", ON_TMPFS, "sh", str(pages * PAGE), mount, starts / IMPORT.start, left]
        result = subprocess.run([*line, *IMPORT.line], capture_output=True, text=True)
        if result.returncode == 99:
            continue  # too small even for the copy of the start
        ends.append(result.returncode)
        bad += judge(before, Outcome(place), result, "No space left on device")
    say(f"tmpfs: {len(ends)} sizes, {ends.count(2)} too small, {len(bad)} bad ends")
    assert not bad, "\n".join(bad[:20])
    assert ends.count(2) > 2 and ends[-1] == 0
