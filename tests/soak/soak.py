# SPDX-License-Identifier: Apache-2.0
"""All at once, for a long time: `make soak`. Exit status 1 if anything hung, got lost, was damaged or failed.

Some twenty processes use two stores: one that is kept, and one that is replaced again and again. They save (from
Python, with the command, and in a thread while the tensors change), fork, tag, restore, collect garbage, replace, load
and verify. Meanwhile they get SIGINT, SIGKILL, and SIGSTOP with SIGCONT. After each round of two minutes all of them
end, and the stores are compared with what was acknowledged (soak_judge.py).

    SOAK_SECONDS (1200)  how long      SOAK_SEED    of what is random in the soak itself; printed at the start
    SOAK_HANG (30)       the seconds that an operation may take while no process is stopped
    SOAK_FOLDER          where the stores are; by default a new folder in the temporary one
    SOAK_FAULT           a kind of failure to plant, which shows that the soak can fail: see soak_faults.py
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import soak_content
from soak_faults import plant
from soak_judge import KINDS, Found, Problem, StoreJudge, failures, hangs
from soak_journal import Journal, Reader
from soak_processes import Processes

ROUND = 120.0
SHOWN = 5  # problems of each kind
MUST_HAPPEN = ("save", "replace", "restore", "tag", "untag", "gc", "load", "look", "verify")
TEAMS = {
    "kept": [
        "saver",
        "saver",
        "command-saver",
        "training",
        "tagger",
        "collector",
        "restorer",
        "verifier",
        "command-keeper",
    ]
    + ["poller", "poller", "reader"],
    "replaced": ["saver", "command-saver", "replacer", "tagger", "collector", "poller", "poller", "reader"],
}


def look_at(path):
    """A store that nobody uses now."""
    import lancekeep

    found = Found()
    store = lancekeep.open(path, framework="np")
    found.tags = store.tags()
    for version in store.versions():
        found.messages[version.number] = version.message
        try:
            found.contents[version.number] = soak_content.identity_of(store.load(version.number))
        except (lancekeep.Error, soak_content.Mixture) as error:
            found.contents[version.number] = str(error)
    report = store.verify(all=True)
    found.findings = [str(finding) for finding in report.findings]
    return found


def first_save(path, journal):
    import lancekeep

    identity = soak_content.new_identity()
    message = soak_content.message_of("first", identity)
    number = journal.begin("save", message=message)
    report = lancekeep.open(path, create=True, framework="np").save(soak_content.model(identity), message=message)
    journal.end(number, "ok", version=report.version, identity=identity)


class Soak:
    def __init__(self, folder, seconds, seed, limit):
        self.folder, self.seconds, self.limit = Path(folder), seconds, limit
        self.random = random.Random(seed)
        self.reader = Reader(self.folder)
        self.judges = {name: StoreJudge(name) for name in TEAMS}
        self.problems, self.done, self.rounds = [], Counter(), 0
        for name in TEAMS:
            first_save(self.path(name), Journal(self.folder / f"first-{name}.jsonl", "first", name))

    def path(self, name):
        return str(self.folder / f"{name}.lance")

    def run(self):
        count = max(1, round(self.seconds / ROUND))
        for self.rounds in range(1, count + 1):
            self.round(self.seconds / count)
            print(f"soak: round {self.rounds}, {sum(self.done.values())} operations, {self.counts()}", flush=True)

    def round(self, seconds):
        processes = Processes(self.folder, self.rounds, self.random, self.limit)
        for name, roles in TEAMS.items():
            for index, role in enumerate(roles):
                processes.add(f"{name}-{role}-{index}", role, name, self.path(name))
        try:
            processes.wait_for_all()
            processes.disturb(until=time.monotonic() + 0.75 * seconds)
            processes.end("replacer")  # so that what is saved from now on must be there
            processes.disturb(until=time.monotonic() + 0.25 * seconds)
            self.problems += [Problem("hangs", text) for text in processes.end_all()]
        finally:
            processes.kill_all()
        self.problems += [Problem("unexpected errors", text) for text in processes.crashes]
        self.judge(self.reader.read(processes.died))

    def judge(self, operations):
        self.done += Counter(f"{operation.what} {operation.status}" for operation in operations)
        self.problems += hangs(operations, self.reader.stops, self.limit, time.monotonic())
        self.problems += failures(operations)
        for name, judge in self.judges.items():
            plant(self.path(name))
            try:
                found = look_at(self.path(name))
            except Exception as error:
                self.problems.append(Problem("damaged", f"{name}: {type(error).__name__}: {error}"))
                continue
            self.problems += judge.judge(operations, found)
        self.reader.stops.clear()

    def counts(self):
        counts = Counter(problem.kind for problem in self.problems)
        return ", ".join(f"{kind} {counts[kind]}" for kind in KINDS)

    def ask_pylance(self):
        import lance

        for name in TEAMS:
            try:
                lance.dataset(self.path(name)).validate()
            except Exception as error:
                self.problems.append(Problem("damaged", f"{name}, by pylance: {error}"))

    def require_that_all_happened(self):
        """A soak in which nothing happens finds nothing."""
        for what in MUST_HAPPEN:
            if not self.done[f"{what} ok"]:
                self.problems.append(Problem("unexpected errors", f"not one {what} was done; make SOAK_SECONDS longer"))

    def report(self):
        print("\noperations       " + ", ".join(f"{count} {what}" for what, count in sorted(self.done.items())))
        print("signals, forks   " + ", ".join(f"{count} {what}" for what, count in sorted(self.reader.counts.items())))
        silent = sum(judge.silent for judge in self.judges.values())
        print(f"for information  {silent} saves were there although they were interrupted, and did not say so")
        print(f"for information  {self.remains()}\n")
        for kind in KINDS:
            of_kind = [problem.text for problem in self.problems if problem.kind == kind]
            print(f"{kind:<18}{len(of_kind)}")
            for text in of_kind[:SHOWN]:
                print(f"    {text}")
            if len(of_kind) > SHOWN:
                print(f"    and {len(of_kind) - SHOWN} more")
        return 1 if self.problems else 0

    def remains(self):
        """What nobody refers to once gc has run: what killed processes left."""
        import lancekeep

        said = []
        for name in TEAMS:
            try:
                store = lancekeep.open(self.path(name), framework="np")
                store.gc(keep_last=1000, orphans_older_than=0)
                said.append(f"{name}: {store.disk_usage().unreachable} bytes unreachable after gc")
            except lancekeep.Error as error:
                said.append(f"{name}: {error}")
        beside = [item.name for item in self.folder.iterdir() if item.name.startswith(".")]
        return ", ".join(said) + f", {len(beside)} stale folders beside the stores"


def main():
    seconds = float(os.environ.get("SOAK_SECONDS", 1200))
    seed = os.environ.get("SOAK_SEED") or str(random.SystemRandom().getrandbits(32))
    limit = float(os.environ.setdefault("SOAK_HANG", "30"))
    folder = tempfile.mkdtemp(prefix="lancekeep-soak-", dir=os.environ.get("SOAK_FOLDER"))
    print(f"soak: seed {seed}, {seconds:g} s, {sum(map(len, TEAMS.values()))} processes, in {folder}", flush=True)
    soak = Soak(folder, seconds, seed, limit)
    soak.run()
    soak.require_that_all_happened()
    soak.ask_pylance()
    status = soak.report()
    if status == 0:
        shutil.rmtree(folder)
    else:
        print(f"\nThe stores and the journals are in {folder}.")
    return status


if __name__ == "__main__":
    sys.exit(main())
