# SPDX-License-Identifier: Apache-2.0
"""What each process of a soak did: one file per process, one line when an operation begins and one when it ends.

A line is written by one write(), so a process that is killed leaves whole lines; an operation without an end is one in
which the process died. Times are those of CLOCK_MONOTONIC, which all processes of a machine share.
"""

import itertools
import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HANGS = signal.SIGUSR1  # asks a process of the soak to print where it hangs


@dataclass
class Operation:
    """One call of the library or the command. `end` is None while it runs."""

    journal: str
    role: str
    store: str
    what: str  # save, replace, restore, tag, untag, gc, load, verify
    begin: float
    arguments: dict = field(default_factory=dict)
    end: float | None = None
    status: str = "unknown"  # ok, error, interrupted, or unknown: it was killed, or still runs
    result: dict = field(default_factory=dict)
    code: str = ""  # of an error: the library's code, or the exception's class
    text: str = ""

    def __str__(self):
        given = "".join(f" {key}={value}" for key, value in self.arguments.items())
        return f"{self.what}{given} of {self.store} by {self.role} ({self.journal})"


class Stopped(Exception):
    """A signal ended an operation in another process. `status` is "interrupted" if that could still say what it did."""

    def __init__(self, text, status):
        super().__init__(text)
        self.status = status


class Journal:
    """Any number of threads may write. A child made by fork may go on writing, too."""

    def __init__(self, path, role, store):
        self.path, self.role, self.store = Path(path), role, store
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._numbers = itertools.count()

    def begin(self, what, **arguments):
        number = next(self._numbers)
        self._write(op=number, what=what, role=self.role, store=self.store, begin=time.monotonic(), arguments=arguments)
        return number

    def end(self, number, status, *, code="", text="", **result):
        self._write(op=number, end=time.monotonic(), status=status, code=code, text=text[:2000], result=result)

    def stopped(self, begin):
        """A process was stopped from `begin` until now: nobody can be blamed for what waited meanwhile."""
        self._write(stop=[begin, time.monotonic()])

    def counted(self, what):
        """A fork or a signal, for the count of them."""
        self._write(count=what)

    def _write(self, **line):
        os.write(self._file, (json.dumps(line) + "\n").encode())


class Reader:
    """Reads the journals of a folder, each line once: `read` returns what has ended or died since the last call."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.stops, self.counts = [], Counter()
        self._offsets = {}
        self._running = {}  # (journal, number) → Operation

    def read(self, died=None):
        """Returns the operations that are over. `died` has the time of death of each process, by journal."""
        over = []
        for path in sorted(self.folder.glob("*.jsonl")):
            over += self._read_one(path)
        for (journal, number), operation in list(self._running.items()):
            if journal in (died or {}):
                operation.end = died[journal]
                over.append(self._running.pop((journal, number)))
        return over

    def running(self):
        return list(self._running.values())

    def _read_one(self, path):
        with open(path, "rb") as file:
            file.seek(self._offsets.get(path, 0))
            lines = file.read().split(b"\n")
        self._offsets[path] = self._offsets.get(path, 0) + sum(len(line) + 1 for line in lines[:-1])
        for line in lines[:-1]:
            event = json.loads(line)
            if "stop" in event:
                self.stops.append(tuple(event["stop"]))
                continue
            if "count" in event:
                self.counts[event["count"]] += 1
                continue
            key = path.stem, event.pop("op")
            if "begin" in event:
                self._running[key] = Operation(journal=path.stem, **event)
            elif key in self._running:
                operation = self._running.pop(key)
                for name, value in event.items():
                    setattr(operation, name, value)
                yield operation


def where_it_hangs(process):
    """What the kernel says of a child that does not end: its state, what it waits for, its open files."""
    proc, said = Path("/proc") / str(process.pid), []
    for name in ("stat", "wchan", "syscall"):
        try:
            said.append(f"{name}: {(proc / name).read_text().strip()[:200]}")
        except OSError as error:
            said.append(f"{name}: {error}")
    try:
        said += sorted({os.readlink(file) for file in (proc / "fd").iterdir()})
    except OSError as error:
        said.append(str(error))
    return "; ".join(said)
