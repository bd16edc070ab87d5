# SPDX-License-Identifier: Apache-2.0
"""Several processes work on one store: every acknowledged version exists, complete and in order."""

import itertools
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pylance
import pytest
from store_tool import StoreError, StoreTool, Tensor, quick_folder

WRITERS, SAVES = 8, 50
TENSORS = 20
BY_PYLANCE = 60
NO_AGE = {"orphans_older_than": 0}


def content(writer, step, tensor):
    return random.Random(f"{writer} {step} {tensor}").randbytes(64 + 8 * tensor)


def model(writer, step):
    """A writer's model after its `step`-th step. Each step changes the tensors that belong to this writer."""
    tensors = []
    for i in range(TENSORS):
        own = i % WRITERS == writer
        value = content(writer, step, i) if own else content("all", 0, i)
        tensors.append(Tensor(f"layer.{i}", "uint8", (len(value),), value))
    return tensors + [Tensor("head", *tensors[writer][1:4], tied_to=tensors[writer].name)]


def name(writer, step):
    return f"writer {writer} step {step}"


def model_of(message):
    _, writer, _, step = message.split()
    return model(int(writer), int(step))


@pytest.fixture
def store():
    with quick_folder() as folder:
        yield folder / "m.lance"


@contextmanager
def open_tool(store):
    tool = StoreTool(store)
    try:
        yield tool
    finally:
        tool.close()


def write(store, writer, steps=range(SAVES)):
    """Saves, and returns the acknowledged versions: number → message."""
    acknowledged = {}
    with open_tool(store) as tool:
        for step in steps:
            message = name(writer, step)
            number = tool.save(model(writer, step), message=message)["version"]
            assert number not in acknowledged and number > max(acknowledged, default=0)
            acknowledged[number] = message
    return acknowledged


def merge(answers):
    """All acknowledged versions; no number was given twice."""
    merged = {}
    for answer in answers:
        assert not merged.keys() & answer.keys()
        merged |= answer
    return merged


def check(store, acknowledged, removed=()):
    """The store has every acknowledged version, except those that gc reported as removed."""
    with open_tool(store) as tool:
        log = {v["number"]: v["message"] for v in tool("log")["versions"]}
        assert list(log) == sorted(log)
        assert log == {n: message for n, message in acknowledged.items() if n not in removed}
        for number, message in log.items():
            if message.startswith("writer"):
                assert tool.read(number) == model_of(message), message
        assert tool("verify")["findings"] == []
        tool("gc", keep_last=10**6, **NO_AGE)
        assert tool("usage")["unreachable"] == 0
    return log


def test_eight_writers(store, say):
    StoreTool(store).close()
    with ThreadPoolExecutor(WRITERS) as pool:
        acknowledged = merge(pool.map(lambda writer: write(store, writer), range(WRITERS)))
    assert sorted(acknowledged) == list(range(1, WRITERS * SAVES + 1))
    check(store, acknowledged)
    say(f"{WRITERS} writers: {len(acknowledged)} saves acknowledged, all {len(acknowledged)} present")


class Until:
    """Tells the loops beside the writers when the writers are done, and counts what the loops did."""

    def __init__(self):
        self.is_over = False
        self.counts = Counter()

    def rounds(self, pause=0.002):
        for number in itertools.count():
            if self.is_over:
                return
            yield number
            time.sleep(random.uniform(pause / 2, pause))


def keep_tagging(store, until, tags):
    with open_tool(store) as tool:
        for _ in until.rounds():
            tag = random.choice(["best", "last", "kept"])
            try:
                newest = tool("log")["versions"][-1]["number"]
                tags[tag] = tool("tag", name=tag, version=newest, force=True)
                until.counts["tags"] += 1
            except (StoreError, IndexError) as error:
                assert isinstance(error, IndexError) or error.code == "not_found", error


def keep_restoring(store, until):
    acknowledged = {}
    with open_tool(store) as tool:
        for _ in until.rounds():
            try:
                version = random.choice(tool("log")["versions"])
                number = tool("restore", version=version["number"])
                acknowledged[number] = version["message"]
            except (StoreError, IndexError) as error:
                assert isinstance(error, IndexError) or error.code == "not_found", error
    until.counts["restores"] += len(acknowledged)
    return acknowledged


