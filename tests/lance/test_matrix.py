# SPDX-License-Identifier: Apache-2.0
"""Lancekeep and pylance read the same bits from every dataset of matrix.py.

LANCEKEEP_BUILD is the build folder, which contains lancekeep_read_tool.
"""

import collections
import itertools
import json
import os
import subprocess
from pathlib import Path

import lance
import matrix
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

AT_ONCE = 40
OLD_PYTHON = Path(__file__).parents[2] / ".venv-pylance-1.0.4" / "bin" / "python"
OLD_VERSIONS = ("2.0", "2.1")  # the formats that pylance 1.0.4 writes; 2.2 was not finished then


def tool() -> Path:
    build = Path(os.environ["LANCEKEEP_BUILD"])
    found = [path for path in build.rglob("lancekeep_read_tool") if path.is_file()]
    assert found, f"no lancekeep_read_tool in {build}; build that target first"
    return found[0]


@pytest.fixture(scope="session")
def datasets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("matrix")
    matrix.make(folder)
    return folder


@pytest.fixture(scope="session")
def old_datasets(tmp_path_factory) -> Path:
    assert OLD_PYTHON.exists(), "pylance 1.0.4 is missing: run `make setup`"
    folder = tmp_path_factory.mktemp("matrix_1_0_4")
    subprocess.run([OLD_PYTHON, matrix.__file__, folder, *OLD_VERSIONS], check=True, capture_output=True)
    return folder


def read_all(folder: Path, names: list[str]) -> dict[str, list[dict]]:
    """What the tool prints about each dataset."""
    lines = collections.defaultdict(list)
    for start in range(0, len(names), AT_ONCE):
        paths = [folder / name for name in names[start : start + AT_ONCE]]
        run = subprocess.run([tool(), *paths], capture_output=True, text=True, check=True)
        for text in run.stdout.splitlines():
            line = json.loads(text)
            lines[Path(line["dataset"]).name].append(line)
    return lines


@pytest.fixture(scope="session")
def read(datasets: Path) -> dict[str, list[dict]]:
    return read_all(datasets, matrix.names())


@pytest.fixture(scope="session")
def old_read(old_datasets: Path) -> dict[str, list[dict]]:
    return read_all(old_datasets, matrix.names(OLD_VERSIONS))


def mask_of(valid: str, count: int) -> pa.Array:
    """True where an entry is null."""
    null = np.frombuffer(bytes.fromhex(valid), "u1") == 0 if valid else np.zeros(count, dtype=bool)
    assert len(null) == count
    return pa.array(null)


def with_nulls(array: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, pa.scalar(None, array.type), array)


def numbers(text: str) -> pa.Array:
    return pa.array(np.frombuffer(bytes.fromhex(text), "i8"))


