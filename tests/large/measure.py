# SPDX-License-Identifier: Apache-2.0
"""Measures a program's peak memory."""

import subprocess
import sys

STREAM_KIB = 64 * 1024  # the memory that a save or an export may take beyond the caller's tensors

# A child's peak includes the memory that its parent had when it forked, so a small parent runs it, not pytest.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measured(*arguments):
    """Runs a program; returns its peak memory in KiB."""
    line = [sys.executable, "-c", MEASURE, *map(str, arguments)]
    return int(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
