# SPDX-License-Identifier: Apache-2.0
"""Models to save, and what pylance and Lancekeep must say of a store that holds them."""

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import lance
import pyarrow as pa
import torch
from safetensors.torch import load_file

BUILD = Path(os.environ["LANCEKEEP_BUILD"])
ROOT = Path(__file__).parents[2]


def lancekeep(*arguments, status=0):
    """Runs the command; returns what it printed on stdout."""
    done = subprocess.run(
        [BUILD / "cli" / "lancekeep", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def raw(tensor):
    """A tensor's bytes as the store keeps them: row-major, little-endian."""
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def same_tensor(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and raw(a) == raw(b)


def dtype_name(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def network(seed=0):
    """A state dict with the dtypes, shapes and ties of real ones."""
    generator = torch.Generator().manual_seed(seed)
    floats = lambda *shape: torch.randn(*shape, generator=generator)
    state = {
        "conv.weight": floats(8, 3, 3, 3),
        "conv.bias": floats(8).to(torch.float16),
        "bn.num_batches_tracked": torch.tensor(1000 + seed),
        "bn.running_var": floats(8).to(torch.bfloat16),
        "mask": torch.rand(7, generator=generator) > 0.5,
        "empty": torch.empty(0, 4),
        "quarter": floats(16).to(torch.float8_e4m3fn),
        "embedding.weight": floats(100, 33),
        "spectrum": torch.complex(floats(5), floats(5)),
        "wide": floats(3).to(torch.float64),
    }
    state["lm_head.weight"] = state["embedding.weight"]
    state["last"] = torch.arange(300, dtype=torch.int16).reshape(3, 4, 25)
    return state


def large(count=5000, seed=0):
    """`count` tensors, of which some are tied and some have 5 MB, with names as large models have them."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for i in range(count):
        size = (1250, 1000) if i % 700 == 3 else (i % 5, 7) if i % 3 else ()
        state[f"model.layers.{i // 10}.block.{i % 10}.weight"] = torch.randn(
            size, generator=generator
        )
    for i in range(0, count, 997):
        target = f"model.layers.{(i + 1) // 10}.block.{(i + 1) % 10}.weight"
        state[f"tied.{i}"] = state[target]
    return state


def save(state, store, folder, *options):
    """Saves through a .pth, which keeps every dtype and ties, and the command line."""
    path = folder / "state.pth"
    torch.save(state, path)
    lancekeep("import", path, store, *options)


def export(store, folder, ref="latest"):
    path = folder / "exported.safetensors"
    path.unlink(missing_ok=True)
    lancekeep("export", store, path, "--at", ref)
    return load_file(path)


def check_lancekeep(store, folder, state, ref="latest"):
    """Lancekeep gives exactly this state dict, in this order."""
    found = export(store, folder, ref)
    assert set(found) == set(state)
    for name, tensor in state.items():
        assert same_tensor(found[name], tensor), name


def rows(dataset, columns=None):
    """All rows in model order, values as bytes."""
    table = dataset.scanner(columns=columns, blob_handling="all_binary").to_table()
    return sorted(table.to_pylist(), key=lambda row: row["ordinal"])


def check_pylance(store, state, version=None):
    """pylance gives exactly this state dict: names, dtypes, shapes, row count, bytes in both ways."""
    dataset = lance.dataset(str(store), version=version)
    dataset.validate()
    found = rows(dataset)
    assert dataset.count_rows() == len(state) == len(found)
    for row, (name, tensor) in zip(found, state.items()):
        assert (row["name"], row["dtype"]) == (name, dtype_name(tensor))
        assert row["shape"] == list(tensor.shape)
        assert row["value"] == raw(tensor), name
    by_scan = dataset.to_table(columns=["name"])["name"].to_pylist()
    indices = list(range(0, len(by_scan), max(1, len(by_scan) // 50)))
    for index, blob in zip(indices, dataset.take_blobs("value", indices=indices)):
        assert blob.read() == raw(state[by_scan[index]]), by_scan[index]
    return dataset


def append_row(store, name, tensor, ordinal):
    """pylance appends a row of its own, without the columns that it need not know."""
    blob = {"lance-encoding:blob": "true"}
    fields = [
        pa.field("name", pa.string()),
        pa.field("dtype", pa.string()),
        pa.field("shape", pa.list_(pa.int64())),
        pa.field("value", pa.large_binary(), metadata=blob),
        pa.field("ordinal", pa.int64()),
    ]
    columns = [[name], [dtype_name(tensor)], [list(tensor.shape)], [raw(tensor)], [ordinal]]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, fields)]
    lance.write_dataset(pa.table(arrays, schema=pa.schema(fields)), str(store), mode="append")


def clean_up(store):
    dataset = lance.dataset(str(store))
    return dataset.cleanup_old_versions(
        older_than=timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False
    )


def copy_of(store, folder):
    return Path(shutil.copytree(store, folder / (Path(store).name + ".copy")))
