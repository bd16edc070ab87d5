# SPDX-License-Identifier: Apache-2.0
"""A store: its history, maintenance, reports and errors, and interrupted saves."""

import datetime
import pickle
import signal
import threading
from pathlib import Path

import lancekeep
import pytest
import torch
from equality import same


def state(seed: int) -> dict:
    return {"w": torch.full((1000,), float(seed)), "fixed": torch.arange(500), "epoch": seed}


@pytest.fixture
def store(folder):
    made = lancekeep.open(folder / "m.lance", create=True)
    made.save(state(1), message="one", tag="first")
    made.save(state(2), message="two", metadata={"loss": "0.5"})
    return made


def test_a_save_shares_what_did_not_change(store):
    report = store.save(state(3))
    assert (report.version, report.tensors_written, report.tensors_kept) == (3, 2, 1)
    assert report.bytes_shared == 4000 and report.bytes_total == 8001 and report.bytes_written < 8000 + 8000
    assert repr(report).startswith("SaveReport(version=3, tensors_written=2")


def test_versions_are_listed_oldest_first(store):
    one, two = store.versions()
    assert (one.number, one.message, one.tags, one.layout, one.damage) == (1, "one", ["first"], "native", "")
    assert (two.number, two.message, two.metadata, two.tensors) == (2, "two", {"loss": "0.5"}, 3)
    assert one.time <= two.time <= datetime.datetime.now(datetime.timezone.utc)
    assert one.id and two.id and one.id != two.id
    assert repr(two).startswith(f"VersionInfo(number=2, id='{two.id}', layout='native', time='20")


def test_diff_says_what_changed_and_by_how_much(store):
    found = store.diff(1, 2, norms=True)
    [change, epoch] = found.changed
    assert (change.before.name, epoch.before.name) == ("w", "epoch")
    assert (change.norms.elements, change.norms.differing, change.norms.max_abs) == (1000, 1000, 1.0)
    assert change.norms.l2 == pytest.approx(1000**0.5)
    assert [info.name for info in found.unchanged] == ["fixed"]
    assert found and not store.diff(2) and store.diff("first").changed[0].norms is None


def test_tags_name_versions(store):
    assert store.tags() == {"first": 1}
    assert store.tag("best") == 2 and store.tag("best", "first", force=True) == 1
    with pytest.raises(lancekeep.AlreadyExistsError):
        store.tag("best", 2)
    assert store.tag("best", 2, expected=1) == 2
    with pytest.raises(lancekeep.ConflictError):
        store.tag("best", 1, expected=1)
    store.untag("best")
    with pytest.raises(KeyError):
        store.untag("best")
    with pytest.raises(FileExistsError):
        store.save(state(3), tag="first")
    with pytest.raises(lancekeep.InvalidArgumentError, match="empty"):
        store.save(state(3), tag="")
    assert len(store.versions()) == 2


def test_restore_makes_an_earlier_version_the_latest(store):
    assert store.restore("first") == 3
    assert same(store.load(), state(1))


def test_damage_is_a_finding(store):
    assert store.verify().ok and store.verify(all=True).versions == 2
    path, offset, _ = store.at().locate("w")
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\1")
    report = store.verify()
    [finding] = report.findings
    assert not report.ok and finding.tensor == "w" and finding.version == 2
    assert store.verify(1).ok


def test_gc_needs_a_limit_and_keeps_tagged_versions(store):
    with pytest.raises(ValueError):
        store.gc()
    store.save(state(3))
    dry = store.gc(keep_last=1, dry_run=True)
    assert dry.versions_removed == [2] and dry.dry_run
    assert store.gc(keep_last=1, older_than=datetime.timedelta(days=1)).versions_removed == []
    assert store.gc(older_than=0, orphans_older_than=datetime.timedelta(0)).versions_removed == [2]
    assert [info.number for info in store.versions()] == [1, 3]


def test_disk_usage_counts_bytes(store):
    usage = store.disk_usage()
    assert usage.bytes == usage.values + usage.bookkeeping + usage.unreachable
    assert [version.number for version in usage.versions] == [1, 2]
    assert usage.values > 8000 > usage.versions[0].exclusive > 0


def test_du_is_a_deprecated_name_of_disk_usage(store):
    with pytest.warns(DeprecationWarning, match="use Store.disk_usage"):
        assert store.du().bytes == store.disk_usage().bytes


