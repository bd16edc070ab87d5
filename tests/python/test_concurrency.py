# SPDX-License-Identifier: Apache-2.0
"""One store in several threads, and on both sides of a fork."""

import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import lancekeep
import pytest
import torch
from programs import output_of

THREADS = 8


def model(seed: int) -> dict[str, torch.Tensor]:
    state = {f"layer.{i}": torch.full((40, 5 + i), 100.0 * seed + i) for i in range(30)}
    return {**state, "bfloat16": torch.full((7,), seed, dtype=torch.bfloat16), "tied": state["layer.3"]}


def is_model(state: dict[str, torch.Tensor], seed: int) -> bool:
    expected = model(seed)
    return list(state) == list(expected) and all(torch.equal(state[name], tensor) for name, tensor in expected.items())


def at_once(work, count=THREADS):
    """Runs `count` threads that all start at the same moment, and returns their results."""
    start = threading.Barrier(count)

    def run(index):
        start.wait()
        return work(index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    for seed in (1, 2, 3):
        store.save(model(seed), durable=False)
    return store


# --- threads ----------------------------------------------------------------------------------------------------------


def test_threads_load_one_store(store):
    def work(index):
        return [is_model(store.load(1 + (index + i) % 3), 1 + (index + i) % 3) for i in range(40)]

    assert all(all(results) for results in at_once(work))


def test_threads_share_one_version(folder, store):
    """The version is opened anew, so that the threads also compete for the first mapping of a file."""

    def work(index):
        right = []
        for i in range(30):
            name = f"layer.{(index + i) % 30}"
            wanted = model(2)[name]
            right += [torch.equal(version.get_slice(name)[3:7, 1:], wanted[3:7, 1:])]
            right += [torch.equal(version.get_tensor(name), wanted), version[name].shape == tuple(wanted.shape)]
            right += [version.locate(name)[2] == wanted.nbytes]
        return right

    for _ in range(10):
        version = lancekeep.open(folder / "m.lance").at(2)
        assert all(all(results) for results in at_once(work))


def test_threads_load_into_their_own_memory(store):
    def work(index):
        target = {name: torch.zeros_like(tensor) for name, tensor in model(0).items()}
        for i in range(20):
            store.load_into(target, 1 + (index + i) % 3)
            if not is_model(target, 1 + (index + i) % 3):
                return False
        return True

    assert all(at_once(work))


def check_saves(path, count, numbers):
    store = lancekeep.open(path)
    assert sorted(numbers) == list(range(1, count + 1))
    versions = store.versions()
    assert [version.number for version in versions] == list(range(1, count + 1))
    assert all(is_model(store.load(version.number), int(version.message)) for version in versions)
    assert store.verify(all=True).ok


def test_threads_save_to_one_path(folder):
    def work(index):
        store = lancekeep.open(folder / "m.lance", create=True)
        seeds = [20 * index + i for i in range(20)]
        return [store.save(model(seed), message=str(seed), durable=False).version for seed in seeds]

    check_saves(folder / "m.lance", 80, sum(at_once(work, 4), []))


def test_threads_save_and_load_with_one_store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)

    def work(index):
        numbers = []
        for i in range(20):
            seed = 20 * index + i
            numbers.append(store.save(model(seed), message=str(seed), durable=False).version)
            assert is_model(store.load(numbers[-1]), seed)
            assert store.at().number >= numbers[-1]
        return numbers

    check_saves(folder / "m.lance", 80, sum(at_once(work, 4), []))


def test_a_waiting_save_lets_others_run(store):
    """A save that waits for the lock on _versions releases the GIL, which the thread with the lock needs to go on."""
    versions = os.open(os.path.join(store.path, "_versions"), os.O_RDONLY)
    fcntl.flock(versions, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        saved = pool.submit(lancekeep.open(store.path).save, model(4), durable=False)
        assert is_model(store.load(2), 2)
        assert not saved.done()
        os.close(versions)
        assert saved.result(timeout=60).version == 4


THREADS_LEFT = """
import lancekeep, torch
torch.set_num_threads(1)
state = {f"large.{i}": torch.full((1 << 22,), i) for i in range(8)}
target = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
before = len(os.listdir("/proc/self/task"))  # torch and NumPy have some of their own
store = lancekeep.open(folder)
store.save(state)
store.load_into(target)
assert torch.equal(store.load()["large.3"], state["large.3"])
assert store.verify(all=True).ok and store.diff(3, 4, norms=True)
output(left=len(os.listdir("/proc/self/task")) - before)
"""


def test_no_threads_are_left_behind(store):
    assert output_of(THREADS_LEFT, store.path) == {"left": 0}


# --- fork -------------------------------------------------------------------------------------------------------------

FORK = """
import lancekeep, torch

store = lancekeep.open(folder)
version = store.at()
tensors = store.load()
part = version.get_slice("layer.3")
store.save({**tensors, "mine": torch.ones(3)}, durable=False)

def check(state):
    assert all(bool((state[f"layer.{i}"] == 300 + i).all()) for i in range(30))

child = os.fork()
if child == 0:
    try:
        check(tensors)
        check(store.load(3))
        assert torch.equal(part[2:4], tensors["layer.3"][2:4])
        assert torch.equal(version.get_tensor("layer.9"), tensors["layer.9"])
        into = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
        store.load_into(into, 3)
        check(into)
        tensors["layer.1"].zero_()
        saved = store.save({**tensors, "mine": torch.zeros(3)}, message="of the child", durable=False)
        assert saved.version == 5, saved
        del version, part, tensors, into
        gc.collect()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)

_, ended = os.waitpid(child, 0)
assert ended == 0, ended
check(tensors)
check(store.load(3))
assert store.at().info.message == "of the child"
assert store.load()["layer.1"].count_nonzero() == 0
after = store.save(tensors, message="of the parent", durable=False)
assert store.verify(all=True).ok
output(after=after.version, removed=store.gc(keep_last=1, orphans_older_than=0).versions_removed)
"""


def test_fork(store):
    """The child uses its parent's store, version and tensors, and saves; its writes to a tensor stay private."""
    assert output_of(FORK, store.path) == {"after": 6, "removed": [1, 2, 3, 4, 5]}


WORKERS = """
import lancekeep, torch
from multiprocessing import get_context

store = lancekeep.open(folder)
weights = store.load(2)

def work(index):
    own = lancekeep.open(folder).load(2)
    return all(torch.equal(weights[name], own[name]) for name in own) and bool((store.load(1)["layer.2"] == 102).all())

with get_context("fork").Pool(4) as pool:
    output(right=pool.map(work, range(16)))
"""


def test_worker_processes(store):
    assert output_of(WORKERS, store.path) == {"right": [True] * 16}
