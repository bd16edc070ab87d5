# SPDX-License-Identifier: Apache-2.0
"""Makes the datasets of tests/lance/matrix.py as plain datasets, with shapes that fit the values, and others like the article's.

    python plain_datasets.py FOLDER [VERSION...]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lance"))

import lance
import matrix
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NO_NUMBERS = ("list_bf16", "list_fixed", "fixed_fixed")


def shape_of(count: int) -> list[int]:
    """The shape of a scalar, vector or matrix with `count` elements, sometimes with dimensions of 1 around it."""
    if count == 1:
        return []
    if count % 2 == 1:
        return [count]
    return [count // 2, 2] if count % 4 else [1, 2, count // 2, 1]


def with_fitting_shapes(table: pa.Table) -> pa.Table:
    lists = table["value"].combine_chunks()
    if pa.types.is_fixed_size_list(lists.type):
        lengths = [lists.type.list_size] * len(lists)
    else:
        lengths = [length or 0 for length in pc.list_value_length(lists).to_pylist()]
    shapes = pa.array([shape_of(length) for length in lengths], pa.list_(pa.int64()))
    return table.set_column(table.schema.get_field_index("shape"), "shape", shapes)


def from_matrix(version: str) -> Iterator[str]:
    for each in matrix.plan():
        if each[0] == version and each[1] not in NO_NUMBERS:
            yield "-".join(each)


def numbers(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=count).round(2)


def model(seed: int) -> list[tuple[str, list[int]]]:
    return [(f"{seed}.conv.weight", [4, 3, 3, 3]), (f"{seed}.conv.bias", [4]), (f"{seed}.batches", []),
            (f"{seed}.none", [0, 5]), (f"{seed}.head.weight", [40, 36])]


def article_table(seed: int, value=pa.float64(), make=pa.list_, name=pa.string(), shape=pa.int64()) -> pa.Table:
    rows = model(seed)
    values = [numbers(int(np.prod(dims)), seed * 100 + i).astype(value.to_pandas_dtype()).tolist()
              for i, (_, dims) in enumerate(rows)]
    columns = {
        "name": pa.array([key for key, _ in rows], name),
        "value": pa.array(values, make(value)),
        "shape": pa.array([dims for _, dims in rows], make(shape)),
    }
    return pa.table(columns)


def write(path: Path, table: pa.Table, version: str, mode: str = "create", **options) -> None:
    lance.write_dataset(table, path, mode=mode, data_storage_version=version, **options)


def row_by_row(path: Path, version: str, mode: str = "create", seed: int = 1) -> None:
    """Writes as the article does: one batch per parameter."""
    table = article_table(seed)
    batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=1))
    lance.write_dataset(batches, path, mode=mode, schema=table.schema, data_storage_version=version)


def versions(path: Path, version: str) -> None:
    for seed in (1, 2, 3):
        row_by_row(path, version, "overwrite" if seed > 1 else "create", seed)
    lance.dataset(path).tags.create("best", 2)


def fragments(path: Path, version: str) -> None:
    write(path, pa.concat_tables([article_table(1), article_table(2)]), version, max_rows_per_file=3)


def other_order(path: Path, version: str) -> None:
    table = article_table(1, make=pa.large_list, name=pa.large_string(), shape=pa.int32())
    extra = pa.array([f"note {i}" if i % 2 else None for i in range(len(table))])
    table = table.append_column("note", extra).append_column("info", pa.array([{"a": i} for i in range(len(table))]))
    write(path, table.select(["note", "shape", "info", "value", "name"]), version)


def not_nullable(path: Path, version: str) -> None:
    table = article_table(1)
    schema = pa.schema([pa.field("name", pa.string(), nullable=False),
                        pa.field("value", pa.list_(pa.field("item", pa.float64(), nullable=False)), nullable=False),
                        pa.field("shape", pa.list_(pa.field("item", pa.int64(), nullable=False)), nullable=False)])
    write(path, table.cast(schema), version)


def halves(path: Path, version: str) -> None:
    write(path, article_table(1, value=pa.float16()), version)


def fixed_sizes(path: Path, version: str) -> None:
    """Tensors that all have the same size and the same number of dimensions."""
    values = pa.array(numbers(48, 5).astype("f4").reshape(4, 12).tolist(), pa.list_(pa.float32(), 12))
    shapes = pa.array([[3, 4], [4, 3], [12, 1], [2, 6]], pa.list_(pa.int32(), 2))
    write(path, pa.table({"name": ["a", "b", "c", "d"], "value": values, "shape": shapes}), version)


def large(path: Path, version: str) -> None:
    """Rows that span several pages, and pages that have several rows."""
    lengths = [1_500_000, 1, 300_000, 700_001]
    values = pa.ListArray.from_arrays(pa.array(np.cumsum([0, *lengths]).astype("i4")), pa.array(numbers(sum(lengths), 3)))
    table = pa.table({"name": ["big", "one", "half", "odd"], "value": values, "shape": [[n] for n in lengths]})
    write(path, table, version, max_rows_per_file=3)


def columns_added(path: Path, version: str) -> None:
    fragments(path, version)
    dataset = lance.dataset(path)
    dataset.add_columns({"upper": "upper(name)"})
    dataset.add_columns({"rank": "1"})
    dataset.drop_columns(["upper"])


def rows_updated(path: Path, version: str) -> None:
    fragments(path, version)
    lance.dataset(path).update({"name": "'renamed'"}, where="name = '1.conv.bias'")


def twice_the_name(path: Path, version: str) -> None:
    write(path, article_table(1), version)
    write(path, article_table(1).slice(0, 2).set_column(1, "value", pa.array([[1.0] * 108, [2.0] * 4])), version, "append")


def nulls(path: Path, version: str) -> None:
    """Rows that lack something, between intact rows."""
    columns = {
        "name": pa.array(["sound", None, "no_value", "no_shape", "null_number", "null_size", "last"]),
        "value": pa.array([[1.5], [2.0], None, [4.0], [1.0, None], [5.0], [6.0, 7.0]], pa.list_(pa.float64())),
        "shape": pa.array([[], [1], [1], None, [2], [None], [2]], pa.list_(pa.int64())),
    }
    write(path, pa.table(columns), version)


OWN = {made.__name__: made for made in (
    row_by_row, versions, fragments, other_order, not_nullable, halves, fixed_sizes, large, columns_added,
    rows_updated, twice_the_name, nulls)}


def names(version: str) -> list[str]:
    return [*from_matrix(version), *(f"{version}-{own}" for own in OWN)]


def make_one(folder: Path, name: str) -> None:
    version, *parts = name.split("-")
    if parts[0] in OWN:
        OWN[parts[0]](folder / name, version)
        return
    kind, pattern, settings, history = parts

    def more(seed: int) -> pa.Table:
        return with_fitting_shapes(matrix.recipe(kind, pattern, settings, seed=seed))
    dataset = lance.write_dataset(more(0), folder / name, data_storage_version=version)
    matrix.HISTORIES[history](dataset, more)


def make(folder: Path, versions: tuple[str, ...] = matrix.VERSIONS) -> None:
    for version in versions:
        for name in names(version):
            try:
                make_one(folder, name)
            except BaseException as error:  # because pylance's own panics do not derive from Exception
                error.add_note(f"making {name}")
                raise


if __name__ == "__main__":
    make(Path(sys.argv[1]), tuple(sys.argv[2:]) or matrix.VERSIONS)
