# SPDX-License-Identifier: Apache-2.0
"""Runs an operation once for each of its system calls, with an injection into that call, and checks what remains."""

import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import strace
from operations import Place, tensors

EVERYTHING = os.environ.get("LANCEKEEP_TRUST") == "1"  # every system call, not only those that change something
NEXT = {name: ["float32", [100], value.tobytes().hex()] for name, value in tensors(4).items()}


class Outcome:
    """The content of a folder after an operation that ended or was interrupted."""

    def __init__(self, place):
        self.files = place.files()
        self.exported, document, self.trouble = place.look()
        self.found = self.then = None
        if not self.trouble:
            document = json.loads(document)
            self.found, self.then, self.saved = document["found"], document["then"], document["saved"]

    def state(self):
        return self.exported, self.found


class Sweep:
    def __init__(self, operation, starts, folder):
        self.operation, self.folder = operation, folder
        self.source = starts / operation.start
        self.before = Outcome(self.place())
        place = self.place()
        self.calls = strace.trace(operation, place, folder / "log")
        self.after = Outcome(place)
        self.ends = [self.after.state()]
        if operation.also is not None:
            self.ends.append((self.before.exported, operation.also(self.before.found)))
        assert self.before.state() != self.after.state(), "the operation changes something"
        assert not self.before.trouble and not self.after.trouble

    def place(self):
        """A folder for this thread."""
        return Place(self.folder / f"run-{threading.get_ident()}", self.source)

    def points(self, wanted):
        renames = self.operation.renames and self.operation.exchanges  # otherwise, these calls fail in every run
        calls = self.calls if renames else [call for call in self.calls if call.name != "renameat2"]
        return [call for call in calls if wanted(call)]

    def run(self, points, injections_at, judge):
        """Calls judge(outcome, result, call) for each point; returns all complaints."""

        def run_one(call):
            place = self.place()
            result = strace.disturb(self.operation, place, injections_at(call))
            outcome = Outcome(place)
            complaints = [outcome.trouble] if outcome.trouble else [*self.third_state(outcome), *self.next_save(outcome)]
            complaints += judge(outcome, result, call)
            return [f"{self.operation.name}, {call.name} {call.number}: {what}" for what in complaints]

        with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1)) as pool:
            found = [what for each in pool.map(run_one, points) for what in each]
        for run in self.folder.glob("run-*"):
            shutil.rmtree(run)
        return found

    def third_state(self, outcome):
        """Complains unless the old state or the new one remains."""
        if outcome.state() in (self.before.state(), *self.ends):
            return
        if self.operation.whole:
            yield f"a third state: {list(outcome.found['versions'])} {outcome.found['tags']}"
            return
        for kind in ("versions", "tags"):
            old, new, found = self.before.found[kind], self.after.found[kind], outcome.found[kind]
            for name in {*old, *new, *found}:
                if found.get(name) not in (old.get(name), new.get(name)):
                    yield f"{kind[:-1]} {name} is neither the old nor the new one"
        found = outcome.found["versions"]
        all_there = any(end["versions"].items() <= found.items() for _, end in self.ends)
        if not self.before.found["versions"].keys() <= found.keys() and not all_there:
            yield "something was removed before everything to keep was there"
        for tag, version in outcome.found["tags"].items():
            if str(version) not in outcome.found["versions"]:
                yield f"the tag {tag} points to no version"

    def next_save(self, outcome):
        newest = max(map(int, outcome.found["versions"]), default=0)
        if outcome.then["tensors"] != NEXT or outcome.saved != newest + 1:
            yield "the next save does not load as it was saved"

    def acknowledged(self, outcome):
        if self.operation.exchanges:
            is_there = outcome.state() in self.ends
        else:  # a note may say that older versions could not be removed
            new, found = self.after.found, outcome.found
            is_there = all(new[kind].items() <= found[kind].items() for kind in ("versions", "tags"))
        if not is_there:
            yield "acknowledged, but missing"
