# SPDX-License-Identifier: Apache-2.0
"""Locks, forks and signals: nothing waits for an idle child, waits hear Ctrl-C, and an interrupt says what is saved."""

import fcntl
import logging
import os
import random
import signal
import threading
import time
from pathlib import Path

import lancekeep
import numpy as np
import pytest
from programs import output_of

WAITERS = {
    "save": lambda store: store.save({"w": np.ones(3)}),
    "save with a tag": lambda store: store.save({"w": np.ones(3)}, tag="new"),
    "tag": lambda store: store.tag("new"),
    "untag": lambda store: store.untag("first"),
    "restore": lambda store: store.restore(1),
    "gc": lambda store: store.gc(keep_last=1),
    "gc, dry run": lambda store: store.gc(keep_last=1, dry_run=True),
    "replace": lambda store: lancekeep.Store.replace(store.path, {"w": np.ones(3)}),
}


@pytest.fixture
def store(folder):
    made = lancekeep.open(folder / "m.lance", create=True, framework="np")
    made.save({"w": np.arange(5)}, tag="first")
    made.save({"w": np.arange(6)})
    return made


class Locked:
    """Another process's lock of a store, held until the context ends."""

    def __init__(self, store):
        self.ready, self.end = os.pipe(), os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(self.end[1])  # so that the child ends with this process
            descriptor = os.open(Path(store.path) / "_versions", os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(self.ready[1], b"x")
            os.read(self.end[0], 1)
            os._exit(0)
        os.read(self.ready[0], 1)
        os.close(self.end[0])

    def __enter__(self):
        return self

    def release(self):
        if self.end is not None:
            os.close(self.end[1])
        self.end = None

    def __exit__(self, *_):
        self.release()
        os.waitpid(self.process, 0)
        for descriptor in self.ready:
            os.close(descriptor)


class Alarm(Exception):
    pass


@pytest.fixture
def alarm():
    """Sends SIGALRM after some seconds; its handler raises Alarm."""

    def handle(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGALRM, handle)
    yield lambda after: signal.setitimer(signal.ITIMER_REAL, after)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("waiter", WAITERS)
def test_a_wait_hears_signals_and_leaves_the_store_unchanged(store, waiter, alarm):
    tags, versions = store.tags(), [version.number for version in store.versions()]
    with Locked(store):
        alarm(0.2)
        start = time.monotonic()
        with pytest.raises(Alarm) as raised:
            WAITERS[waiter](store)
        assert time.monotonic() - start < 5
    assert not getattr(raised.value, "__notes__", [])
    assert (store.tags(), [version.number for version in store.versions()]) == (tags, versions)
    assert not [name for name in os.listdir(Path(store.path).parent) if name.startswith(".")]
    WAITERS[waiter](store)


def test_ctrl_c_ends_a_wait(store):
    with Locked(store):
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            store.tag("new")


def test_after_a_second_a_wait_says_who_holds_the_lock(store, caplog):
    with Locked(store) as lock:
        threading.Timer(1.6, lock.release).start()
        with caplog.at_level(logging.WARNING, logger="lancekeep"):
            store.tag("new")
    [record] = caplog.records
    assert record.name == "lancekeep"
    line = record.getMessage()
    assert line.startswith(f"waiting for the lock of {store.path}/_versions, which is held by process {lock.process} (")
    assert "python" in line


def test_a_wait_in_another_thread_does_not_hold_the_gil(store):
    with Locked(store) as lock:
        thread = threading.Thread(target=store.tag, args=("new",))
        thread.start()
        for _ in range(100):
            time.sleep(0.001)
        assert thread.is_alive()
        lock.release()
        thread.join(10)
    assert store.tags()["new"] == 2


# --- forks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["save", "gc"])
def test_an_idle_child_holds_no_lock(folder, work):
    """Forks while other threads save (or collect garbage), again and again: no tag waits for the child."""
    program = f"""
    import signal, threading, time
    import lancekeep, numpy as np

    store = lancekeep.open(folder / "m.lance", create=True, framework="np")
    store.save({{"w": np.zeros(9)}}, durable=False)
    stop = threading.Event()

    def work(n):
        while not stop.is_set():
            n += 2
            store.save({{"w": np.full(2000, n, "f4")}}, durable=False)
            if {work == "gc"}:
                store.gc(keep_last=2, orphans_older_than=0)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    longest, children = 0, []
    for i in range(60):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
        start = time.monotonic()
        store.tag("x", force=True)
        longest = max(longest, time.monotonic() - start)
    stop.set()
    for thread in threads:
        thread.join()
    store.gc(keep_last=1, orphans_older_than=0)
    unreachable = store.disk_usage().unreachable
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    output(longest=longest, unreachable=unreachable, ok=store.verify(all=True).ok)
    """
    found = output_of(program, folder)
    assert found["longest"] < 20  # a child sleeps for 60 s
    assert (found["unreachable"], found["ok"]) == (0, True)


# --- an interrupt and the commit --------------------------------------------------------------------------------------

ATTEMPTS = 60


def test_an_interrupted_save_says_whether_its_version_is_there(store, alarm):
    """SIGALRM at random moments of a durable save: an exception without a note means that nothing was saved."""
    random.seed(1)
    outcomes = {"saved": 0, "stopped": 0, "saved, then stopped": 0}
    for i in range(ATTEMPTS):
        before = [version.number for version in store.versions()]
        start = time.monotonic()
        store.save({"w": np.full(100, i)})
        usual = time.monotonic() - start
        before.append(before[-1] + 1)
        report = None
        try:
            alarm(random.uniform(0.0001, usual * 1.2))
            report = store.save({"w": np.full(100, -i)})
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Alarm as raised:
            if report is not None:  # it came between the two lines above
                continue
            notes = getattr(raised, "__notes__", [])
            saved = [version.number for version in store.versions()] != before
            assert notes == ([f"version {before[-1] + 1} is saved"] if saved else []), i
            outcomes["saved, then stopped" if saved else "stopped"] += 1
        else:
            assert report.version == before[-1] + 1
            outcomes["saved"] += 1
    assert outcomes["stopped"] > 0, outcomes


def test_the_message_of_a_keyboard_interrupt_says_that_the_version_is_saved(store, monkeypatch):
    from lancekeep import _interrupts

    def interrupted(done, call, *arguments):
        done.append(call(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(_interrupts, "keep_result", interrupted)
    calls = {
        "version 3 is saved": lambda: store.save({"w": np.ones(2)}),
        "version 4 is saved": lambda: store.restore(1),
        "tag new points to version 4": lambda: store.tag("new"),
        "tag new is deleted": lambda: store.untag("new"),
        "version 1 is saved": lambda: lancekeep.Store.replace(store.path, {"w": np.ones(2)}),
    }
    for text, call in calls.items():
        with pytest.raises(KeyboardInterrupt) as raised:
            call()
        assert str(raised.value) == text
    assert lancekeep.open(store.path).versions()[-1].number == 1


# --- tensors that change ----------------------------------------------------------------------------------------------


def test_saves_beside_a_running_step_are_intact(store):
    """One thread changes tensors while another saves them."""
    state = {f"layer.{i}": np.zeros(300_000, "f4") for i in range(12)}
    stop = threading.Event()

    def train():
        while not stop.is_set():
            for values in state.values():
                values += 1

    thread = threading.Thread(target=train)
    thread.start()
    try:
        for _ in range(8):
            store.save(state, durable=False)
    finally:
        stop.set()
        thread.join()
    report = store.verify(all=True)
    assert report.ok, report.findings
    for version in store.versions():
        target = Path(store.path).with_name(f"{version.number}.safetensors")
        lancekeep.export_file(store.path, target, version.number)


# --- one call that saves and moves a tag ------------------------------------------------------------------------------


def test_a_save_moves_a_tag(store):
    assert store.save({"w": np.ones(2)}, tag="first", move_tag=True).version == 3
    assert store.tags() == {"first": 3}
    store.save({"w": np.ones(2)}, tag="second", move_tag=True)
    assert store.tags() == {"first": 3, "second": 4}
    with pytest.raises(lancekeep.AlreadyExistsError, match=r"`first` exists already; nothing was saved.*move_tag"):
        store.save({"w": np.ones(2)}, tag="first")
    with pytest.raises(lancekeep.InvalidArgumentError, match="move_tag needs a tag"):
        store.save({"w": np.ones(2)}, move_tag=True)
    assert len(store.versions()) == 4


def test_an_invalid_tag_name_comes_with_a_valid_one(store):
    for name, valid in {"epoch=1-step=10": "epoch-1-step-10", "release/v1": "release-v1"}.items():
        with pytest.raises(lancekeep.InvalidArgumentError, match=f"use `{valid}`"):
            store.save({"w": np.ones(2)}, tag=name)
        store.save({"w": np.ones(2)}, tag=valid)


# --- what readers would refuse ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"message": "m" * (17 << 20)}, {"metadata": {"k": "v" * (17 << 20)}}])
def test_a_message_that_is_too_large_is_refused(store, options):
    with pytest.raises(lancekeep.InvalidArgumentError, match="at most 16777216 bytes together"):
        store.save({"w": np.ones(2)}, **options)
    assert len(store.versions()) == 2


def test_a_large_message_is_read_again(store):
    message = "m" * (15 << 20)
    store.save({"w": np.ones(2)}, message=message, metadata={"k": "v" * (1 << 19)})
    assert store.versions()[-1].message == message
    store.restore(1)
    store.gc(keep_last=1)
    assert store.load()["w"].tolist() == [0, 1, 2, 3, 4]