def keep_cleaning_up(store, until, keep):
    """Returns the removed versions. Each gc keeps the newest versions and the tagged ones."""
    gone = []
    with open_tool(store) as tool:
        for _ in until.rounds():
            removed = tool("gc", keep_last=keep, **NO_AGE)["removed"]
            left = [version["number"] for version in tool("log")["versions"]]
            assert not removed or sum(n > removed[-1] for n in left) >= keep
            gone += removed
            until.counts["clean-ups"] += 1
    until.counts["versions removed"] += len(gone)
    return gone


def keep_reading(store, until):
    """Maps a version, waits so that gc can remove it, and compares every byte."""
    with open_tool(store) as tool:
        for _ in until.rounds():
            try:
                held = tool("hold")
            except StoreError as error:
                assert error.code == "not_found" and "no version yet" in error.what, error
                continue
            info = next((v for v in tool("log")["versions"] if v["number"] == held["version"]), None)
            time.sleep(random.uniform(0, 0.02))
            found = tool.held(held["held"])
            tool("release")
            if info is None or not info["message"].startswith("writer"):
                continue
            assert found == model_of(info["message"])
            until.counts["readings of mapped versions"] += 1


def test_everything_at_once(store, say):
    """Writers, restores, tags and gc run at once with readers, which never see a wrong byte."""
    StoreTool(store).close()
    until, tags = Until(), {}
    with ThreadPoolExecutor(WRITERS + 7) as pool:
        try:
            beside = [pool.submit(keep_reading, store, until) for _ in range(4)]
            beside.append(pool.submit(keep_tagging, store, until, tags))
            restores = pool.submit(keep_restoring, store, until)
            clean_ups = pool.submit(keep_cleaning_up, store, until, keep=5)
            writers = [pool.submit(write, store, writer) for writer in range(WRITERS)]
            acknowledged = merge(writer.result() for writer in writers)
        finally:
            until.is_over = True
        for one in beside:
            one.result()
        acknowledged = merge([acknowledged, restores.result()])
        gone = clean_ups.result()
    assert len(gone) == len(set(gone)) and not set(gone) & set(tags.values())
    with open_tool(store) as tool:
        assert tool("log")["tags"] == tags
    check(store, acknowledged, gone)
    assert sorted(acknowledged) == list(range(1, len(acknowledged) + 1))
    say(f"{len(acknowledged)} versions acknowledged beside {dict(until.counts)}: 0 wrong bytes")


def write_with_pylance(store, counts):
    """The versions that pylance reports: number → the row it appended, or None. pylance takes no lock, and may
    report that another writer was faster."""
    acknowledged = {}
    deadline = time.monotonic() + 60
    for i in itertools.count():
        if len(acknowledged) == BY_PYLANCE or time.monotonic() > deadline:
            return acknowledged
        row = Tensor(f"pylance.{i}", "uint8", (3,), b"abc") if i % 3 else None
        try:
            if row:
                made = pylance.append_row(store, *row[:4], ordinal=None).version
                acknowledged[made] = row
            else:
                before, made = pylance.compact(store)
                if made > before:  # otherwise there was nothing to do
                    acknowledged[made] = None
        except OSError as error:
            assert "conflict" in str(error).lower(), error
            counts["conflicts of pylance"] += 1


def test_pylance_as_one_more_writer(store, say):
    """Two writers pause between saves, since pylance is far slower and gives up if another writer is faster."""
    with open_tool(store) as tool:
        tool.save(model(0, 1000), message=name(0, 1000))
    until = Until()
    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, store, w, until.rounds(pause=0.03)) for w in range(2)]
        try:
            by_pylance = write_with_pylance(store, until.counts)
        finally:
            until.is_over = True
        acknowledged = merge([{1: name(0, 1000)}, *(writer.result() for writer in writers)])
    merge([acknowledged, by_pylance])
    with open_tool(store) as tool:
        log = {v["number"]: v["message"] for v in tool("log")["versions"]}
        assert list(log) == list(range(1, len(log) + 1))
        assert {n: message for n, message in log.items() if message} == acknowledged
        for number in log:
            if number in acknowledged:
                assert tool.read(number) == model_of(log[number])
            else:  # a compaction also commits versions that it does not report
                row = by_pylance.get(number)
                assert tool.read(number) == tool.read(number - 1) + ([row] if row else [])
        assert tool("verify")["findings"] == []
    assert by_pylance.keys() <= log.keys() and len(by_pylance) == BY_PYLANCE
    say(f"{len(acknowledged)} versions by us, {len(by_pylance)} by pylance, {dict(until.counts)}: all present")
