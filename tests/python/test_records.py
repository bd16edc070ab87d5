# SPDX-License-Identifier: Apache-2.0
"""Stores, versions and reports as Python values: repr, ==, _asdict, pickle, copy, `with`, indexing."""

import copy
import multiprocessing
import os
import pickle
import shutil

import lancekeep
import numpy as np
import pytest
import torch
from lancekeep import _native


@pytest.fixture
def store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save({"w": torch.ones(2, 3), "b": torch.zeros(1)}, message="first", tag="best", metadata={"loss": 0.5})
    store.save({"w": torch.ones(2, 3) * 2, "b": torch.zeros(1), "c": torch.ones(1)})
    return store


def reports(store, folder):
    yield store.save({"w": torch.ones(3), "n": torch.ones(2), "o": (1,)})
    yield store.versions()[0]
    yield from store.versions()
    yield store.at()["w"]
    diff = store.diff(1, 2, norms=True)
    yield diff
    yield diff.changed[0]
    yield diff.changed[0].norms
    yield store.verify()
    yield store.gc(keep_last=10)
    usage = store.disk_usage()
    yield usage
    yield usage.versions[0]
    yield lancekeep.export_file(store.path, folder / "m.safetensors", 1)
    data = next((folder / "m.lance" / "data").iterdir())
    data.write_bytes(b"\0" * data.stat().st_size)
    damaged = store.verify(all=True)
    yield damaged
    yield damaged.findings[0]


def test_reports_are_values(store, folder):
    """Each kind of report is picklable, copyable, equal to its copy, unequal to others, and shows its fields."""
    found = list(reports(store, folder))
    kinds = {type(report) for report in found}
    assert len(kinds) == 12
    for report in found:
        for again in (pickle.loads(pickle.dumps(report)), copy.copy(report), copy.deepcopy(report)):
            assert again == report and type(again) is type(report) and hash(again) == hash(report)
            assert repr(again) == repr(report) and again._asdict() == report._asdict()
        assert report != 3 and not report == None  # noqa: E711
        assert repr(report).startswith(type(report).__name__ + "(") and "object at 0x" not in repr(report)
        assert all(getattr(report, name) == value for name, value in report._asdict().items())
    for kind in kinds:
        different = [report for report in found if type(report) is kind]
        assert len(set(map(repr, different))) == len({pickle.dumps(r._asdict()) for r in different}) or len(different) == 1


def test_reports_show_what_matters(store):
    report = store.save({"w": torch.ones(2), "v": (0.5, set())})
    assert "notes" not in repr(report)
    first, second, _ = store.versions()
    assert repr(first).startswith(f"VersionInfo(number=1, id='{first.id}', layout='native', time='20")
    assert "message='first', metadata={'loss': '0.5'}, tags=['best'], tensors=2" in repr(first)
    assert "message" not in repr(second)
    assert first != second
    diff = store.diff(1, 2, norms=True)
    assert repr(diff) == "Diff(added=['c'], removed=[], changed=['w'], 1 unchanged)"
    assert repr(diff.changed[0]).startswith("TensorChange(before=TensorInfo(name='w', dtype='float32', shape=(2, 3)")
    assert "l2=" in repr(diff.changed[0].norms)
    assert repr(store.disk_usage().versions[0]).startswith("VersionUsage(number=1, bytes=")
    assert repr(store.verify()).startswith("VerifyReport(ok=True, versions=1")
    many = lancekeep.open(store.path + "2", create=True)
    many.save({f"t{i}": torch.ones(1) * i for i in range(9)})
    many.save({})
    assert repr(many.diff(1)) == "Diff(added=[], removed=['t0', 't1', 't2', … 6 more], changed=[], 0 unchanged)"


def test_a_report_of_another_release_is_not_unpickled(store):
    with pytest.raises(TypeError, match="pickled by another version of Lancekeep: expected 7 fields, found 1"):
        _native.SaveReport.__new__(_native.SaveReport).__setstate__((1,))


