# SPDX-License-Identifier: Apache-2.0
"""Makes several hundred small datasets with pylance, with all kinds of data that a table of weights can have.

    python matrix.py FOLDER [VERSION...]

Each is a combination of format version, kind of values, pattern, encoding settings, and what happened to it
afterwards. The folder's name lists them, e.g. 2.1-list_f32-runs-zstd-deleted.
"""

import itertools
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa

VERSIONS = ("2.0", "2.1", "2.2")
ROWS = 24
MANY_ROWS = 700  # with encoding settings, which pylance ignores for small pages
ENCODING = "lance-encoding:"

VALUE_TYPES = {
    "list_f64": pa.list_(pa.float64()),
    "list_f32": pa.list_(pa.float32()),
    "list_f16": pa.list_(pa.float16()),
    "list_bf16": pa.list_(pa.binary(2)),
    "list_i64": pa.list_(pa.int64()),
    "list_i32": pa.list_(pa.int32()),
    "list_u8": pa.list_(pa.uint8()),
    "list_bool": pa.list_(pa.bool_()),
    "large_f64": pa.large_list(pa.float64()),
    "fixed_f64": pa.list_(pa.float64(), 6),
    "fixed_f32": pa.list_(pa.float32(), 33),
    "fixed_f16": pa.list_(pa.float16(), 16),
    "list_fixed": pa.list_(pa.list_(pa.float32(), 3)),
    "fixed_fixed": pa.list_(pa.list_(pa.float32(), 2), 3),
}
PATTERNS = ("random", "runs", "few", "zeros", "nulls", "empties", "no_rows_there", "long")
SETTINGS = {  # metadata of fields; each key is preceded by "lance-encoding:"
    "plain": {},
    "fsst": {"compression": "fsst"},
    "zstd": {"compression": "zstd"},
    "zstd9": {"compression": "zstd", "compression-level": "9"},
    "lz4": {"compression": "lz4"},
    "none": {"compression": "none"},
    "fullzip": {"structural-encoding": "fullzip"},
    "fullzip_zstd": {"structural-encoding": "fullzip", "compression": "zstd"},
    "miniblock": {"structural-encoding": "miniblock"},
    "bss_lz4": {"bss": "on", "compression": "lz4"},
    "bss_zstd": {"bss": "on", "compression": "zstd"},
    "rle": {"rle-threshold": "0.99"},
    "dictionary": {"dict-divisor": "1", "dict-size-ratio": "1.0"},
    "dictionary_zstd": {"dict-divisor": "1", "dict-size-ratio": "1.0", "dict-values-compression": "zstd"},
    "small_chunks": {"minichunk-size": "256"},
}


