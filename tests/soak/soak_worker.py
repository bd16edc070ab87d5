# SPDX-License-Identifier: Apache-2.0
"""One process of a soak, until the file OVER exists: soak_worker.py ROLE STORE PATH JOURNAL OVER SEED LIMIT"""

import faulthandler
import os
import random
import signal
import sys
import time
import traceback
from contextlib import contextmanager

from soak_journal import HANGS, Journal, Stopped

SOON = 0.05  # seconds until a role that failed tries again


class Failed(Exception):
    """An operation failed, which is in the journal; the role begins anew."""


class Worker:
    def __init__(self, role, store, path, journal, over, limit):
        import lancekeep

        self.lancekeep = lancekeep
        self.role, self.store_name, self.path, self.over, self.limit = role, store, path, over, float(limit)
        self.journal = Journal(journal, role, store)
        self._begun = []  # operations of this thread whose end is not in the journal yet
        self.reopen()

    def reopen(self):
        with self.operation("look"):
            self.store = self.lancekeep.open(self.path, framework="np")

    def is_over(self):
        return os.path.exists(self.over)

    @contextmanager
    def operation(self, what, **arguments):
        """Journals what happens within. Yields a dict for what the operation says it did."""
        number, result = self.journal.begin(what, **arguments), {}
        self._begun.append(number)
        try:
            yield result
            self.journal.end(number, "ok", **result)
        except KeyboardInterrupt as interrupt:
            text = "".join(traceback.format_exception_only(interrupt))
            self.journal.end(number, "interrupted", text=text)
            raise
        except Stopped as stopped:
            self.journal.end(number, stopped.status, text=str(stopped))
            raise Failed from stopped
        except Exception as error:
            self.journal.end(number, "error", code=getattr(error, "code", type(error).__name__), text=str(error))
            raise Failed from error
        self._begun.remove(number)

    def close_interrupted(self):
        """An interrupt right after an operation leaves it without an end; whether it happened is unknown."""
        for number in self._begun:
            self.journal.end(number, "unknown")
        self._begun.clear()


def work(worker, role):
    while True:
        try:
            if worker.is_over():
                return
            if worker.store_name == "replaced" and random.random() < 0.2:
                worker.reopen()
            role(worker)
            worker._begun.clear()
        except KeyboardInterrupt:
            retry_through_interrupts(worker.close_interrupted)
        except Failed:
            worker._begun.clear()
            retry_through_interrupts(lambda: time.sleep(SOON))
            if worker.store_name == "replaced":
                reopen_soon(worker)


def reopen_soon(worker):
    try:
        worker.reopen()
    except (Failed, KeyboardInterrupt):
        retry_through_interrupts(worker.close_interrupted)


def retry_through_interrupts(call):
    while True:
        try:
            return call()
        except KeyboardInterrupt:
            continue


def main():
    role, store, path, journal, over, seed, limit = sys.argv[1:]
    random.seed(seed)
    # An interrupt while torch is imported can crash it, which is not what is tested here.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    faulthandler.register(HANGS)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a soak in the background inherits that it is ignored
    from soak_commands import COMMAND_ROLES
    from soak_roles import NEED_TORCH, ROLES

    if role in NEED_TORCH:
        import torch._dynamo  # noqa: F401 – which optimizers import
    worker = Worker(role, store, path, journal, over, limit)
    act = (ROLES | COMMAND_ROLES)[role]
    if isinstance(act, type):  # a role with something of its own
        act = act(worker)
    retry_through_interrupts(lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT}))
    work(worker, act)
    if hasattr(act, "finish"):
        retry_through_interrupts(act.finish)


if __name__ == "__main__":
    main()
