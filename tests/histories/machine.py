# SPDX-License-Identifier: Apache-2.0
"""The store that a history runs on, and the checks after each step and at its end."""

from collections import Counter

import pylance
from hypothesis.stateful import RuleBasedStateMachine, invariant
from model import Draft, Model
from store_tool import StoreTool, quick_folder

STEPS = 20
FULL_LENGTH = f"histories of {STEPS} steps"
NO_AGE = {"orphans_older_than": 0}

tally = Counter()


class Machine(RuleBasedStateMachine):
    """A store, and a model of its content. The steps are in steps.py and interruptions.py."""

    def __init__(self):
        super().__init__()
        self.model = Model()
        self.held = []  # (the tool's number, tensors) of each version that stays open
        self.burst_is_over = False
        self.is_intact = False
        self.steps = 0
        self.folder = quick_folder()
        self.store = self.folder.__enter__() / "m.lance"
        self.tool = StoreTool(self.store)

    @invariant()
    def matches_the_model(self):
        self.is_intact = False
        self.check_log()
        if self.model.versions:
            assert self.tool.read(self.model.newest) == self.model.tensors
        self.is_intact = True
        self.steps += 1

    def teardown(self):
        try:
            if self.is_intact:
                self.end()
        finally:
            self.tool.close()
            self.folder.__exit__(None, None, None)

    def end(self):
        self.check_everything()
        report = self.tool("gc", keep_last=10**6, **NO_AGE)
        assert report["removed"] == [] and report["orphans_kept"] == 0
        assert self.tool("usage")["unreachable"] == 0
        self.check_everything()
        tally["histories"] += 1
        tally[FULL_LENGTH] += self.steps == STEPS
        tally["steps"] += self.steps
        if tally["histories"] % 20 == 0:
            for number, version in self.model.versions.items():
                pylance.check_version(self.store, version.tensors, number)
                tally["versions opened by pylance"] += 1

    def check_log(self):
        found, wanted = self.tool("log"), self.model.log()
        times = [version.pop("time") for version in found["versions"]]
        assert found["tags"] == wanted["tags"]
        for version, expected in zip(found["versions"], wanted["versions"]):
            assert version == expected
        assert len(found["versions"]) == len(wanted["versions"])
        assert times == sorted(times)

    def check_everything(self):
        self.check_log()
        for number, version in self.model.versions.items():
            assert self.tool.read(number) == version.tensors
        for number, tensors in self.held:
            assert self.tool.held(number) == tensors
        found = self.tool("verify")
        assert found["findings"] == [] and found["versions"] == len(self.model.versions)

    def save(self, tensors, **arguments):
        message = f"on top of {self.model.newest}"
        report = self.tool.save(tensors, message=message, **arguments)
        self.model.commit(tensors, message, arguments.get("metadata"))
        assert report["version"] == self.model.newest
        assert report["written"] + report["kept"] == len(tensors)
        tally["saves"] += 1
        return report

    def draft(self):
        return Draft(self.model.tensors)

    def numbers(self):
        return [version["number"] for version in self.tool("log")["versions"]]
