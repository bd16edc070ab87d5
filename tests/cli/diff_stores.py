# SPDX-License-Identifier: Apache-2.0
"""Makes stores to compare, and runs the command that compares them."""

import torch
from command import run


def diff(store, *arguments, status=1):
    """The JSON document of a diff that must end with this status."""
    return run("diff", store, *arguments, "--json").json(status)


def text(store, *arguments, status=1):
    done = run("diff", store, *arguments)
    assert (done.status, done.err) == (status, "")
    return done.out.splitlines()


class Stores:
    def __init__(self, folder):
        self.folder = folder

    def save(self, *states, name="m.lance"):
        """A store whose versions are these state dicts. Imports them as .pth, which keeps every dtype, and ties."""
        for state in states:
            torch.save(state, self.folder / "state.pth")
            done = run("import", self.folder / "state.pth", self.folder / name, "-q")
            assert done.status == 0, done.err
        return self.folder / name