def numbers(count: int, pattern: str, rng: np.random.Generator) -> np.ndarray:
    if pattern == "runs":
        return np.repeat(rng.integers(0, 3, count // 40 + 1), 40)[:count].astype("f8")
    if pattern == "few":
        return rng.integers(0, 5, count).astype("f8")
    if pattern == "zeros":
        return np.zeros(count)
    return rng.normal(0, 20, count).round(3)


def values_of(kind: pa.DataType, count: int, pattern: str, rng: np.random.Generator) -> pa.Array:
    if pa.types.is_fixed_size_list(kind):
        values = values_of(kind.value_type, count * kind.list_size, pattern, rng)
        return pa.FixedSizeListArray.from_arrays(values, type=kind)
    raw = numbers(count, pattern, rng)
    if pa.types.is_boolean(kind):
        array = pa.array(raw > 0)
    elif pa.types.is_fixed_size_binary(kind):
        array = pa.array([x.tobytes()[2:] for x in raw.astype("f4")], kind)
    elif pa.types.is_integer(kind):
        array = pa.array(np.abs(raw).astype(kind.to_pandas_dtype()))
    else:
        array = pa.array(raw.astype(kind.to_pandas_dtype()))
    if pattern != "nulls":
        return array
    return pa.array([None if i % 5 == 2 else v for i, v in enumerate(array.to_pylist())], kind)


def lengths_of(rows: int, pattern: str, rng: np.random.Generator) -> list[int]:
    if pattern == "long":
        return [9000 if row == 1 else int(rng.integers(1, 5)) for row in range(rows)]
    if pattern == "empties":
        return [int(rng.integers(0, 3)) * 7 for _ in range(rows)]
    return [int(rng.integers(1, 60)) for _ in range(rows)]


def value_column(kind: pa.DataType, rows: int, pattern: str, rng: np.random.Generator) -> pa.Array:
    if pattern == "no_rows_there":
        return pa.nulls(rows, kind)
    mask = pa.array([pattern in ("nulls", "empties") and row % 4 == 3 for row in range(rows)])
    if pa.types.is_fixed_size_list(kind):
        values = values_of(kind.value_type, rows * kind.list_size, pattern, rng)
        return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=mask)
    lengths = [0 if gone else n for n, gone in zip(lengths_of(rows, pattern, rng), mask.to_pylist())]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    make, width = (pa.LargeListArray, "i8") if pa.types.is_large_list(kind) else (pa.ListArray, "i4")
    items = values_of(kind.value_type, int(offsets[-1]), pattern, rng)
    return make.from_arrays(pa.array(offsets.astype(width)), items, type=kind, mask=mask)


def with_metadata(kind: pa.DataType, metadata: dict) -> pa.DataType:
    """The type with settings on its item, which has the pages; pylance ignores settings on a list."""
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(pa.field("item", kind.value_type, metadata=metadata), kind.list_size)
    make = pa.large_list if pa.types.is_large_list(kind) else pa.list_
    return make(pa.field("item", kind.value_type, metadata=metadata))


def long_names(rows: int, seed: int) -> list[str]:
    """Enough text that pylance tries FSST and general compression."""
    return [f"model.{seed}.decoder.layers.{row}.self_attention.output_projection.weight" for row in range(rows)]


def recipe(kind: str, pattern: str, settings: str, rows: int = ROWS, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(hash_of(kind, pattern, seed))
    rows = rows if settings == "plain" else MANY_ROWS
    names = pa.array([f"layer.{seed}.{row}.weight" for row in range(rows)], pa.string())
    if settings != "plain":
        names = pa.array(long_names(rows, seed), pa.string())
    shapes = pa.array([[int(rng.integers(1, 9))] * (row % 4) for row in range(rows)], pa.list_(pa.int64()))
    metadata = {ENCODING + key: value for key, value in SETTINGS[settings].items()}
    values = value_column(VALUE_TYPES[kind], rows, pattern, rng)
    value_type = with_metadata(VALUE_TYPES[kind], metadata) if metadata else VALUE_TYPES[kind]
    fields = [
        pa.field("name", pa.string(), metadata=metadata),
        pa.field("value", value_type, metadata=metadata),
        pa.field("shape", pa.list_(pa.int64())),
    ]
    if metadata:  # plain numbers too: some settings only work on these
        scalars = numbers(rows, pattern, rng)
        for width in ("f8", "f4", "i8", "i2"):
            fields.append(pa.field(width, pa.from_numpy_dtype(width), metadata=metadata))
    columns = [names, values.cast(value_type), shapes]
    columns += [pa.array(scalars.astype(field.name)) for field in fields[3:]]
    return pa.table(columns, schema=pa.schema(fields))


def hash_of(*parts) -> int:
    return random.Random("/".join(map(str, parts))).getrandbits(60)


def extra_columns(rows: int, version: str, nulls: bool, seed: int = 0) -> pa.Table:
    """Columns of every kind that can be beside the weights."""
    def gaps(values: list) -> list:
        return [None if nulls and i % 3 == 1 else v for i, v in enumerate(values)]

    count = range(seed, seed + rows)
    columns = {
        "shape": pa.array([[i % 3, 2] for i in count], pa.list_(pa.int32())),
        "value": pa.array([[i / 3] * (i % 5) for i in count], pa.large_list(pa.float64())),
        "name": pa.array(gaps([f"t.{i}" for i in count]), pa.large_string()),
        "fixed_shape": pa.array([[i, 1, 2, 3] for i in count], pa.list_(pa.int64(), 4)),
        "flag": pa.array(gaps([i % 2 == 0 for i in count])),
        "i8": pa.array(gaps([i % 100 for i in count]), pa.int8()),
        "i16": pa.array(gaps([i % 100 for i in count]), pa.int16()),
        "u32": pa.array(gaps([i * 77 for i in count]), pa.uint32()),
        "f16": pa.array(gaps([np.float16(i) for i in count]), pa.float16()),
        "f32": pa.array(gaps([i / 7 for i in count]), pa.float32()),
        "dtype": pa.array(gaps([f"float{16 << i % 3}" for i in count])),
        "kind": pa.array(gaps([f"k{i % 3}" for i in count])).dictionary_encode(),
        "bytes": pa.array(gaps([b"x" * (i % 6) for i in count]), pa.binary()),
        "many_bytes": pa.array(gaps([b"xyz" * (i % 6) for i in count]), pa.large_binary()),
        "hash": pa.array(gaps([bytes([i % 256]) * 16 for i in count]), pa.binary(16)),
        "when": pa.array(gaps([1000 * i for i in count]), pa.timestamp("us")),
        "day": pa.array(gaps(list(count)), pa.date32()),
        "tags": pa.array(gaps([["a", "bc"][: i % 3] for i in count]), pa.list_(pa.string())),
        "nothing": pa.nulls(rows, pa.int64()),
        "no_text": pa.nulls(rows, pa.string()),
    }
    pair = pa.struct([("a", pa.int64()), ("b", pa.string()), ("c", pa.list_(pa.float32()))])
    pairs = [{"a": i, "b": f"b{i}", "c": [1.5] * (i % 3)} for i in count]
    columns["info"] = pa.array(pairs if version == "2.0" else gaps(pairs), pair)
    if version != "2.0":  # in 2.0, lists of structs and lists of lists take several columns
        columns["pairs"] = pa.array(gaps([pairs[: i % 3] for i in range(rows)]), pa.list_(pair))
        nested = [[[1.0] * k for k in range(i % 4)] for i in count]
        columns["nested"] = pa.array(gaps(nested), pa.list_(pa.list_(pa.float64())))
    return pa.table(columns)


def packed_columns(rows: int) -> pa.Table:
    """Packed structs, whose fields are stored side by side."""
    kind = pa.struct([("position", pa.int64()), ("scale", pa.float32())])
    values = pa.array([{"position": i, "scale": i / 2} for i in range(rows)], kind)
    names = pa.array([f"t.{i}" for i in range(rows)])
    dtypes = pa.array([None if i % 7 == 3 else f"float{16 << i % 3}" for i in range(rows)])  # a dictionary
    field = pa.field("place", kind, metadata={"packed": "true", ENCODING + "packed": "true"})
    texts = [pa.field("name", pa.string()), pa.field("dtype", pa.string())]
    return pa.table([names, dtypes, values], schema=pa.schema([*texts, field]))


def huge_row() -> pa.Table:
    """A row with more values than a page can have, between small rows."""
    lengths = [3, 1_500_000, 0, 40]
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype("i4"))
    values = pa.array(np.random.default_rng(5).normal(size=sum(lengths)))
    lists = pa.ListArray.from_arrays(offsets, values)
    return pa.table({"name": ["a", "b", "c", "d"], "value": lists})


def small_batches(table: pa.Table) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=1))


