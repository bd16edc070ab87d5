# SPDX-License-Identifier: Apache-2.0
"""After kill -9 before any system call of any operation, the old or the new state remains, and the next save works."""

import pytest
import strace
from operations import OPERATIONS
from sweep import EVERYTHING, Sweep


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_killed_at_every_call(operation, starts, tmp_path, say):
    sweep = Sweep(operation, starts, tmp_path)
    points = sweep.points(lambda call: EVERYTHING or call.changes)
    assert len(points) > 3

    def judge(outcome, result, call):
        if result.returncode not in (-9, 137):
            yield f"should have been killed, but ended with {result.returncode}"

    bad = sweep.run(points, strace.killed, judge)
    say(f"kill: {operation.name}: {len(points)} points, {len(bad)} bad ends")
    assert not bad, "\n".join(bad[:20])
