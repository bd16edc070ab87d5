# SPDX-License-Identifier: Apache-2.0
"""What the processes of a soak do: each role is a function that is called again and again with its Worker."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import soak_content
from soak_faults import planted

KEEP_LAST = (1, 2, 6)
MOST_KEPT_TAGS = 12


def save(worker):
    identity = soak_content.new_identity()
    message = soak_content.message_of(worker.role, identity)
    options = {"tag": f"keep-{identity:x}"} if random.random() < 0.1 else {}
    durable = random.random() < 0.5
    state = soak_content.model(identity)
    with worker.operation("save", message=message, **options) as result:
        report = worker.store.save(state, message=message, durable=durable, **options)
        result.update(version=report.version, identity=identity)


def replace(worker):
    identity = soak_content.new_identity()
    message = soak_content.message_of(worker.role, identity)
    state = soak_content.model(identity)
    with worker.operation("replace", message=message) as result:
        report = worker.lancekeep.Store.replace(worker.path, state, message=message, durable=random.random() < 0.5)
        result.update(version=report.version, identity=identity)
    worker.reopen()
    time.sleep(random.uniform(0, 0.6))


def move_tags(worker):
    """One tag that moves, and some that stay for a while and protect their versions."""
    versions = look(worker)
    if versions:
        number = random.choice(versions).number
        with worker.operation("tag", tag="moving", version=number, force=True) as result:
            result["version"] = worker.store.tag("moving", number, force=True)
        name = f"keep-{soak_content.new_identity():x}"
        with worker.operation("tag", tag=name, version=number) as result:
            result["version"] = worker.store.tag(name, number)
    for name in kept_tags(worker)[:-MOST_KEPT_TAGS]:
        with worker.operation("untag", tag=name):
            worker.store.untag(name)
    time.sleep(random.uniform(0, 0.2))


def collect(worker):
    keep_last = random.choice(KEEP_LAST)
    with worker.operation("gc", keep_last=keep_last) as result:
        planted("unexpected errors")
        report = worker.store.gc(keep_last=keep_last, orphans_older_than=0 if random.random() < 0.5 else None)
        result["removed"] = list(report.versions_removed)
    time.sleep(random.uniform(0, 0.3))


def restore(worker):
    versions = look(worker)
    if versions:
        number = random.choice(versions).number
        with worker.operation("restore", version=number) as result:
            result["version"] = worker.store.restore(number)
    time.sleep(random.uniform(0, 0.3))


def poll(worker):
    """Opens and loads the latest, as a server does; there is always one."""
    with worker.operation("load"):
        planted("failed loads", "hangs")
        version = worker.lancekeep.open(worker.path, framework="np").at()
        identity = soak_content.identity_of(version.load())
        saved = soak_content.identity_in(version.info.message)
        if saved not in (None, identity):
            raise soak_content.Mixture(f"version {version.number} of {saved:x} has the values of {identity:x}")


def read_into(worker):
    """Reads the latest into tensors that are there already."""
    import torch

    target = {name: torch.from_numpy(values) for name, values in soak_content.model(0).items()}
    with worker.operation("load"):
        missing, _ = worker.lancekeep.open(worker.path).load_into(target, strict=False)
        if not missing:  # otherwise the role `training` saved it
            soak_content.identity_of(target)


def verify(worker):
    """Verifies a version that a tag keeps, beside all that goes on."""
    kept = kept_tags(worker)
    if kept:
        name = random.choice(kept)
        with worker.operation("verify", tag=name):
            report = worker.store.verify(name)
            if not report.ok:
                raise Damage("; ".join(str(finding) for finding in report.findings))
    time.sleep(random.uniform(0, 1))


class Damage(Exception):
    """verify found something."""

    code = "damage"


class Training:
    """A thread saves while the tensors change. Children are forked meanwhile, and idle; the main thread sets tags."""

    def __init__(self, worker):
        import torch

        self.torch, self.worker = torch, worker
        torch.set_num_threads(1)
        self.net = torch.nn.Sequential(*[torch.nn.Linear(256, 256) for _ in range(8)])
        self.optimizer = torch.optim.SGD(self.net.parameters(), 1e-3, momentum=0.9)
        self.pool, self.saving, self.children = ThreadPoolExecutor(1), None, []

    def __call__(self, worker):
        for _ in range(20):
            self.optimizer.zero_grad()
            self.net(self.torch.randn(8, 256)).pow(2).mean().backward()
            self.optimizer.step()
        if self.saving is None or self.saving.done():
            self.saving = self.pool.submit(self._save)
            time.sleep(random.uniform(0, 0.02))
            self._fork_an_idle_child()
            versions = look(worker)
            if versions:
                number = versions[-1].number
                name = f"keep-{soak_content.new_identity():x}"
                with worker.operation("tag", tag=name, version=number) as result:
                    result["version"] = worker.store.tag(name, number)

    def finish(self):
        self.pool.shutdown()

    def _save(self):
        identity = soak_content.new_identity()
        message = soak_content.message_of(self.worker.role, identity)
        trained = {soak_content.TRAINED + name: tensor for name, tensor in self.net.state_dict().items()}
        state = {"identity": self.torch.tensor([identity])} | soak_content.frozen() | trained
        with self.worker.operation("save", message=message) as result:
            report = self.worker.store.save(state, message=message, durable=False)
            result.update(version=report.version, identity=identity)

    def _fork_an_idle_child(self):
        """As a DataLoader does, whose workers wait for the process that made them."""
        self.children = [child for child in self.children if os.waitpid(child, os.WNOHANG) == (0, 0)]
        if len(self.children) >= 3 or random.random() < 0.5:
            return
        parent, until = os.getpid(), time.monotonic() + random.uniform(0.1, 1.5) * self.worker.limit
        child = os.fork()
        if child:
            self.children.append(child)
            self.worker.journal.counted("forks during saves")
            return
        try:
            while os.getppid() == parent and time.monotonic() < until and not self.worker.is_over():
                time.sleep(0.1)
        finally:
            os._exit(0)


def look(worker):
    """The versions that can be used. There is always one, so an empty list is a lie."""
    with worker.operation("look"):
        versions = worker.store.versions()
        if not versions:
            raise Blind("the list of versions is empty")
    return [version for version in versions if not version.damage]


class Blind(Exception):
    """A store that has versions says that it has none."""


def kept_tags(worker):
    with worker.operation("look"):
        return [name for name in worker.store.tags() if name.startswith("keep-")]


NEED_TORCH = {"reader", "training"}  # the others do without, as it takes a process seconds to start with it
ROLES = {
    "saver": save,
    "replacer": replace,
    "tagger": move_tags,
    "collector": collect,
    "restorer": restore,
    "poller": poll,
    "reader": read_into,
    "verifier": verify,
    "training": Training,
}