def items_of(column: dict, valid: str) -> pa.Array:
    data = pa.py_buffer(bytes.fromhex(column["data"]))
    count, dimension = column["items"], column["dimension"]
    null = mask_of(valid, count)
    if column["item_bits"] == 0:
        offsets = pa.py_buffer(bytes.fromhex(column["offsets"]))
        return with_nulls(pa.Array.from_buffers(pa.large_binary(), count, [None, offsets, data]), null)
    kind = pa.binary(column["item_bits"] // 8 // dimension)
    values = pa.Array.from_buffers(kind, count * dimension, [None, data])
    if dimension == 1:
        return with_nulls(values, null)
    values = with_nulls(values, mask_of(column["value_valid"], count * dimension))
    offsets = pa.array(np.arange(count + 1, dtype="i8") * dimension)
    return pa.LargeListArray.from_arrays(offsets, values, mask=null)


def rows_of(column: dict) -> pa.Array:
    """What Lancekeep decoded, as an Arrow array of bytes, of lists of bytes, or of lists of lists.

    Structs do not appear in it: the fields of a null struct are null.
    """
    if column["is_list"]:
        items = items_of(column, column["item_valid"])
        null = mask_of(column["row_valid"], column["rows"])
        rows = pa.LargeListArray.from_arrays(numbers(column["list_offsets"]), items, mask=null)
    else:
        rows = items_of(column, column["row_valid"])
    for layer in reversed(column["outer"]):
        if layer["is_list"]:
            null = mask_of(layer["valid"], layer["entries"])
            rows = pa.LargeListArray.from_arrays(numbers(layer["offsets"]), rows, mask=null)
    return rows


def innermost(array: pa.Array) -> pa.Array:
    """The values of fixed-size lists of fixed-size lists."""
    while pa.types.is_fixed_size_list(array.type):
        array = array.values[array.offset * array.type.list_size :][: len(array) * array.type.list_size]
    return array


def values_in_item(kind: pa.DataType) -> int:
    return kind.list_size * values_in_item(kind.value_type) if pa.types.is_fixed_size_list(kind) else 1


def as_bytes(array: pa.Array, path: list[str]) -> pa.Array:
    """The values that `path` names, as bytes, as in Lancekeep's output."""
    array = pa.concat_arrays([array])
    kind = array.type
    if pa.types.is_struct(kind) and not path:  # a packed struct, whose fields are side by side
        fields = [as_bytes(field, []).to_pylist() for field in array.flatten()]
        return pa.array([b"".join(row) for row in zip(*fields)], pa.binary(len(fields[0][0] + fields[1][0])))
    if pa.types.is_struct(kind):
        return as_bytes(array.flatten()[kind.get_field_index(path[0])], path[1:])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values = as_bytes(array.values, path)
        return pa.LargeListArray.from_arrays(array.offsets.cast(pa.int64()), values, mask=array.is_null())
    if pa.types.is_fixed_size_list(kind):
        offsets = pa.array(np.arange(len(array) + 1, dtype="i8") * values_in_item(kind))
        return pa.LargeListArray.from_arrays(offsets, as_bytes(innermost(array), path), mask=array.is_null())
    if pa.types.is_dictionary(kind):
        return as_bytes(array.dictionary_decode(), path)
    if pa.types.is_boolean(kind):
        return as_bytes(array.cast(pa.uint8()), path)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return array.cast(pa.large_string()).cast(pa.large_binary())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return array.cast(pa.large_binary())
    width = pa.binary(kind.bit_width // 8)
    return pa.Array.from_buffers(width, len(array), array.buffers(), offset=array.offset)


def check_leaf(line: dict, live: pa.Array, expected: pa.Table) -> None:
    assert "error" not in line, line["error"]
    assert line["why"] == "", "a column that is read must not have a reason why it cannot be read"
    top, *below = line["path"]
    column = expected[top].combine_chunks()
    if line.get("missing"):
        assert column.null_count == len(column)
        return
    ours = rows_of(line["array"])
    assert len(ours) == line["physical_rows"]
    ours, theirs = ours.take(live), as_bytes(column, below)
    assert ours.null_count == theirs.null_count
    assert ours.equals(theirs)


def check_dataset(path: Path, leaves: list[dict]) -> None:
    dataset = lance.dataset(path)
    lines = collections.defaultdict(list)
    for line in leaves:
        lines[line["fragment"]].append(line)
    fragments = dataset.get_fragments()
    assert sorted(lines) == sorted(fragment.fragment_id for fragment in fragments)
    for fragment in fragments:
        table = fragment.scanner(with_row_address=True).to_table()
        live = pc.bit_wise_and(table["_rowaddr"], pa.scalar(0xFFFFFFFF, pa.uint64())).combine_chunks()
        assert {line["path"][0] for line in lines[fragment.fragment_id]} == set(dataset.schema.names)
        for line in lines[fragment.fragment_id]:
            assert line["deleted"] == line["physical_rows"] - len(live)
            check_leaf(line, live, table)


@pytest.mark.parametrize("name", matrix.names())
def test_a_dataset_is_what_pylance_reads(datasets: Path, read: dict, name: str) -> None:
    check_dataset(datasets / name, read[name])


@pytest.mark.parametrize("name", matrix.names(OLD_VERSIONS))
def test_a_dataset_of_pylance_1_0_4_is_what_pylance_reads(old_datasets: Path, old_read: dict, name: str) -> None:
    check_dataset(old_datasets / name, old_read[name])


def test_a_changed_byte_is_noticed(datasets: Path, read: dict) -> None:
    """Tests the comparison itself, which would be worthless if it could not fail."""
    name = "2.1-list_f64-random-plain-rows"
    for index in range(len(read[name])):
        leaves = json.loads(json.dumps(read[name]))
        array = leaves[index]["array"]
        data = bytearray.fromhex(array["data"])
        data[len(data) // 2] ^= 1
        array["data"] = data.hex()
        with pytest.raises(AssertionError):
            check_dataset(datasets / name, leaves)


@pytest.mark.parametrize("version", ["legacy", "2.3"])
def test_other_formats_are_rejected_with_how_to_convert_them(tmp_path: Path, version: str) -> None:
    table = matrix.recipe("list_f64", "random", "plain")
    lance.write_dataset(table, tmp_path / "old", data_storage_version=version)
    [*leaves] = read_all(tmp_path, ["old"])["old"]
    assert len(leaves) == table.num_columns
    how = 'lance.write_dataset(lance.dataset(old).scanner(blob_handling="all_binary").to_table(), new, '
    assert all(how in line["error"] and how in line["why"] for line in leaves)
    lance.write_dataset(lance.dataset(tmp_path / "old").to_table(), tmp_path / "new", data_storage_version="2.1")
    check_dataset(tmp_path / "new", read_all(tmp_path, ["new"])["new"])


# The encodings that the datasets must contain, per format; the test below fails if pylance stops writing one.
OLD_ENCODINGS = {
    "flat 1", "flat 8", "flat 16", "flat 32", "flat 64", "flat 128", "all null", "nullable(flat 1, flat 64)",
    "fixed-size list 6(flat 64)", "list(flat 64)", "binary(flat 64, flat 8)", "flat 8 zstd", "flat 8 lz4",
    "dictionary(flat 8, binary", "dictionary(flat 32, binary", "fsst(binary", "packed struct",
}
ENCODINGS = {
    "mini-block", "constant", "full-zip", "flat 1", "flat 8", "flat 16", "flat 32", "flat 64",
    "variable(flat 32)", "variable(flat 64)", "fsst(variable", "run-length(flat 64", "run-length(flat 32",
    "inline bit-packing 16", "inline bit-packing 32", "inline bit-packing 64", "out-of-line bit-packing 16(flat 1)",
    "general zstd(byte stream split(flat 64))", "general lz4(byte stream split(flat 64))", "general zstd(flat 64)",
    "general lz4(flat 64)", "general zstd(inline bit-packing", "general zstd(variable",
    "fixed size list 6(flat 64)", "packed struct",
    "fixed size list 6 with validity(flat 64)", "fixed size list 3(fixed size list 2(flat 32))",
    "full-zip, layers 1 2, values flat 64", "full-zip, layers 3, values fixed size list 6 with validity",
    "full-zip, layers 1, values fsst", "full-zip, layers 1, values general zstd",
}
NEW_ENCODINGS = {"inline value", "dictionary general lz4", "dictionary general zstd"}
FORMATS = {"2.0": OLD_ENCODINGS, "2.1": ENCODINGS | {"dictionary variable"}, "2.2": ENCODINGS | NEW_ENCODINGS}


@pytest.mark.parametrize("version", FORMATS)
def test_all_encodings_occur(read: dict, version: str) -> None:
    seen = collections.Counter()
    for line in itertools.chain.from_iterable(read.values()):
        if line.get("format") == version:
            seen.update(line["pages"])
    print(f"format {version}: {sum(seen.values())} pages, {len(seen)} different layouts")
    assert not {word for word in FORMATS[version] if not any(word in page for page in seen)}


def test_the_matrix_is_large_and_read_in_bulk(read: dict) -> None:
    leaves = [line for lines in read.values() for line in lines]
    in_bulk = sum(1 for line in leaves if line.get("bulk"))
    print(f"{len(read)} datasets, {len(leaves)} columns of fragments, {in_bulk} of them also in bulk")
    assert len(read) >= 300
    assert in_bulk >= 300
