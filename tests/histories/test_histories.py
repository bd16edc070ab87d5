# SPDX-License-Identifier: Apache-2.0
"""No history loses anything: after each of its random steps, the store matches a dictionary.

`make test` repeats the same 100; LANCEKEEP_HISTORIES=N runs N new random ones, as `make trust` does.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from interruptions import Crashes, StepsOfPylance
from machine import STEPS, FULL_LENGTH, Machine, tally
from steps import Keeping, Saves


class Histories(Saves, Keeping, Crashes, StepsOfPylance, Machine):
    pass


def test_histories(capsys):
    requested = int(os.environ.get("LANCEKEEP_HISTORIES", 0))
    tally.clear()
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=requested or 100,
            stateful_step_count=STEPS,
            derandomize=not requested,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        figures = ", ".join(f"{count:,} {what}" for what, count in sorted(tally.items()))
        print(f"\n{figures}: nothing lost")
    assert tally[FULL_LENGTH] >= (requested or 100) // 2  # Hypothesis also tries shorter histories
