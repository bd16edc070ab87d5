# SPDX-License-Identifier: Apache-2.0
"""What Lancekeep writes in the plain layout: the article's loader gets the same weights, and pylance can work on the dataset."""

import hashlib
import json
import subprocess
from datetime import timedelta
from pathlib import Path

import lance
import pyarrow as pa
import pytest
import torch
from plain_models import SCHEMA, check, load, many_small, network, tensors
from store_tool import StoreError, StoreTool

ROOT = Path(__file__).parents[2]


class Saver:
    """A plain dataset and the process that saves into it."""

    def __init__(self, path):
        self.path = path
        self.tool = StoreTool(path)

    def save(self, state, **options):
        return self.tool.save(tensors(state), **options)

    def dataset(self, version=None):
        dataset = lance.dataset(str(self.path), version=version)
        dataset.validate()
        return dataset


@pytest.fixture
def store(tmp_path):
    saver = Saver(tmp_path / "model.lance")
    yield saver
    saver.tool.close()


@pytest.fixture
def saved(store):
    store.save(network(1), layout="plain")
    return store


@pytest.mark.parametrize("state", [network(1), many_small(), {}], ids=["network", "many small", "nothing"])
def test_the_articles_loader_gets_the_same_weights(store, state):
    report = store.save(state, layout="plain")
    assert (report["written"], report["kept"]) == (len(state), 0)
    check(load(store.path), state)


def test_the_schema_is_the_articles(saved):
    dataset = saved.dataset()
    assert dataset.schema == SCHEMA
    assert dataset.data_storage_version == "2.1"
    with_pylance = lance.write_dataset(
        SCHEMA.empty_table(), str(saved.path.with_name("other.lance")), data_storage_version="2.1"
    )
    describe = lambda field: (field.name(), field.id(), [describe(child) for child in field.children()])
    fields = lambda dataset: [describe(field) for field in dataset.lance_schema.fields()]
    assert fields(dataset) == fields(with_pylance)


def test_every_version_and_tag_can_be_loaded(saved):
    saved.save(network(2), tag="best", message="second")
    saved.save({"w": torch.ones(3)})
    check(load(saved.path, 1), network(1))
    check(load(saved.path, 2), network(2))
    check(load(saved.path, "best"), network(2))
    check(load(saved.path, 3), {"w": torch.ones(3)})
    assert saved.dataset().tags.list()["best"]["version"] == 2
    properties = saved.dataset().read_transaction(2).transaction_properties
    assert properties["__lance_commit_message"] == "second"


@pytest.mark.parametrize("state", [network(1), many_small(200)], ids=["network", "many small"])
def test_each_row_can_be_taken_alone(store, state):
    store.save(state, layout="plain")
    dataset = store.dataset()
    for index, (name, tensor) in enumerate(state.items()):
        (row,) = dataset.take([index]).to_pylist()
        assert row["name"] == name and row["shape"] == list(tensor.shape)
        assert row["value"] == tensor.to(torch.float64).flatten().tolist()


def test_rows_can_be_filtered_counted_and_scanned_in_batches(saved):
    dataset, state = saved.dataset(), network(1)
    (row,) = dataset.to_table(filter="name = 'a.bit.more'").to_pylist()
    assert row["value"] == state["a.bit.more"].to(torch.float64).tolist()
    assert dataset.count_rows() == len(state)
    assert dataset.count_rows(filter="array_length(value) = 64") == 2
    assert dataset.count_rows(filter="array_length(shape) = 0") == 1
    batches = list(dataset.to_batches(batch_size=2))
    assert pa.Table.from_batches(batches) == dataset.to_table()


def test_pylance_can_append_delete_compact_and_restore(saved):
    state = network(1)
    extra = {"x": torch.arange(5000.0), "y": torch.ones(())}
    rows = [{"name": n, "value": t.flatten().tolist(), "shape": list(t.shape)} for n, t in extra.items()]
    lance.write_dataset(pa.Table.from_pylist(rows, schema=SCHEMA), str(saved.path), mode="append")
    check(load(saved.path, 2), state | extra)
    saved.dataset().delete("name in ('conv.bias', 'empty', 'x')")
    left = {name: tensor for name, tensor in (state | extra).items() if name not in ("conv.bias", "empty", "x")}
    check(load(saved.path, 3), left)
    dataset = saved.dataset()
    dataset.optimize.compact_files()
    assert len(dataset.get_fragments()) == 1
    check(load(saved.path, dataset.version), left)
    saved.dataset(1).restore()
    check(load(saved.path, saved.dataset().version), state)
    number = saved.save(network(2))["version"]
    check(load(saved.path, number), network(2))
    saved.dataset().cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)
    check(load(saved.path, number), network(2))


