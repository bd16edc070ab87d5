# SPDX-License-Identifier: Apache-2.0
"""What can happen to a store: each rule is a step that Hypothesis can take, with arguments that it draws."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from machine import NO_AGE, tally
from model import Draft, value
from store_tool import StoreError

NUMBER = st.integers(0, 30)
KIND = st.integers(0, 7)
SEED = st.integers(0, 4)
TAG = st.sampled_from(["best", "release-1", "v.2_x"])


def has_tensors(self):
    return bool(self.model.tensors)


def has_tags(self):
    return bool(self.model.tags)


class Saves:
    @initialize(kinds=st.lists(KIND, max_size=6), seed=SEED)
    def start(self, kinds, seed):
        self.save_fresh(kinds, seed)

    @rule(kinds=st.lists(KIND, max_size=6), seed=SEED)
    def save_fresh(self, kinds, seed):
        draft = Draft()
        for i, kind in enumerate(kinds):
            draft.insert(i, draft.free_name(i), value(kind, seed + i // 3))
        self.save(draft.tensors(), metadata={"loss": f"0.{seed}"})

    @rule()
    def save_nothing_changed(self):
        report = self.save(self.model.tensors)
        assert report["written"] == 0

    @precondition(has_tensors)
    @rule(numbers=st.lists(NUMBER, min_size=1, max_size=3), kind=KIND, seed=SEED)
    def save_few_changes(self, numbers, kind, seed):
        draft = self.draft()
        for number in numbers:
            draft.change(number, value(kind, seed))
        self.save(draft.tensors())

    @rule(seed=SEED)
    def save_all_changed(self, seed):
        draft = self.draft()
        for i in range(len(draft.entries)):
            draft.change(i, value(seed + i, 100 + seed + i))
        self.save(draft.tensors())

    @precondition(has_tensors)
    @rule(number=NUMBER, name=NUMBER)
    def save_renamed(self, number, name):
        draft = self.draft()
        draft.pick(number).name = draft.free_name(name)
        self.save(draft.tensors())

    @precondition(has_tensors)
    @rule(a=NUMBER, b=NUMBER)
    def save_with_names_swapped(self, a, b):
        draft = self.draft()
        one, other = draft.pick(a), draft.pick(b)
        one.name, other.name = other.name, one.name
        self.save(draft.tensors())

    @rule(random=st.randoms(use_true_random=False))
    def save_reordered(self, random):
        draft = self.draft()
        random.shuffle(draft.entries)
        self.save(draft.tensors())

    @rule(place=NUMBER, name=NUMBER, kind=KIND, seed=SEED)
    def save_one_more(self, place, name, kind, seed):
        draft = self.draft()
        draft.insert(place, draft.free_name(name), value(kind, seed))
        self.save(draft.tensors())

    @precondition(has_tensors)
    @rule(number=NUMBER)
    def save_one_fewer(self, number):
        draft = self.draft()
        draft.entries.remove(draft.pick(number))
        self.save(draft.tensors())

    @precondition(has_tensors)
    @rule(number=NUMBER, place=NUMBER, name=NUMBER)
    def save_one_tied(self, number, place, name):
        draft = self.draft()
        target = draft.pick(number)
        draft.insert(place, draft.free_name(name), target.value, target.group)
        self.save(draft.tensors())

    @precondition(has_tensors)
    @rule(number=NUMBER)
    def save_one_untied(self, number):
        draft = self.draft()
        draft.pick(number).group = draft.new_group()
        self.save(draft.tensors())

    @precondition(lambda self: not self.burst_is_over)
    @rule(count=st.sampled_from([3, 3, 3, 34]))  # 34: more data files than a version may refer to
    def save_many_times(self, count):
        self.burst_is_over = True
        draft = self.draft()
        for i in range(count):
            draft.insert(i * 5, draft.free_name(i), value(i, 200 + i))
            self.save(draft.tensors())

    @rule(tag=TAG)
    def save_with_tag(self, tag):
        taken = tag in self.model.tags
        try:
            self.save(self.model.tensors, tag=tag)
            self.model.tags[tag] = self.model.newest
            assert not taken
        except StoreError as error:
            assert taken and error.code == "already_exists"


class Keeping:
    """Tags, restored and replaced models, readers, clean-ups."""

    @rule(tag=TAG, version=NUMBER)
    def tag(self, tag, version):
        number = self.model.pick(version)
        taken = tag in self.model.tags
        try:
            assert self.tool("tag", name=tag, version=number) == number
            assert not taken
            self.model.tags[tag] = number
        except StoreError as error:
            assert taken and error.code == "already_exists"

    @rule(tag=TAG, version=NUMBER)
    def move_tag(self, tag, version):
        number = self.model.pick(version)
        self.tool("tag", name=tag, version=number, force=True)
        self.model.tags[tag] = number

    @precondition(has_tags)
    @rule(number=NUMBER, version=NUMBER, is_right=st.booleans())
    def move_tag_from_an_expected_version(self, number, version, is_right):
        tag = sorted(self.model.tags)[number % len(self.model.tags)]
        expected = self.model.tags[tag] if is_right else self.model.tags[tag] + 1
        number = self.model.pick(version)
        try:
            self.tool("tag", name=tag, version=number, expected=expected)
            self.model.tags[tag] = number
            assert is_right
        except StoreError as error:
            assert not is_right and error.code == "conflict"

    @precondition(has_tags)
    @rule(number=NUMBER)
    def untag(self, number):
        tag = sorted(self.model.tags)[number % len(self.model.tags)]
        self.tool("untag", name=tag)
        del self.model.tags[tag]

    @rule(version=NUMBER)
    def restore(self, version):
        number = self.model.pick(version)
        self.model.restore(number)
        assert self.tool("restore", version=number) == self.model.newest
        tally["restores"] += 1

    @rule(number=NUMBER, kind=KIND, dies_at=st.integers(0, 8))
    def replace(self, number, kind, dies_at):
        draft = self.draft()
        draft.insert(number, draft.free_name(number), value(kind, 50))
        died = self.tool.save(draft.tensors(), "replace", message="new", die_at=dies_at)["died"]
        if died:
            tally["crashes"] += 1
            return
        self.tool("open", path=str(self.store))
        self.model.replace(draft.tensors(), "new")
        tally["replacements"] += 1

    @rule(version=NUMBER)
    def hold(self, version):
        """Keeps a version open: it must stay readable, whatever happens to the store."""
        number = self.model.pick(version)
        held = self.tool("hold", version=number)["held"]
        self.held.append((held, self.model.versions[number].tensors))

    @rule(
        keep_last=st.sampled_from([None, 1, 2, 3, 6]),
        older_than=st.sampled_from([None, None, 0, 3600]),
        orphans=st.sampled_from([{}, NO_AGE]),
        dry_run=st.sampled_from([False, False, True]),
    )
    def gc(self, keep_last, older_than, orphans, dry_run):
        scope = {"keep_last": keep_last, "older_than": older_than}
        scope = {key: limit for key, limit in scope.items() if limit is not None}
        if not scope:
            self.gc_is_rejected()
            return
        report = self.tool("gc", **scope, **orphans, dry_run=dry_run)
        if report["rewritten"] is not None:
            assert not dry_run
            self.model.rewrite()
            assert report["rewritten"] == self.model.newest
            tally["rewritten versions"] += 1
        expired = self.model.collectable(keep_last, older_than in (None, 0))
        assert report["removed"] == expired
        if dry_run:
            return
        self.model.remove(expired)
        tally["clean-ups"] += 1
        tally["versions removed"] += len(expired)

    @rule(keep_last=st.integers(1, 3))
    def gc_all_but_few(self, keep_last):
        self.gc(keep_last, None, NO_AGE, dry_run=False)

    def gc_is_rejected(self):
        try:
            self.tool("gc")
            raise AssertionError("gc without a limit")
        except StoreError as error:
            assert error.code == "invalid_argument"