def leave(_dataset, _more) -> None:
    pass


def append(dataset, more) -> None:
    dataset.insert(more(1))
    dataset.insert(more(2))


def delete(dataset, more) -> None:
    append(dataset, more)
    dataset.delete("name LIKE '%3%'")


def compact(dataset, more) -> None:
    delete(dataset, more)
    dataset.optimize.compact_files()


def add_column(dataset, more) -> None:
    dataset.insert(more(1))
    dataset.add_columns({"longer": "concat(name, '.copy')", "one": "1"})


def drop_column(dataset, more) -> None:
    add_column(dataset, more)
    dataset.drop_columns(["shape"])


def merge(dataset, more) -> None:
    names = dataset.to_table(columns=["name"])["name"]
    side = pa.table({"name": names, "rank": pa.array(range(len(names)), pa.int32())})
    dataset.merge(side, "name")


def append_fewer(dataset, more) -> None:
    """Appends rows that lack one of the columns, which is null for them."""
    dataset.insert(more(1).drop_columns(["shape"]))


def restore(dataset, more) -> None:
    append(dataset, more)
    lance.dataset(dataset.uri, version=2).restore()


HISTORIES = {
    "rows": leave, "appended": append, "deleted": delete, "compacted": compact, "added": add_column,
    "dropped": drop_column, "merged": merge, "fewer": append_fewer, "restored": restore,
}


