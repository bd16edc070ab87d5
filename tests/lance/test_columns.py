# SPDX-License-Identifier: Apache-2.0
"""Lancekeep and pylance decode the same values from every column of every dataset of make_columns.py.

LANCEKEEP_BUILD is the build folder, which contains lancekeep_print_columns.
"""

import collections
import json
import os
import subprocess
from pathlib import Path

import lance
import make_columns
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest


def printer() -> Path:
    build = Path(os.environ["LANCEKEEP_BUILD"])
    found = [path for path in build.rglob("lancekeep_print_columns") if path.is_file()]
    assert found, f"no lancekeep_print_columns in {build}; build that target first"
    return found[0]


@pytest.fixture(scope="session")
def datasets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("columns")
    make_columns.make(folder)
    return folder


def dataset_names() -> list[str]:
    return sorted(make_columns.names())


def decoded_columns(*arguments) -> list[dict]:
    run = subprocess.run([printer(), *arguments], capture_output=True, text=True, check=True)
    columns = [json.loads(line) for line in run.stdout.splitlines()]
    for column in columns:
        assert "error" not in column, column["error"]
    return columns


def nulls(valid: str, count: int) -> np.ndarray:
    """True where an entry is null."""
    return np.frombuffer(bytes.fromhex(valid), "u1") == 0 if valid else np.zeros(count, dtype=bool)


def items_of(column: dict, valid: str) -> pa.Array:
    data = bytes.fromhex(column["data"])
    null = nulls(valid, column["items"])
    validity = pa.py_buffer(np.packbits(~null, bitorder="little").tobytes())
    if column["item_bits"] == 0:
        offsets = pa.py_buffer(bytes.fromhex(column["offsets"]))
        buffers = [validity, offsets, pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.large_binary(), column["items"], buffers)
    kind = pa.binary(column["item_bits"] // 8)
    return pa.Array.from_buffers(kind, column["items"], [validity, pa.py_buffer(data)])


def rows_of(column: dict) -> pa.Array:
    """What Lancekeep decoded, as an Arrow array of bytes, or of lists of bytes."""
    if not column["is_list"]:
        assert column["items"] == column["rows"]
        return items_of(column, column["row_valid"])
    offsets = pa.array(np.frombuffer(bytes.fromhex(column["list_offsets"]), "i8"))
    mask = pa.array(nulls(column["row_valid"], column["rows"]))
    return pa.LargeListArray.from_arrays(offsets, items_of(column, column["item_valid"]), mask=mask)


def as_bytes(array: pa.Array) -> pa.Array:
    """The same values as bytes, as in Lancekeep's output."""
    kind = array.type
    if pa.types.is_list(kind):
        lists = array.cast(pa.large_list(kind.value_field))
        lists = pa.concat_arrays([lists])
        return pa.LargeListArray.from_arrays(lists.offsets, as_bytes(lists.values), mask=lists.is_null())
    if pa.types.is_string(kind):
        return array.cast(pa.binary()).cast(pa.large_binary())
    if pa.types.is_large_binary(kind):
        return array
    width = pa.binary(kind.bit_width // 8)
    return pa.Array.from_buffers(width, len(array), array.buffers(), offset=array.offset)


def assert_same(ours: pa.Array, pylances: pa.Array) -> None:
    if not pa.types.is_struct(pylances.type):
        expected = as_bytes(pylances)
        assert ours.null_count == expected.null_count
        assert ours.equals(expected)
        return
    for row, (descriptor, blob) in enumerate(zip(ours.to_pylist(), pylances.to_pylist(), strict=True)):
        if descriptor is None:
            assert blob is None or blob["size"] in (0, None), row
            continue
        position, size = (int(number) for number in np.frombuffer(descriptor, dtype="u8"))
        assert size == blob["size"], row
        assert size == 0 or position == blob["position"], row


def fragments(dataset: lance.LanceDataset):
    """For each fragment: its data file, its live rows' offsets in it, and these rows as pylance reads them."""
    for fragment in dataset.get_fragments():
        [file] = fragment.data_files()
        table = fragment.scanner(with_row_address=True).to_table()
        offsets = pc.bit_wise_and(table["_rowaddr"], pa.scalar(0xFFFFFFFF, pa.uint64()))
        yield file.path, fragment.physical_rows, offsets.combine_chunks(), table.drop_columns("_rowaddr")


@pytest.mark.parametrize("name", dataset_names())
def test_columns_are_what_pylance_reads(datasets: Path, name: str) -> None:
    for path, physical_rows, live, expected in fragments(lance.dataset(datasets / name)):
        columns = decoded_columns(datasets / name / "data" / path)
        assert len(columns) == expected.num_columns
        for column, field in zip(columns, expected.schema):
            assert column["rows"] == physical_rows
            ours = rows_of(column).take(live)
            try:
                assert_same(ours, expected[field.name].combine_chunks())
            except AssertionError as error:
                error.add_note(f"{path}, column {field.name}: {column['pages']}")
                raise


def test_blob_nulls_are_distinguished_from_empty_values(datasets: Path) -> None:
    [(path, rows, _, _)] = fragments(lance.dataset(datasets / "blobs-300-2.1"))
    columns = decoded_columns(datasets / "blobs-300-2.1" / "data" / path)
    names = list(make_columns.blobs(1).column_names)
    valid = {name: column["row_valid"] for name, column in zip(names, columns)}
    assert valid["blob_null"] == bytes(0 if i % 3 == 1 else 1 for i in range(rows)).hex()
    assert valid["blob_all_null"] == bytes(rows).hex()
    assert valid["blob_all_empty"] == ""


# The encodings that the datasets must contain; the test below fails if pylance stops writing one.
ENCODINGS = {
    "flat 8", "flat 16", "flat 32", "flat 64", "flat 128", "variable", "fsst", "run-length", "packed struct",
    "inline bit-packing 8", "inline bit-packing 16", "inline bit-packing 32", "inline bit-packing 64",
    "out-of-line bit-packing 16", "out-of-line bit-packing 64", "general lz4", "general zstd",
    "byte stream split", "dictionary", "inline value", "mini-block", "constant", "full-zip", "blob",
    "layers 1,", "layers 3,", "layers 1 2", "layers 1 4", "layers 1 5", "layers 1 6", "layers 3 2", "layers 3 6",
}


def test_all_encodings_occur(datasets: Path) -> None:
    seen = collections.Counter()
    for column in decoded_columns("--pages", *sorted(datasets.glob("*/data/*.lance"))):
        seen.update(column["pages"])
    missing = {word for word in ENCODINGS if not any(word in page for page in seen)}
    print(f"{sum(seen.values())} pages, {len(seen)} different layouts")
    for page, count in sorted(seen.items()):
        print(f"{count:5} {page}")
    assert not missing
