# SPDX-License-Identifier: Apache-2.0
"""Runs the lancekeep command, for all tests of it."""

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np

COMMAND = Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"
TENSORS = {
    "fc.bias": np.arange(10, dtype=np.float32),
    "fc.weight": np.arange(5000, dtype=np.float32).reshape(10, 500),
    "steps": np.array(7, dtype=np.int64),
}


class Result:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self, status=0):
        """The JSON document of a run that must end with this status and print nothing on stderr."""
        assert (self.status, self.err) == (status, "")
        return json.loads(self.out)


def run(*arguments, prefix=(), **options):
    line = [str(each) for each in (*prefix, COMMAND, *arguments)]
    return Result(subprocess.run(line, capture_output=True, text=True, timeout=300, **options))


def fails(*arguments):
    """Runs a command that must fail, with and without --json; returns the error's code and message."""
    text, document = run(*arguments), run(*arguments, "--json")
    assert (text.status, text.out) == (2, "")
    assert re.fullmatch(r"lancekeep: [^\n]+\n", text.err)
    assert (document.status, document.out) == (2, "")
    error = json.loads(document.err)["error"]
    assert list(error) == ["code", "message", "file", "offset"]
    return error["code"], text.err


def snapshot(folder):
    """Maps each file's name to its bytes."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def versions(store):
    """The versions, oldest first, each as log --json prints it."""
    return run("log", store, "--json").json()["versions"][::-1]
