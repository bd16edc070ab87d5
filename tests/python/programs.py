# SPDX-License-Identifier: Apache-2.0
"""Runs Python programs in their own processes; they print JSON."""

import json
import subprocess
import sys
import textwrap

# The head of each program: what it can use.
START = """
import gc, json, os, sys
from pathlib import Path

def status(field):  # in bytes
    [line] = [line for line in open("/proc/self/status") if line.startswith(field + ":")]
    return int(line.split()[1]) * 1024

def output(**what):
    print(json.dumps(what), flush=True)

folder = Path(sys.argv[1])
"""


def start(program: str, folder, *arguments, **options) -> subprocess.Popen:
    line = [sys.executable, "-c", START + textwrap.dedent(program), str(folder), *map(str, arguments)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def output_of(program: str, folder, *arguments) -> dict:
    """What a program prints last. The program must succeed."""
    process = start(program, folder, *arguments)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (process.returncode, err)
    return json.loads(out.splitlines()[-1])
