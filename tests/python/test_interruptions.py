# SPDX-License-Identifier: Apache-2.0
"""An interrupted save leaves the previous version intact: Ctrl-C, exceptions from `progress`, kill -9."""

import signal
import time
from pathlib import Path

import lancekeep
import pytest
import torch
from programs import output_of, start

LARGE = 8 << 30  # bytes that the save would write if it were not interrupted

SAVE_MUCH = """
import lancekeep, torch

store = lancekeep.open(folder)
state = {{f"layer.{{i}}": torch.full((1, 1), float(i)).expand({LARGE} >> 28, 1 << 24) for i in range(4)}}
output(ready=True)
store.{save}
"""
SAVES = {
    "save": "save(state, durable=False)",
    "durable save": "save(state)",
    "save with a callable": "save(state, durable=False, progress=lambda done, total, tensor: None)",
    "save with a bar": "save(state, durable=False, progress=True)",
    "replace": "replace(folder, state, durable=False)",
}


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def around(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


@pytest.fixture
def store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save({"w": torch.arange(1000), "step": 1}, durable=False)
    return store


def interrupt(path: Path, save: str, number: signal.Signals):
    """Runs a large save and sends it a signal once a hundred MB are on disk; returns its status and stderr."""
    before = sum(map(len, files(path).values()))
    process = start(SAVE_MUCH.format(LARGE=LARGE, save=save), path)
    try:
        assert process.stdout.readline() == '{"ready": true}\n'
        while size_of(path.parent) < before + (100 << 20):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.005)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, err


def size_of(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            pass
    return total


def check_old(path: Path) -> None:
    """The previous version is intact, and the next save continues from it."""
    store = lancekeep.open(path)
    assert [version.number for version in store.versions()] == [1]
    loaded = store.load()
    assert torch.equal(loaded["w"], torch.arange(1000)) and loaded["step"] == 1
    assert store.verify(all=True).ok
    assert store.save({"w": torch.ones(2)}, durable=False).version == 2


@pytest.mark.parametrize("save", SAVES)
def test_ctrl_c(store, save):
    path = Path(store.path)
    before, neighbours = files(path), around(path)
    status, err = interrupt(path, SAVES[save], signal.SIGINT)
    assert (status, err.strip().splitlines()[-1]) == (-signal.SIGINT, "KeyboardInterrupt")
    assert files(path) == before
    assert around(path) == neighbours
    check_old(path)


@pytest.mark.parametrize("save", ["save", "durable save", "replace"])
def test_kill_9(store, save):
    path = Path(store.path)
    before = files(path)
    status, _ = interrupt(path, SAVES[save], signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert all(files(path)[name] == content for name, content in before.items())
    check_old(path)
    lancekeep.open(path).gc(keep_last=1, orphans_older_than=0)
    assert size_of(path) < 1 << 20
    assert torch.equal(lancekeep.open(path).load()["w"], torch.ones(2))


# --- progress ---------------------------------------------------------------------------------------------------------


def state_of(count: int) -> dict[str, torch.Tensor]:
    return {f"layer.{i}": torch.full((1 << 18,), i, dtype=torch.float32) for i in range(count)}


def test_progress_reports_done_and_total(store):
    calls: list[tuple[int, int, str]] = []
    report = store.save(state_of(12), durable=False, progress=lambda *call: calls.append(call))
    done, totals, names = zip(*calls)
    assert all(type(each) is int for each in done + totals) and all(type(name) is str for name in names)
    assert list(done) == sorted(done) and done[0] >= 0
    assert set(totals) == {report.bytes_total} and done[-1] == report.bytes_total
    assert set(names) - {""} <= set(state_of(12))
    assert len(set(done)) >= 12


def test_progress_of_a_save_that_changes_one_tensor(store):
    store.save(state_of(12), durable=False)
    calls: list[tuple[int, int, str]] = []
    store.save({**state_of(12), "layer.3": torch.ones(5)}, durable=False, progress=lambda *call: calls.append(call))
    done, totals, _ = zip(*calls)
    assert list(done) == sorted(done) and len(set(totals)) == 1 and done[-1] == totals[0]


@pytest.mark.parametrize("at", [0, 0.5, 1])
def test_an_exception_from_progress_stops_the_save(store, at):
    class Enough(Exception):
        pass

    def stop(done, total, tensor):
        if done >= at * total:
            raise Enough(tensor)

    before = files(Path(store.path))
    with pytest.raises(Enough):
        store.save(state_of(12), durable=False, progress=stop)
    assert files(Path(store.path)) == before
    check_old(Path(store.path))


def test_a_bar_of_tqdm(store, capfd):
    store.save(state_of(3), durable=False, progress=True)
    assert "save" in capfd.readouterr().err


def test_without_tqdm_there_is_no_bar(folder):
    program = """
    sys.modules["tqdm"] = sys.modules["tqdm.auto"] = None
    import lancekeep
    output(version=lancekeep.open(folder / "m.lance", create=True).save({"a": 1}, progress=True).version)
    """
    assert output_of(program, folder) == {"version": 1}


def test_progress_of_verify_and_diff(store):
    store.save(state_of(3), durable=False)
    store.save({name: tensor + 1 for name, tensor in state_of(3).items()}, durable=False)
    for work in (store.verify, lambda progress: store.diff(2, 3, norms=True, progress=progress)):
        calls: list[tuple[int, int, str]] = []
        work(progress=lambda *call: calls.append(call))
        done, totals, _ = zip(*calls)
        assert list(done) == sorted(done) and done[-1] == totals[-1] > 0