def test_an_append_based_on_an_older_version_is_rejected(saved):
    stale = saved.dataset()
    saved.save(network(2))
    row = pa.Table.from_pylist([{"name": "x", "value": [1.0], "shape": [1]}], schema=SCHEMA)
    with pytest.raises(OSError, match="[Cc]onflict|[Ii]ncompatible"):
        stale.insert(row, mode="append")
    check(load(saved.path, 2), network(2))


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
def test_a_dataset_of_the_article_can_be_saved_into(store, version):
    rows = [{"name": n, "value": t.double().flatten().tolist(), "shape": list(t.shape)} for n, t in network(3).items()]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    lance.write_dataset(table, str(store.path), data_storage_version=version)
    assert store.save(network(4))["version"] == 2
    check(load(store.path, 1), network(3))
    check(load(store.path, 2), network(4))
    assert store.tool("restore", version=1) == 3
    check(load(store.path, 3), network(3))
    lance.write_dataset(table, str(store.path), mode="overwrite")
    check(load(store.path, 4), network(3))


def test_a_variant_gets_the_articles_schema(store):
    schema = pa.schema([
        ("id", pa.int32()),
        ("shape", pa.large_list(pa.int32())),
        ("value", pa.list_(pa.float32())),
        ("name", pa.large_string()),
    ])
    row = {"id": 1, "shape": [2], "value": [1.0, 2.0], "name": "w"}
    lance.write_dataset(pa.Table.from_pylist([row], schema=schema), str(store.path))
    store.save(network(1))
    assert store.dataset().schema == SCHEMA
    check(load(store.path, 2), network(1))
    assert store.dataset(1).to_table().to_pylist() == [row]


def test_replacing_keeps_the_layout(saved):
    saved.save(network(2), verb="replace")
    assert [version["version"] for version in saved.dataset().versions()] == [1]
    check(load(saved.path), network(2))


def test_a_model_larger_than_a_fragment(store):
    state = {f"w{i}": torch.arange(6 << 20).to(torch.int8) + i for i in range(3)}
    store.save(state, layout="plain")
    sizes = [fragment.count_rows() for fragment in store.dataset().get_fragments()]
    assert sizes == [2, 1]
    table = store.dataset().to_table()
    for name, value in zip(table["name"].to_pylist(), table["value"]):
        assert torch.equal(torch.from_numpy(value.values.to_numpy().copy()), state[name].double())


def test_pylance_1_reads_all_of_it(store):
    states = [network(1), many_small(200), network(2)]
    for state in states:
        store.save(state, layout="plain")
    python = ROOT / ".venv-pylance-1.0.4" / "bin" / "python"
    assert python.exists(), "pylance 1.0.4 is missing: run `make setup`"
    script = Path(__file__).with_name("read_plain_with_old_pylance.py")
    done = subprocess.run([python, script, store.path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pylance"] == "1.0.4"
    for number, state in enumerate(states, 1):
        rows = [
            [name, list(t.shape), hashlib.sha256(t.double().contiguous().numpy().tobytes()).hexdigest()]
            for name, t in state.items()
        ]
        assert found["versions"][str(number)] == {"to_table": rows, "take": rows}


@pytest.mark.parametrize(
    "tensor, part",
    [
        (torch.tensor([1, 2**53 + 1]), "its int64 value at index 1, 9007199254740993, is not exactly representable"),
        (torch.tensor([1j]), "tensor `bad` has the dtype complex64"),
        (torch.tensor([0x7D], dtype=torch.uint8).view(torch.float8_e5m2), "its float8_e5m2 value at index 0, 0x7d"),
    ],
    ids=["int64", "complex", "float8"],
)
def test_values_that_float64_cannot_represent_are_rejected_by_name(saved, tensor, part):
    with pytest.raises(StoreError) as error:
        saved.save({"good": torch.ones(3), "bad": tensor})
    assert error.value.code == "invalid_argument" and "tensor `bad`" in error.value.what and part in error.value.what
    assert saved.dataset().version == 1
