# SPDX-License-Identifier: Apache-2.0
"""If any system call of an operation fails, the exit status is 2, there is a message, and the old or the new state remains."""

import pytest
import strace
from operations import OPERATIONS
from sweep import EVERYTHING, Sweep

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def judge_error(sweep, outcome, result, needs_message=True):
    """Complains unless everything is as it must be after any error from any call."""
    if result.returncode == 0:
        yield from sweep.acknowledged(outcome)
        return
    if result.returncode != 2:
        yield f"exit status {result.returncode}: {result.stderr}"
    if needs_message and not result.stderr.startswith("lancekeep: "):
        yield "no message"


def left_files(sweep, outcome):
    """Complains about files that a failed operation left."""
    left = outcome.files - sweep.before.files
    if outcome.state() == sweep.before.state() and left:
        yield f"left behind: {sorted(left)}"


def can_fail(call):
    """Whether an error can be injected. For close(2), only if the file was written: strace skips a call that it makes
    fail, so a lock would be held forever, although Linux closes the file even if close(2) fails."""
    if call.is_close:
        return call.changes
    return (EVERYTHING or call.changes) and call.name not in strace.NOT_FILES


def run(operation, starts, tmp_path, say, error, is_clean):
    sweep = Sweep(operation, starts, tmp_path)
    points = sweep.points(can_fail)

    def judge(outcome, result, call):
        yield from judge_error(sweep, outcome, result)
        if is_clean and call.name not in ("unlink", "unlinkat", "rmdir"):
            yield from left_files(sweep, outcome)

    bad = sweep.run(points, lambda call: strace.fails_once(call, error), judge)
    say(f"{error}: {operation.name}: {len(points)} points, {len(bad)} bad ends")
    assert not bad, "\n".join(bad[:20])


@every_operation
def test_no_space_once(operation, starts, tmp_path, say):
    run(operation, starts, tmp_path, say, "ENOSPC", True)


@every_operation
def test_input_output_error(operation, starts, tmp_path, say):
    run(operation, starts, tmp_path, say, "EIO", True)


@every_operation
def test_interrupted(operation, starts, tmp_path, say):
    run(operation, starts, tmp_path, say, "EINTR", False)


@every_operation
def test_no_space_from_then_on(operation, starts, tmp_path, say):
    sweep = Sweep(operation, starts, tmp_path)
    points = sweep.points(lambda call: call.name in strace.ALLOCATING)

    def judge(outcome, result, call):
        # stderr is written with write(2) too, and so fails like the rest.
        yield from judge_error(sweep, outcome, result, needs_message=False)
        yield from left_files(sweep, outcome)

    bad = sweep.run(points, lambda call: strace.fails_from(call, "ENOSPC"), judge)
    say(f"ENOSPC from then on: {operation.name}: {len(points)} points, {len(bad)} bad ends")
    assert not bad, "\n".join(bad[:20])
