# SPDX-License-Identifier: Apache-2.0
"""The processes of one round of a soak: started, disturbed by signals, started again when they died, and ended."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from soak_journal import HANGS, Journal, where_it_hangs
from soak_roles import NEED_TORCH

WORKER = Path(__file__).with_name("soak_worker.py")
SIGNALS = {signal.SIGINT: 4, signal.SIGKILL: 2, signal.SIGSTOP: 2}
SLOW_TO_START = {signal.SIGINT: 16, signal.SIGKILL: 1, signal.SIGSTOP: 4}  # a process that imports torch
LONGEST_START = 300.0  # seconds
PATIENCE = 15.0  # seconds, beyond what an operation may take, in which a process must end


@dataclass
class Member:
    name: str
    role: str
    store: str
    path: str
    process: subprocess.Popen | None = None
    journal: Path | None = None
    starts: int = 0
    killed: bool = False
    stopped: float | None = None  # since when
    resumes: float = 0.0

    def works(self):
        """False while Python starts and imports, when a signal tells nothing of what is tested here."""
        return self.process is not None and self.process.poll() is None and self.journal.exists()


class Processes:
    """Signals go only to children that were not waited for yet, so no other process can have their number."""

    def __init__(self, folder, round_number, random, limit):
        self.folder, self.round, self.random, self.limit = folder, round_number, random, limit
        self.members, self.died, self.crashes = [], {}, []
        self.journal = Journal(folder / f"signals-{round_number}.jsonl", "soak", "none")

    def add(self, name, role, store, path):
        self.members.append(Member(name, role, store, path))
        self._start(self.members[-1])

    def _over(self, role):
        return self.folder / f"over-{self.round}{'-' + role if role == 'replacer' else ''}"

    def _start(self, member):
        member.starts += 1
        member.killed, member.stopped = False, None
        member.journal = self.folder / f"{self.round}-{member.name}-{member.starts}.jsonl"
        line = [sys.executable, WORKER, member.role, member.store, member.path, member.journal, self._over(member.role)]
        line += [str(self.random.getrandbits(32)), str(self.limit)]
        with open(member.journal.with_suffix(".stderr"), "wb") as errors:
            member.process = subprocess.Popen(line, stdout=errors, stderr=errors, stdin=subprocess.DEVNULL)

    def wait_for_all(self):
        """Until each process works. On a busy machine it takes a minute to import torch in several of them."""
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until and not all(member.works() for member in self.members):
            time.sleep(0.1)
            if any(member.process.poll() is not None for member in self.members):
                break  # it died, which the next _reap() says
        self.crashes += [f"{member.name} does not start" for member in self.members if not member.journal.exists()]

    def disturb(self, until):
        while time.monotonic() < until:
            time.sleep(self.random.uniform(0.05, 0.4))
            self._resume(time.monotonic())
            self._reap()
            for member in self.members:
                if member.process is None and not self._over(member.role).exists():
                    self._start(member)
            self._signal(self.random.choice(self.members))

    def _signal(self, member):
        signals_its_own = member.role.startswith("command")
        if not member.works() or signals_its_own or member.stopped is not None:
            return
        weights = SLOW_TO_START if member.role in NEED_TORCH else SIGNALS
        what = self.random.choices(list(weights), weights.values())[0]
        member.process.send_signal(what)
        self.journal.counted(what.name)
        if what == signal.SIGKILL:
            member.killed = True
        elif what == signal.SIGSTOP:
            member.stopped = time.monotonic()
            member.resumes = member.stopped + self.random.uniform(0.1, 3)

    def _resume(self, now):
        for member in self.members:
            if member.stopped is not None and now >= member.resumes:
                if member.process is not None:
                    member.process.send_signal(signal.SIGCONT)
                self.journal.stopped(member.stopped)
                member.stopped = None

    def _reap(self):
        for member in self.members:
            if member.process is None or member.process.poll() is None:
                continue
            self.died[member.journal.stem] = time.monotonic()
            status, errors = member.process.returncode, member.journal.with_suffix(".stderr")
            said = errors.read_text(errors="replace")[-1500:]
            if status != 0 and not (member.killed and status == -signal.SIGKILL):
                self.crashes.append(f"{member.name} ended with status {status}: {said or 'it printed nothing'}")
            member.process = None

    def end(self, role):
        self._over(role).touch()

    def end_all(self):
        """Asks all to end, and returns who did not."""
        self.end("all")
        self._resume(float("inf"))
        until = time.monotonic() + self.limit + PATIENCE
        while time.monotonic() < until and any(member.works() for member in self.members):
            time.sleep(0.05)
            self._reap()
        return [self._describe(member) for member in self.members if member.works()]

    def _describe(self, member):
        member.process.send_signal(HANGS)
        time.sleep(0.5)
        said = member.journal.with_suffix(".stderr").read_text(errors="replace")[-3000:]
        return f"{member.name} does not end: {where_it_hangs(member.process)}\n{said}"

    def kill_all(self):
        self.end("all")
        for member in self.members:
            if member.process is not None:
                member.process.kill()
                member.process.wait()
        self._resume(float("inf"))
        for member in self.members:
            if member.process is not None:
                self.died[member.journal.stem] = time.monotonic()
                member.process = None
