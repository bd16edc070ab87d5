# SPDX-License-Identifier: Apache-2.0
"""pylance 14 reads and changes what Lancekeep wrote; Lancekeep reads the result."""

import lance
import pytest
import torch
from models import (
    append_row,
    check_lancekeep,
    check_pylance,
    clean_up,
    copy_of,
    lancekeep,
    large,
    network,
    rows,
    save,
)


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    save(network(1), path, tmp_path, "-m", "first", "--set", "loss=0.5", "--tag", "base")
    save(network(2), path, tmp_path, "-m", "second")
    return path


def test_both_versions_open(store, tmp_path):
    check_pylance(store, network(1), version=1)
    check_pylance(store, network(2), version=2)
    check_pylance(store, network(2))
    check_lancekeep(store, tmp_path, network(1), ref="base")
    check_lancekeep(store, tmp_path, network(2))


def test_columns_are_those_of_the_layout(store):
    schema = lance.dataset(str(store)).schema
    assert schema.names == ["name", "dtype", "shape", "value", "ordinal", "hash", "tied_to"]
    assert schema.field("value").metadata == {b"lance-encoding:blob": b"true"}


def test_small_columns(store):
    by_name = {row["name"]: row for row in rows(lance.dataset(str(store)))}
    assert [row["ordinal"] for row in by_name.values()] == [i << 20 for i in range(12)]
    assert by_name["lm_head.weight"]["tied_to"] == "embedding.weight"
    assert by_name["lm_head.weight"]["hash"] == by_name["embedding.weight"]["hash"]
    assert by_name["embedding.weight"]["tied_to"] is None
    assert all(len(row["hash"]) == 32 for row in by_name.values())


def test_history(store):
    dataset = lance.dataset(str(store))
    assert [version["version"] for version in dataset.versions()] == [1, 2]
    assert {name: tag["version"] for name, tag in dataset.tags.list().items()} == {"base": 1}
    assert lance.dataset(str(store), version="base").version == 1
    properties = [dataset.read_transaction(v).transaction_properties for v in (1, 2)]
    assert [p["__lance_commit_message"] for p in properties] == ["first", "second"]
    assert properties[0]["loss"] == "0.5" and "loss" not in properties[1]


def test_history_survives_the_loss_of_transaction_files(store):
    for path in (store / "_transactions").iterdir():
        path.unlink()
    properties = lance.dataset(str(store)).read_transaction(1).transaction_properties
    assert properties["__lance_commit_message"] == "first"
    assert "first" in lancekeep("log", store)


def test_sql(store):
    dataset = lance.dataset(str(store))
    found = dataset.to_table(columns=["name"], filter="dtype = 'float32' and ordinal > 0")
    assert found["name"].to_pylist()[0] == "empty"


def test_tag_made_by_pylance(store):
    lance.dataset(str(store)).tags.create("from-pylance", 2)
    assert "from-pylance" in lancekeep("log", store)
    lancekeep("tag", store, "from-lancekeep", "--at", "1")
    assert set(lance.dataset(str(store)).tags.list()) == {"base", "from-pylance", "from-lancekeep"}


# Each step takes a store with the content `state`, and returns its content afterwards.
def append(store, state):
    extra = torch.arange(6, dtype=torch.uint8)
    name = f"extra.{lance.dataset(str(store)).version}"
    append_row(store, name, extra, ordinal=len(state) << 20)
    return {**state, name: extra}


def delete(store, state):
    name = next(iter(state))
    lance.dataset(str(store)).delete(f"name = '{name}'")
    return {key: value for key, value in state.items() if key != name}


def compact(store, state):
    append_row(store, "soon.gone", torch.zeros(1), ordinal=len(state) << 20)  # without it, there would be nothing to compact
    lance.dataset(str(store)).delete("name = 'soon.gone'")
    dataset = lance.dataset(str(store))
    dataset.optimize.compact_files()
    return state


def clean(store, state):
    clean_up(store)
    return state


def restore_first(store, state):
    lance.dataset(str(store), version=1).restore()
    return network(1)


@pytest.mark.parametrize(
    "steps",
    [
        [append],
        [delete],
        [compact],
        [clean],
        [restore_first],
        [append, delete, compact],
        [append, delete, compact, clean, append],
        [delete, append, clean, compact, clean],
    ],
    ids=lambda steps: "-".join(step.__name__ for step in steps),
)
def test_pylance_changes_it_and_lancekeep_saves_on_top(store, tmp_path, steps):
    state = network(2)
    for step in steps:
        state = step(store, state)
        check_lancekeep(store, tmp_path, state)
        lancekeep("ls", store)
        lancekeep("log", store)
    # Lancekeep then saves on top of the result.
    save(network(3), store, tmp_path, "-m", "after pylance")
    check_pylance(store, network(3))
    check_lancekeep(store, tmp_path, network(3))


def test_five_thousand_tensors(tmp_path):
    store = tmp_path / "large.lance"
    state = large()
    save(state, store, tmp_path)
    check_pylance(store, state)
    for step in (append, delete, compact, clean):
        state = step(store, state)
        check_lancekeep(store, tmp_path, state)
    values = rows(lance.dataset(str(store)))
    assert [row["name"] for row in values] == list(state)


def test_a_copied_folder_is_a_store(store, tmp_path):
    check_lancekeep(copy_of(store, tmp_path), tmp_path, network(2))