def test_stores_and_versions_are_picklable(store, monkeypatch, folder):
    monkeypatch.chdir(folder)
    near = lancekeep.open("m.lance", framework="np")
    for again in (pickle.loads(pickle.dumps(near)), copy.copy(near), copy.deepcopy(near)):
        assert type(again.load()["w"]) is np.ndarray and len(again) == 2
    monkeypatch.chdir("/")
    version = store.at(1)
    for again in (pickle.loads(pickle.dumps(version)), copy.copy(version), copy.deepcopy(version)):
        assert again.number == 1 and torch.equal(again.get_tensor("w"), torch.ones(2, 3))
    assert pickle.loads(pickle.dumps(version.get_slice("w"))).get_shape() == [2, 3]


def test_a_pickled_store_that_is_to_be_created(folder):
    store = pickle.loads(pickle.dumps(lancekeep.open(folder / "new.lance", create=True)))
    assert store.save({"w": torch.ones(1)}).version == 1


def test_a_pickled_store_that_is_gone_is_an_error(store):
    data = pickle.dumps(lancekeep.open(store.path))
    shutil.rmtree(store.path)
    with pytest.raises(lancekeep.NotFoundError):
        pickle.loads(data)


def test_a_pickled_version_of_a_replaced_store_is_an_error(store):
    data = pickle.dumps(store.at(1))
    lancekeep.Store.replace(store.path, {"other": torch.ones(1)})
    with pytest.raises(lancekeep.ConflictError, match="the store was replaced, and its version 1 is another one"):
        pickle.loads(data)


def test_a_plain_version_is_pickled_with_its_dtype(folder):
    store = lancekeep.open(folder / "plain.lance", create=True)
    store.save({"w": torch.ones(2)}, layout="plain")
    again = pickle.loads(pickle.dumps(store.at(dtype="float32")))
    assert again["w"].dtype == "float32"


def total(version: lancekeep.Version) -> float:
    return float(version.get_tensor("w").sum())


def test_a_version_is_used_in_a_spawned_process(store):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(total, (store.at(2),)) == 12.0


def test_a_store_is_a_collection_of_versions(store):
    assert len(store) == 2 and [version.number for version in store] == [1, 2]
    assert store[1].number == store["best"].number == 1
    assert 2 in store and 3 not in store and "best" in store and "worst" not in store
    assert store._ipython_key_completions_() == ["best"]
    with pytest.raises(KeyError):
        store["worst"]
    with pytest.raises(KeyError, match="version 1180591620717411303424 does not exist"):
        store[2**70]


def test_an_empty_store_is_true(folder):
    store = lancekeep.open(folder / "new.lance", create=True)
    assert store and len(store) == 0 and list(store) == []


def test_a_closed_store(store):
    with lancekeep.open(store.path) as opened:
        version = opened.at(1)
        weight = opened.load()["w"]
    assert repr(opened) == f"<lancekeep.Store {store.path!r}, closed>"
    for call in (opened.load, opened.versions, opened.tags, lambda: opened.save({"w": torch.ones(1)}), lambda: len(opened)):
        with pytest.raises(lancekeep.InvalidArgumentError, match="this store was closed; open it again"):
            call()
    assert torch.equal(version.get_tensor("b"), torch.zeros(1)) and weight.sum() == 12
    opened.close()


def test_tables_for_notebooks(store):
    store.save({f"<t{i}>": torch.ones(1) for i in range(60)}, message="<b>")
    shown = store._repr_html_()
    assert shown.index("<td>3</td>") < shown.index("<td>1</td>")  # newest first
    assert "<td>best</td>" in shown and "<td>&lt;b&gt;</td>" in shown
    shown = store.at()._repr_html_()
    assert "<td>&lt;t0&gt;</td><td>float32</td><td>[1]</td>" in shown and "and 10 more" in shown


def test_versions_and_slices_say_what_they_are(store):
    version = store.at(2)
    assert repr(version) == f"<lancekeep.Version 2 of {store.path!r}: 3 tensors, 32 bytes: `w`, `b`, `c`>"
    assert version._ipython_key_completions_() == ["w", "b", "c"]
    part = version.get_slice("w")
    assert repr(part) == "<lancekeep.Slice of `w`: float32 [2, 3]>" and len(part) == 2
    assert os.path.basename(store.path) in repr(store)