def fits(version: str, kind: str, pattern: str, settings: str) -> bool:
    """Whether pylance 14 can write it."""
    if kind == "fixed_fixed" and pattern == "nulls":
        return False  # nulls between fixed-size lists: docs/format/encodings.md
    return not (kind == "list_fixed" and pattern == "nulls" and version == "2.0")


def plan() -> Iterator[tuple[str, str, str, str, str]]:
    chosen = dict.fromkeys(itertools.chain(
        ((v, k, p, "plain", "rows") for v in VERSIONS for k in VALUE_TYPES for p in PATTERNS),
        ((v, k, p, s, "rows") for v in VERSIONS[1:] for s in SETTINGS for k, p in
         (("list_f64", "random"), ("list_f32", "few"), ("list_f16", "nulls"), ("fixed_f64", "nulls"),
          ("list_i32", "runs"), ("list_f64", "long"), ("fixed_f16", "random"), ("list_bf16", "few"))),
        (("2.0", "list_f64", "random", s, "rows") for s in ("fsst", "zstd", "zstd9", "lz4", "none")),
        ((v, k, p, "plain", h) for v in VERSIONS for h in HISTORIES for k, p in
         (("list_f64", "random"), ("fixed_f32", "nulls"), ("list_f32", "empties"))),
    ))
    return (each for each in chosen if fits(*each[:4]))


def names(versions: tuple[str, ...] = VERSIONS) -> list[str]:
    extras = [f"{v}-extra-{n}-{h}" for v in VERSIONS for n in ("full", "nulls") for h in ("rows", "appended", "compacted")]
    others = [f"{v}-{kind}" for v in VERSIONS for kind in ("batches", "packed", "huge")]
    every = ["-".join(each) for each in plan()] + extras + others
    return [name for name in every if name.split("-")[0] in versions]


def make_one(folder: Path, name: str) -> None:
    version, *parts = name.split("-")
    if parts == ["batches"]:
        table = recipe("list_f64", "long", "plain", rows=120)
        lance.write_dataset(small_batches(table), folder / name, schema=table.schema, data_storage_version=version)
        return
    if parts == ["packed"]:
        lance.write_dataset(packed_columns(300), folder / name, data_storage_version=version)
        return
    if parts == ["huge"]:
        lance.write_dataset(huge_row(), folder / name, data_storage_version=version)
        return
    if parts[0] == "extra":
        def more(seed):
            return extra_columns(ROWS, version, parts[1] == "nulls", seed * 1000)
        history = parts[2]
    else:
        kind, pattern, settings, history = parts

        def more(seed):
            return recipe(kind, pattern, settings, seed=seed)
    dataset = lance.write_dataset(more(0), folder / name, data_storage_version=version)
    HISTORIES[history](dataset, more)


def make(folder: Path, versions: tuple[str, ...] = VERSIONS) -> None:
    for name in names(versions):
        try:
            make_one(folder, name)
        except BaseException as error:  # pylance's panics do not derive from Exception
            error.add_note(f"making {name}")
            raise


if __name__ == "__main__":
    make(Path(sys.argv[1]), tuple(sys.argv[2:]) or VERSIONS)
