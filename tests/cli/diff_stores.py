# SPDX-License-Identifier: Apache-2.0
"""Stores to compare, and the command that compares them."""

import json
import os
import subprocess
from pathlib import Path

import torch

COMMAND = Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"


def run(*arguments):
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def diff(store, *arguments, status=1):
    """The JSON document of a diff that must end with this status."""
    done = run("diff", store, *arguments, "--json")
    assert (done.returncode, done.stderr) == (status, "")
    return json.loads(done.stdout)


def text(store, *arguments, status=1):
    done = run("diff", store, *arguments)
    assert (done.returncode, done.stderr) == (status, "")
    return done.stdout.splitlines()


class Stores:
    def __init__(self, folder):
        self.folder = folder

    def save(self, *states, name="m.lance"):
        """A store whose versions are these state dicts; a .pth keeps every dtype, and ties."""
        for state in states:
            torch.save(state, self.folder / "state.pth")
            done = run("import", self.folder / "state.pth", self.folder / name, "-q")
            assert done.returncode == 0, done.stderr
        return self.folder / name
