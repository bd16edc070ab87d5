# SPDX-License-Identifier: Apache-2.0
"""lancekeep diff shows what was added, removed and changed, as text and as JSON."""

import math
import re

import lance
import numpy as np
import pyarrow as pa
import pytest
import torch
from command import run
from diff_stores import Stores, diff, text


@pytest.fixture
def stores(tmp_path):
    return Stores(tmp_path)


def test_no_norms_unless_asked_for(stores):
    store = stores.save({"w": torch.zeros(3)}, {"w": torch.ones(3)})
    assert diff(store, "1", "2")["changed"][0]["figures"] is None


@pytest.mark.parametrize(
    "before, after",
    [
        (torch.zeros(4), torch.zeros(4, dtype=torch.float64)),
        (torch.zeros(4), torch.zeros(2, 2)),
        (torch.zeros(4, dtype=torch.int32), torch.ones(4, dtype=torch.int32)),
        (torch.tensor([True]), torch.tensor([False])),
        (torch.zeros(0, 3), torch.zeros(3, 0)),
    ],
)
def test_changes_without_norms(stores, before, after):
    document = diff(stores.save({"w": before}, {"w": after}), "1", "2", "--norms")
    assert [change["figures"] for change in document["changed"]] == [None]


# --- what changed -------------------------------------------------------------------------------


@pytest.fixture
def store(stores):
    first = {"kept": torch.ones(1000), "old": torch.zeros(3), "w": torch.zeros(2, 3), "b": torch.zeros(4), "n": torch.tensor(1)}
    second = {"n": torch.tensor(2), "new": torch.zeros(2, 2), "b": torch.zeros(4, dtype=torch.float16), "w": torch.ones(3, 2), "kept": torch.ones(1000)}
    return stores.save(first, second, second)


def test_json(store):
    document = diff(store, "1", "2")
    assert list(document) == ["store", "before", "after", "bytes_changed", "added", "removed", "changed", "unchanged"]
    assert (document["before"], document["after"], document["bytes_changed"]) == (1, 2, 8 + 8 + 24)
    names = lambda rows: [row["name"] for row in rows]
    assert (names(document["added"]), names(document["removed"]), names(document["unchanged"])) == (["new"], ["old"], ["kept"])
    assert [change["after"]["name"] for change in document["changed"]] == ["n", "b", "w"]
    assert document["changed"][1]["before"]["dtype"] == "float32"
    assert document["changed"][1]["after"]["dtype"] == "float16"


def test_text(store):
    assert text(store, "1", "2") == [
        "   name  dtype              shape                  size",
        "+  new   float32            [2, 2]                 16 B",
        "-  old   float32            [3]                    12 B",
        "~  n     int64              []                      8 B",
        "~  b     float32 → float16  [4]              16 B → 8 B",
        "~  w     float32            [2, 3] → [3, 2]        24 B",
        "version 1 → 2: 1 added, 1 removed, 3 changed (40 B), 1 unchanged",
    ]


def test_text_of_unchanged_tensors(store):
    assert any(re.match(r"=  kept +float32 +\[1000\] +4\.0 kB$", line) for line in text(store, "1", "2", "--all"))


def test_text_of_norms(stores):
    before, after = torch.tensor([3.0, 4.0, 0.0, math.nan]), torch.tensor([3.0, 4.0, 1.0, math.nan])
    lines = text(stores.save({"w": before}, {"w": after}), "1", "2", "--norms")
    assert lines[0].split() == ["name", "dtype", "shape", "size", "l2", "max", "relative", "cosine", "differ", "non-finite"]
    assert lines[1].split() == ["~", "w", "float32", "[4]", "16", "B", "1", "1", "0.2", "0.980581", "25.00%", "1"]


def test_the_old_name_of_the_option(stores):
    store = stores.save({"w": torch.zeros(3)}, {"w": torch.ones(3)})
    assert diff(store, "1", "2", "--figures") == diff(store, "1", "2", "--norms")
    assert "--figures" not in run("diff", "--help").out


def test_no_difference(store):
    assert text(store, "2", "3", status=0) == ["version 2 → 3: 0 added, 0 removed, 0 changed, 5 unchanged"]
    assert diff(store, "2", "2", status=0)["changed"] == []


def test_the_latest_version_is_the_default(store):
    assert text(store, "1")[-1].startswith("version 1 → 3: ")
    assert text(store, "2", status=0)[-1].startswith("version 2 → 3: ")


def test_refs(store):
    assert run("tag", store, "base", "--at", "1").status == 0
    assert text(store, "latest", "base")[-1] == "version 3 → 1: 1 added, 1 removed, 3 changed (48 B), 1 unchanged"


def test_a_rename_is_a_removal_and_an_addition(stores):
    document = diff(stores.save({"a": torch.ones(3)}, {"b": torch.ones(3)}), "1", "2")
    assert (len(document["added"]), len(document["removed"]), document["changed"]) == (1, 1, [])


def test_ties(stores):
    """A tied tensor is compared under its own name, and removing a tie is not a change."""
    shared, other = torch.ones(3), torch.full((3,), 2.0)
    store = stores.save({"a": shared, "b": shared}, {"a": shared, "b": shared.clone()}, {"a": other, "b": other})
    assert diff(store, "1", "2", status=0)["changed"] == []
    changed = diff(store, "1", "3", "--norms")["changed"]
    assert [change["figures"]["l2"] for change in changed] == [pytest.approx(math.sqrt(3))] * 2


