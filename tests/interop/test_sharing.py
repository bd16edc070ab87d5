# SPDX-License-Identifier: Apache-2.0
"""pylance reads versions that share tensors like any other version, and either tool can write the next one."""

import json

import lance
import pyarrow as pa
import pytest
import torch
from models import (
    append_row,
    check_lancekeep,
    check_pylance,
    clean_up,
    dtype_name,
    lancekeep,
    network,
    raw,
    save,
)


def changed(state, *names):
    """The same model with different values for these names and for the tensors tied to them."""
    by_identity = {id(state[name]): state[name].clone().view(torch.uint8) ^ 1 for name in names}
    return {
        name: by_identity[id(t)].view(t.dtype) if id(t) in by_identity else t
        for name, t in state.items()
    }


def renamed(state):
    return {f"module.{name}": tensor for name, tensor in state.items()}


def reverse_order(state):
    """The same model in reverse order, which changes the targets of the ties."""
    return dict(reversed(state.items()))


def with_more(state):
    names = list(state)
    more = {"first": torch.arange(3), **{name: state[name] for name in names[:5]}}
    return {**more, "between": torch.ones(2, 2), **{name: state[name] for name in names[5:]}}


def with_less(state):
    return {name: tensor for i, (name, tensor) in enumerate(state.items()) if i % 3}


HISTORY = [
    lambda s: changed(s, "conv.weight"),
    lambda s: s,
    renamed,
    lambda s: changed(s, "module.conv.bias", "module.last", "module.embedding.weight"),
    reverse_order,
    with_more,
    with_less,
    lambda s: changed(s, *list(s)[:2]),
]


def store_with_history(tmp_path, steps=HISTORY):
    """A store with a version for each step; returns it and the state dict of each version."""
    store = tmp_path / "model.lance"
    states = [{**network(1), "bulk": torch.rand(500, 500)}]
    save(states[0], store, tmp_path, "-m", "0")
    for number, step in enumerate(steps, 1):
        states.append(step(states[-1]))
        save(states[-1], store, tmp_path, "-m", str(number))
    return store, states


def test_every_version_of_a_history_opens(tmp_path):
    store, states = store_with_history(tmp_path)
    for version, state in enumerate(states, 1):
        check_pylance(store, state, version)
        check_lancekeep(store, tmp_path, state, version)
    assert lance.dataset(str(store)).stats.dataset_stats()["num_deleted_rows"] > 0


def test_unchanged_tensors_are_shared(tmp_path):
    store, _ = store_with_history(tmp_path)
    log = json.loads(lancekeep("log", store, "--json"))
    assert log["bytes_added"] < log["bytes_total"] / 3
    ties = {row["name"]: row["tied_to"] for row in json.loads(lancekeep("ls", store, "--json", "--at", 1))["tensors"]}
    assert ties["lm_head.weight"] == "embedding.weight"


def restore(store):
    lance.dataset(str(store), version=3).restore()


def compact(store):
    append_row(store, "soon.gone", torch.zeros(1), ordinal=1 << 50)  # without it, there may be nothing to compact
    lance.dataset(str(store)).delete("name = 'soon.gone'")
    lance.dataset(str(store)).optimize.compact_files()


@pytest.mark.parametrize(
    "steps",
    [[compact], [clean_up], [restore], [compact, clean_up], [restore, compact, clean_up]],
    ids=lambda steps: "-".join(step.__name__ for step in steps),
)
def test_pylance_writes_on_top_of_shared_versions(tmp_path, steps):
    store, states = store_with_history(tmp_path)
    for step in steps:
        step(store)
    state = states[2] if restore in steps else states[-1]
    check_pylance(store, state)
    check_lancekeep(store, tmp_path, state)
    # A save on top of a version that pylance made shares its tensors too.
    report = json.loads(import_json(state, store, tmp_path))
    assert report["tensors_written"] == 0, report
    check_pylance(store, state)
    state = changed(state, list(state)[-1])
    save(state, store, tmp_path)
    check_pylance(store, state)
    check_lancekeep(store, tmp_path, state)


