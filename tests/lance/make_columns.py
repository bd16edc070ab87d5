# SPDX-License-Identifier: Apache-2.0
"""Writes datasets with pylance whose columns together use every page encoding that Lancekeep reads.

    python make_columns.py FOLDER

Each dataset has one column per value pattern. Some are also appended to, deleted from and compacted,
because compaction writes other encodings than a first write does.
"""

import random
import sys
from pathlib import Path

import lance
import pyarrow as pa

SIZES = (1, 300, 3000, 100_000)
VERSIONS = ("2.1", "2.2")


def text_patterns(rows: int, rng: random.Random) -> dict[str, list]:
    dtypes = ["float32", "bfloat16", "int64"]
    return {
        "text_equal": ["float32"] * rows,
        "text_few": [rng.choice(dtypes) for _ in range(rows)],
        "text_runs": [dtypes[i // 97 % 3] for i in range(rows)],
        "text_sequential": [f"layer.{i}" for i in range(rows)],
        "text_prefix": [f"model.decoder.blocks.{i // 7}.attention.{i % 7}.weight" for i in range(rows)],
        "text_hex": [f"{rng.getrandbits(128):032x}" for _ in range(rows)],
        "text_random": [rng.randbytes(rng.randrange(40)).hex() for _ in range(rows)],
        "text_utf8": ["häß→" * (i % 5) for i in range(rows)],
        "text_empty": [""] * rows,
        "text_null": [None] * rows,
        "text_some_null": [None if rng.random() < 0.4 else f"tensor.{i}" for i in range(rows)],
        "text_few_null": [None if rng.random() < 0.4 else rng.choice(dtypes) for _ in range(rows)],
        "text_mostly_null": [f"t{i}" if i % 1000 == 999 else None for i in range(rows)],
        "text_half_null": [None if i < rows // 2 else f"a.{i}" for i in range(rows)],
        "text_equal_or_null": [None if i % 3 == 1 else "same" for i in range(rows)],
    }


def integer_patterns(rows: int, rng: random.Random) -> dict[str, list]:
    return {
        "int_equal": [7] * rows,
        "int_zero": [0] * rows,
        "int_few": [rng.choice([1, 1 << 40, -3]) for _ in range(rows)],
        "int_runs": [i // 61 % 5 for i in range(rows)],
        "int_ordinal": [i << 20 for i in range(rows)],
        "int_sequential": list(range(rows)),
        "int_random": [rng.randrange(-(1 << 63), 1 << 63) for _ in range(rows)],
        "int_small": [rng.randrange(1000) for _ in range(rows)],
        "int_null": [None] * rows,
        "int_some_null": [None if rng.random() < 0.3 else i for i in range(rows)],
        "int_random_null": [None if rng.random() < 0.3 else rng.getrandbits(63) for _ in range(rows)],
        "int_equal_or_null": [None if i % 3 == 1 else 7 for i in range(rows)],
        "int_runs_null": [None if i % 200 < 90 else i // 200 for i in range(rows)],
    }


def narrow_patterns(rows: int, rng: random.Random) -> dict[str, pa.Array]:
    """Widths of 8, 16 and 32 bits, which bit-packing supports besides 64."""
    return {
        "u8_small": pa.array([rng.randrange(9) for _ in range(rows)], pa.uint8()),
        "u8_random": pa.array([rng.randrange(256) for _ in range(rows)], pa.uint8()),
        "u16_small": pa.array([rng.randrange(700) for _ in range(rows)], pa.uint16()),
        "u32_small": pa.array([rng.randrange(70_000) for _ in range(rows)], pa.uint32()),
        "f32_random": pa.array([rng.random() for _ in range(rows)], pa.float32()),
        "f64_random": pa.array([rng.random() for _ in range(rows)], pa.float64()),
        "f64_runs": pa.array([float(i // 50 % 2) for i in range(rows)], pa.float64()),
    }


def list_patterns(rows: int, rng: random.Random) -> dict[str, list]:
    def shape(_=None) -> list[int]:
        return [rng.choice([1, 3, 64, 768]) for _ in range(rng.randrange(1, 5))]

    def empty_or_null(i: int, row: list[int]) -> list[int] | None:
        return [] if i % 5 == 1 else None if i % 7 == 2 else row

    return {
        "list_shapes": [shape() for _ in range(rows)],
        "list_equal": [[64, 64]] * rows,
        "list_ones": [[i] for i in range(rows)],
        "list_runs": [[i // 90, 3, 3] for i in range(rows)],
        "list_random": [[rng.getrandbits(62) for _ in range(rng.randrange(1, 9))] for _ in range(rows)],
        "list_some_empty": [[] if i % 6 == 3 else shape() for i in range(rows)],
        "list_some_null": [None if i % 6 == 3 else shape() for i in range(rows)],
        "list_empty_and_null": [empty_or_null(i, shape()) for i in range(rows)],
        "list_equal_or_null": [empty_or_null(i, [5, 5]) for i in range(rows)],
        "list_empty": [[]] * rows,
        "list_null": [None] * rows,
        "list_empties_or_nulls": [None if i % 3 == 1 else [] for i in range(rows)],
        "list_null_items": [[None if rng.random() < 0.2 else v for v in shape()] for _ in range(rows)],
        "list_all_null_items": [[None, None]] * rows,
        "list_everything": [
            empty_or_null(i, [None if rng.random() < 0.2 else v for v in shape()]) for i in range(rows)
        ],
        "list_long": [list(range(i % 3 * 5000)) for i in range(min(rows, 12))] + [[1]] * max(0, rows - 12),
    }


def small_columns(rows: int, seed: int = 0) -> pa.Table:
    rng = random.Random(seed * 1_000_003 + rows)
    columns = {k: pa.array(v, pa.string()) for k, v in text_patterns(rows, rng).items()}
    columns |= {k: pa.array(v, pa.int64()) for k, v in integer_patterns(rows, rng).items()}
    columns |= narrow_patterns(rows, rng)
    columns |= {k: pa.array(v, pa.list_(pa.int64())) for k, v in list_patterns(rows, rng).items()}
    columns["list_f64"] = pa.array(
        [[rng.random() for _ in range(i % 40)] for i in range(rows)], pa.list_(pa.float64())
    )
    columns["list_f64_ones"] = pa.array([[1.0] * (i % 40) for i in range(rows)], pa.list_(pa.float64()))
    columns["list_text"] = pa.array([[f"k{i}", "v"] * (i % 3) for i in range(rows)], pa.list_(pa.string()))
    columns["name"] = pa.array([f"row {i}" for i in range(rows)], pa.string())
    columns["binary_small"] = pa.array([rng.randbytes(i % 30) for i in range(rows)], pa.large_binary())
    return pa.table(columns)


def compressed_columns(rows: int) -> pa.Table:
    """Columns whose metadata requests a compression that pylance does not choose by default."""
    rng = random.Random(rows)
    sources = {
        "text": pa.array([f"tensor {rng.randrange(50)} of {i}" for i in range(rows)], pa.string()),
        "text_null": pa.array([None if i % 4 == 1 else f"tensor {i}" for i in range(rows)], pa.string()),
        "int": pa.array([rng.randrange(5) << 33 for _ in range(rows)], pa.int64()),
        "f32": pa.array([rng.randrange(5) / 7 for _ in range(rows)], pa.float32()),
        "list": pa.array([[rng.randrange(9) << 40] * (i % 4) for i in range(rows)], pa.list_(pa.int64())),
    }
    arrays, fields = [], []
    for scheme in ("lz4", "zstd", "fsst", "none"):
        for name, array in sources.items():
            if scheme == "fsst" and not pa.types.is_string(array.type):
                continue
            arrays.append(array)
            metadata = {"lance-encoding:compression": scheme}
            fields.append(pa.field(f"{name}_{scheme}", array.type, metadata=metadata))
    return pa.table(arrays, schema=pa.schema(fields))


def large_values(rows: int) -> pa.Table:
    """Values so large that pylance puts each row's levels, length and bytes together (full-zip)."""
    rng = random.Random(rows)
    values = [rng.randbytes(rng.choice([0, 100, 9000, 40_000])) for _ in range(rows)]
    nullable = [None if i % 4 == 1 else value for i, value in enumerate(values)]
    uniform = [rng.randbytes(20_000) for _ in range(rows)]
    plain = {"lance-encoding:compression": "none"}
    fields = [
        pa.field("large_text", pa.string()),
        pa.field("large_binary", pa.large_binary()),
        pa.field("large_binary_null", pa.large_binary()),
        pa.field("large_plain", pa.large_binary(), metadata=plain),
        pa.field("large_plain_null", pa.large_binary(), metadata=plain),
        pa.field("large_uniform", pa.large_binary()),
        pa.field("large_zeros", pa.large_binary()),
    ]
    columns = [
        [value.hex() for value in values],
        values, nullable, values, nullable, uniform, [bytes(len(v)) for v in values],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, fields)], schema=pa.schema(fields))


def blobs(rows: int, seed: int = 0) -> pa.Table:
    rng = random.Random(rows + seed)
    field = {"lance-encoding:blob": "true"}
    patterns = {
        "blob": [rng.randbytes(rng.randrange(1, 90)) for _ in range(rows)],
        "blob_equal": [b"12345678"] * rows,
        "blob_null": [None if i % 3 == 1 else rng.randbytes(i % 5) for i in range(rows)],
        "blob_all_null": [None] * rows,
        "blob_all_empty": [b""] * rows,
    }
    fields = [pa.field(name, pa.large_binary(), metadata=field) for name in patterns]
    fields.append(pa.field("name", pa.string()))
    columns = [pa.array(values, pa.large_binary()) for values in patterns.values()]
    columns.append(pa.array([f"row {i}" for i in range(rows)], pa.string()))
    return pa.table(columns, schema=pa.schema(fields))


def insert_more(make):
    def change(dataset: lance.LanceDataset, rows: int) -> None:
        dataset.insert(make(rows // 6, seed=1))

    return change


def insert_and_delete(make):
    def change(dataset: lance.LanceDataset, rows: int) -> None:
        dataset.insert(make(rows // 6, seed=1))
        dataset.insert(make(1, seed=2))
        dataset.delete("name LIKE '%7'")

    return change


def compact(make):
    def change(dataset: lance.LanceDataset, rows: int) -> None:
        insert_and_delete(make)(dataset, rows)
        dataset.optimize.compact_files()

    return change


def leave(_dataset: lance.LanceDataset, _rows: int) -> None:
    pass


def plan() -> dict[str, tuple]:
    """Folder name -> (table function, rows, version, what to do to the dataset afterwards)."""
    datasets = {}
    for version in VERSIONS:
        for rows in SIZES:
            datasets[f"columns-{rows}-{version}"] = (small_columns, rows, version, leave)
        for rows in (1, 300, 5000):
            datasets[f"compressed-{rows}-{version}"] = (compressed_columns, rows, version, leave)
        for rows in (1, 300):
            datasets[f"large-{rows}-{version}"] = (large_values, rows, version, leave)
    for rows in (1, 300, 3000, 20_000):
        datasets[f"blobs-{rows}-2.1"] = (blobs, rows, "2.1", leave)
    # Not in format 2.2, where pylance 14 turns blob v1 columns into blob v2.
    for make_table, version in ((small_columns, "2.1"), (small_columns, "2.2"), (blobs, "2.1")):
        kind = "columns" if make_table is small_columns else "blobs"
        for rows in (300, 3000):
            for word, change in (("appended", insert_more), ("deleted", insert_and_delete), ("compacted", compact)):
                datasets[f"{kind}-{word}-{rows}-{version}"] = (make_table, rows, version, change(make_table))
    return datasets


def names() -> list[str]:
    return list(plan())


def make(folder: Path) -> None:
    for name, (make_table, rows, version, change) in plan().items():
        dataset = lance.write_dataset(make_table(rows), folder / name, data_storage_version=version)
        change(dataset, rows)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
