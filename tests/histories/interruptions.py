# SPDX-License-Identifier: Apache-2.0
"""Steps that stop in the middle, as if the process had been killed, and steps that pylance takes."""

import pylance
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine import NO_AGE, tally
from model import value
from steps import KIND, NUMBER, SEED, TAG, has_tensors
from store_tool import StoreError

CALLS = st.integers(1, 40)  # a save makes about thirty changing calls


class Crashes:
    def crash(self, *command, **arguments):
        """Returns whether the command finished before the crash; if it did, its effect must be visible."""
        try:
            self.tool(*command, **arguments)
            return True
        except StoreError as error:
            assert error.code == "io" and "fails as planned" in error.what, error
            tally["crashes"] += 1
            return False

    @rule(crash_at=CALLS, kind=KIND, seed=SEED, name=NUMBER)
    def crash_while_saving(self, crash_at, kind, seed, name):
        draft = self.draft()
        draft.insert(name, draft.free_name(name), value(kind, seed))
        tensors = [tensor.to_json() for tensor in draft.tensors()]
        done = self.crash("save", tensors=tensors, message="crash", crash_at=crash_at)
        if done or self.model.newest + 1 in self.numbers():
            self.model.commit(draft.tensors(), "crash")

    @rule(crash_at=CALLS, version=NUMBER)
    def crash_while_restoring(self, crash_at, version):
        number = self.model.pick(version)
        done = self.crash("restore", version=number, crash_at=crash_at)
        if done or self.model.newest + 1 in self.numbers():
            self.model.restore(number)

    @rule(crash_at=st.integers(1, 8), tag=TAG, version=NUMBER)
    def crash_while_tagging(self, crash_at, tag, version):
        number = self.model.pick(version)
        done = self.crash("tag", name=tag, version=number, force=True, crash_at=crash_at)
        if done or self.tool("log")["tags"].get(tag) == number:
            self.model.tags[tag] = number

    @rule(crash_at=CALLS, keep_last=st.integers(1, 3))
    def crash_while_cleaning_up(self, crash_at, keep_last):
        done = self.crash("gc", keep_last=keep_last, **NO_AGE, crash_at=crash_at)
        left = self.numbers()
        if left[-1] > self.model.newest:
            self.model.rewrite()
        expired = self.model.collectable(keep_last)
        removed = [number for number in expired if number not in left]
        assert removed == expired[: len(removed)] and (not done or removed == expired)
        self.model.remove(removed)


class StepsOfPylance:
    @rule()
    def pylance_compacts(self):
        pylance.compact(self.store)
        for _ in range(self.numbers()[-1] - self.model.newest):  # no version, or one more that reserves ids
            self.model.commit(self.model.tensors)
        tally["steps of pylance"] += 1

    @rule(name=NUMBER, kind=KIND, seed=SEED, place=st.none() | st.just(0))
    def pylance_appends(self, name, kind, seed, place):
        draft = self.draft()
        new = draft.free_name(name)
        ordinal = None if place is None else -(2**40) - (self.model.newest << 30)
        at = len(draft.entries) if ordinal is None else 0
        draft.insert(at, new, value(kind, seed))
        pylance.append_row(self.store, new, *value(kind, seed), ordinal)
        self.model.commit(draft.tensors())
        tally["steps of pylance"] += 1

    @rule()
    def pylance_cleans_up(self):
        pylance.clean_up(self.store)
        self.model.remove(self.model.collectable())
        tally["steps of pylance"] += 1

    @rule(tag=TAG, version=NUMBER)
    def pylance_tags(self, tag, version):
        number = self.model.pick(version)
        pylance.set_tag(self.store, tag, number, is_new=tag not in self.model.tags)
        self.model.tags[tag] = number
        tally["steps of pylance"] += 1

    @precondition(has_tensors)
    @rule(number=NUMBER)
    def pylance_deletes(self, number):
        name = self.draft().pick(number).name
        pylance.delete_row(self.store, name)
        self.model.delete(name)
        tally["steps of pylance"] += 1