def import_json(state, store, tmp_path):
    torch.save(state, tmp_path / "again.pth")
    return lancekeep("import", tmp_path / "again.pth", store, "--json")


def test_a_row_that_pylance_appended_gets_its_missing_columns(tmp_path):
    store, states = store_with_history(tmp_path, HISTORY[:1])
    extra = torch.arange(1000, dtype=torch.float64)
    append_row(store, "extra", extra, ordinal=1 << 40)
    state = {**states[-1], "extra": extra}
    report = json.loads(import_json(state, store, tmp_path))
    assert report["tensors_written"] == 0, "its value is shared"
    rows = {row["name"]: row for row in json.loads(lancekeep("ls", store, "--json"))["tensors"]}
    assert len(rows["extra"]["hash"]) == 32
    check_pylance(store, state)


def dataset_by_pylance(store, state, columns=(), **options):
    """A dataset in the native layout that pylance made, with only the required columns, and `columns`."""
    blob = {"lance-encoding:blob": "true"}
    fields = [
        pa.field("shape", pa.list_(pa.int64())),
        pa.field("value", pa.large_binary(), metadata=blob),
        pa.field("name", pa.string()),
        pa.field("dtype", pa.string()),
        *(field for field, _ in columns),
    ]
    values = [
        [list(t.shape) for t in state.values()],
        [raw(t) for t in state.values()],
        list(state),
        [dtype_name(t) for t in state.values()],
        *([value] * len(state) for _, value in columns),
    ]
    arrays = [pa.array(value, field.type) for value, field in zip(values, fields)]
    table = pa.table(arrays, schema=pa.schema(fields))
    lance.write_dataset(table, str(store), data_storage_version="2.1", **options)


def test_saves_on_top_of_a_dataset_that_pylance_made(tmp_path):
    store, state = tmp_path / "theirs.lance", {n: t for n, t in network(1).items() if n != "lm_head.weight"}
    note = pa.field("note", pa.string())
    dataset_by_pylance(store, state, [(note, "by hand")])
    report = json.loads(import_json(state, store, tmp_path))
    assert report["tensors_written"] == 0, report
    check_pylance(store, state)
    notes = lance.dataset(str(store)).to_table(columns=["name", "note"]).to_pylist()
    assert {row["note"] for row in notes} == {"by hand"}, "a column that Lancekeep does not know is kept"
    state = changed(state, "conv.weight")
    save(state, store, tmp_path)
    check_pylance(store, state)
    check_lancekeep(store, tmp_path, state)
    notes = {row["name"]: row["note"] for row in lance.dataset(str(store)).to_table(columns=["name", "note"]).to_pylist()}
    assert notes["conv.weight"] is None and notes["conv.bias"] == "by hand"


def test_saves_on_top_of_a_dataset_with_stable_row_ids(tmp_path):
    store, state = tmp_path / "theirs.lance", {n: t for n, t in network(1).items() if n != "lm_head.weight"}
    dataset_by_pylance(store, state, enable_stable_row_ids=True)
    state = changed(state, "conv.weight")
    save(state, store, tmp_path)
    check_pylance(store, state)
    append_row(store, "extra", torch.ones(3), ordinal=1 << 40)
    state = {**state, "extra": torch.ones(3)}
    check_pylance(store, state)
    check_lancekeep(store, tmp_path, state)


def test_pylance_reads_a_restored_version(tmp_path):
    store, states = store_with_history(tmp_path, HISTORY[:3])
    lancekeep("restore", store, 2)
    dataset = check_pylance(store, states[1])
    assert dataset.version == 5
    transaction = dataset.read_transaction(5)
    properties = transaction.transaction_properties
    assert (properties["__lance_commit_message"], properties["restored_from"]) == ("1", "2")
    append_row(store, "extra", torch.ones(3), ordinal=1 << 40)
    check_lancekeep(store, tmp_path, {**states[1], "extra": torch.ones(3)})