def test_replacing_leaves_one_version(store):
    report = lancekeep.Store.replace(store.path, state(5), message="anew")
    assert report.version == 1
    [info] = lancekeep.open(store.path).versions()
    assert info.message == "anew"
    with pytest.raises(lancekeep.ConflictError, match="replaced"):
        store.save(state(6))


# --- errors -----------------------------------------------------------------------------------------------------------


def test_errors_derive_from_built_in_exceptions(folder, store):
    with pytest.raises(FileNotFoundError) as missing:
        lancekeep.open(folder / "none.lance")
    assert (missing.value.code, missing.value.file) == ("not_found", str(folder / "none.lance"))
    assert "there is no store" in str(missing.value)
    with pytest.raises(KeyError, match="^.*version 9 does not exist; existing versions: 1–2"):
        store.at(9)
    (folder / "file").write_text("text")
    for path in (folder / "file", folder):
        with pytest.raises(ValueError):
            lancekeep.open(path)
    with pytest.raises(lancekeep.InvalidArgumentError, match="unknown framework 'jax'; use 'pt'"):
        lancekeep.open(store.path, framework="jax")
    for odd in (-1, True, 1.5):
        with pytest.raises(lancekeep.InvalidArgumentError, match="a version is"):
            store.at(odd)
    for kind in lancekeep.Error.__subclasses__():
        again = pickle.loads(pickle.dumps(kind("what is wrong")))
        assert type(again) is kind and str(again) == "what is wrong" and again.code == kind.code != "error"


def test_a_damaged_file_is_named_with_the_byte(store):
    manifest = next((Path(store.path) / "_versions").iterdir())
    data = bytearray(manifest.read_bytes())
    data[-1] ^= 0xFF
    manifest.write_bytes(data)
    damaged = [info for info in store.versions() if info.damage]
    assert len(damaged) == 1
    with pytest.raises(lancekeep.CorruptError) as raised:
        store.at(damaged[0].number)
    assert raised.value.file == str(manifest) and raised.value.code == "corrupt"


# --- progress, and interrupted saves ----------------------------------------------------------------------------------


def test_progress_is_reported(store):
    calls = []
    store.save({"w": torch.rand(1000), "x": torch.rand(1000)}, progress=lambda *call: calls.append(call))
    assert calls[-1] == (8000, 8000, "x")
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)


def test_progress_true_draws_a_bar(store, capfd):
    store.save(state(3), progress=True)
    assert "save" in capfd.readouterr().err
    with pytest.raises(TypeError, match="progress must be True, a callable or None"):
        store.save(state(3), progress=3)


def everything(store) -> list:
    return sorted(path for path in Path(store.path).rglob("*") if path.is_file())


@pytest.mark.parametrize("raised", [KeyboardInterrupt, ZeroDivisionError])
def test_an_exception_from_progress_stops_the_save_and_leaves_nothing(store, raised):
    def stop(done, total, tensor):
        raise raised

    before = everything(store)
    with pytest.raises(raised):
        store.save(state(3), progress=stop)
    assert everything(store) == before
    assert same(store.load(), state(2))


def test_a_signal_stops_a_save(store):
    """Python's handler for Ctrl-C runs while the library works."""
    big = {str(i): torch.rand(1 << 20) for i in range(64)}
    before = everything(store)
    interrupt = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            big["0"].add_(1)
            store.save(big)
            before = everything(store)
    interrupt.join()
    assert everything(store) == before


def test_values_that_cannot_be_read_stop_the_save(store, monkeypatch):
    from lancekeep import _torch

    def fail(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(_torch, "pieces", fail)
    before = everything(store)
    with pytest.raises(MemoryError, match="no room"):
        store.save({"w": torch.rand(5, 4).t()})
    assert everything(store) == before


@pytest.mark.parametrize("bound", [{"keep_last": -1}, {"older_than": -5}, {"older_than": datetime.timedelta(days=-1)}])
def test_a_negative_limit_removes_nothing(tmp_path, bound):
    store = lancekeep.open(tmp_path / "m.lance", create=True)
    for number in range(3):
        store.save({"w": torch.full((4,), float(number))})
    with pytest.raises(lancekeep.InvalidArgumentError, match="must be ≥ 0, got"):
        store.gc(**bound)
    assert [version.number for version in store.versions()] == [1, 2, 3]