def test_names_are_escaped(stores):
    lines = text(stores.save({"a": torch.ones(1)}, {"a": torch.ones(1), "b\x1b[31m": torch.ones(1)}), "1", "2")
    assert "\\u001b[31m" in lines[1] and "\x1b" not in lines[1]


# --- rows that pylance wrote, and misuse --------------------------------------------------------


def append(store, *rows):
    """pylance appends rows of (name, dtype, shape, bytes), without hashes."""
    blob = {"lance-encoding:blob": "true"}
    fields = [("name", pa.string(), None), ("dtype", pa.string(), None), ("shape", pa.list_(pa.int64()), None), ("value", pa.large_binary(), blob)]
    schema = pa.schema([pa.field(name, kind, metadata=metadata) for name, kind, metadata in fields])
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows), schema)]
    lance.write_dataset(pa.table(columns, schema=schema), str(store), mode="append")


def float32(*values):
    return np.array(values, np.float32).tobytes()


def test_rows_without_a_hash(stores):
    """Their bytes are read, unless both are at the same place in the same file."""
    store = stores.save({"a": torch.ones(1)})
    append(store, ("same", "float32", [2], float32(1, 2)), ("other", "float32", [2], float32(1, 2)))
    stores.save({"a": torch.ones(1), "same": torch.tensor([1.0, 2.0]), "other": torch.tensor([1.0, 3.0])})
    document = diff(store, "2", "3", "--norms")
    assert [row["name"] for row in document["unchanged"]] == ["a", "same"]
    (change,) = document["changed"]
    assert (change["before"]["hash"], len(change["after"]["hash"])) == (None, 32)
    assert change["figures"]["l2"] == 1
    append(store, ("more", "float32", [1], float32(1)), ("again", "float32", [1], float32(1)))
    assert [row["hash"] for row in diff(store, "4", "4", status=0)["unchanged"]][3:] == [None, None]


@pytest.mark.parametrize(
    "rows, damage",
    [
        ([("bad", None, [1], float32(1))], "its dtype is null"),
        ([("bad", "float32", [2], float32(1))], "its value has 4 bytes"),
        ([("bad", "float32", [1], float32(1)), ("bad", "float32", [1], float32(2))], "its name is in 2 rows"),
    ],
)
def test_a_damaged_row_is_an_error(stores, rows, damage):
    store = stores.save({"a": torch.ones(1)})
    append(store, *rows)
    for refs in (("1", "2"), ("2", "1")):
        done = run("diff", store, *refs)
        assert (done.status, done.out) == (2, "")
        assert "`bad`" in done.err and damage in done.err and str(store) in done.err


@pytest.mark.parametrize("arguments", [[], ["1", "2", "3"], ["1", "--figure"], ["nosuchtag"], ["1", "9"]])
def test_misuse(store, arguments):
    done = run("diff", store, *arguments)
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"lancekeep: [^\n]+\n", done.err)


# --- across stores ------------------------------------------------------------------------------


@pytest.fixture
def runs(stores):
    """Two stores; the first version of each is tagged."""
    one = stores.save({"w": torch.zeros(3), "b": torch.ones(2)}, {"w": torch.ones(3), "b": torch.ones(2)}, name="run1.lance")
    other = stores.save({"w": torch.zeros(3)}, {"w": torch.ones(3), "b": torch.ones(2)}, name="run2.lance")
    for store in (one, other):
        assert run("tag", store, "best", "--at", "1").status == 0
    return one, other


def sides(document):
    return document["store"], document["before"], document.get("after_store"), document["after"]


def test_the_latest_of_two_stores(runs):
    one, other = runs
    assert sides(diff(one, other, status=0)) == (str(one), 2, str(other), 2)
    assert text(one, other, status=0) == [
        f"version 2 of {one} → version 2 of {other}: 0 added, 0 removed, 0 changed, 2 unchanged"
    ]


@pytest.mark.parametrize("before, after", [(1, 1), ("best", "best"), (1, "best"), ("latest", 1)])
def test_versions_of_two_stores(runs, before, after):
    one, other = runs
    document = diff(f"{one}@{before}", f"{other}@{after}")
    assert sides(document) == (str(one), 2 if before == "latest" else 1, str(other), 1)
    assert [row["name"] for row in document["removed"]] == ["b"]
    assert diff(one, before, f"{other}@{after}") == document


def test_norms_of_two_stores(runs):
    one, other = runs
    (change,) = diff(one, f"{other}@1", "--norms")["changed"]
    assert change["figures"]["l2"] == pytest.approx(3**0.5)


def test_two_versions_of_one_store_by_their_names(runs):
    one, _ = runs
    assert sides(diff(f"{one}@1", f"{one}@2")) == (str(one), 1, None, 2)
    assert sides(diff(f"{one}@1", "2")) == (str(one), 1, None, 2)


def test_a_tag_comes_before_a_folder_of_its_name(runs, stores):
    one, other = runs
    assert run("tag", one, "run2.lance", "--at", "1").status == 0
    done = run("diff", "run1.lance", "run2.lance", "--json", cwd=stores.folder)
    assert sides(done.json(1)) == ("run1.lance", 1, None, 2)


def test_a_version_too_many(runs):
    one, other = runs
    done = run("diff", f"{one}@1", other, "2")
    assert done.status == 2 and "expected one more, found two" in done.err


def test_a_store_that_is_not_there(runs):
    one, _ = runs
    done = run("diff", one, one.parent / "none.lance")
    assert done.status == 2 and "none.lance" in done.err
