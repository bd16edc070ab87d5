# SPDX-License-Identifier: Apache-2.0
"""lancekeep ls of any Lance dataset lists columns, types, and which columns are decoded."""

import datetime
from decimal import Decimal

import lance
import numpy as np
import pyarrow as pa
import pytest
from command import fails, run
from datasets import HOW_TO_CONVERT, save_blobs_of_the_second_kind, save_plain

NOW = datetime.datetime(2026, 3, 1, 12)
COLUMNS = {
    "bool": pa.array([True, None]),
    "int8": pa.array([1, 2], pa.int8()),
    "halffloat": pa.array(np.array([1, 2], np.float16)),
    "double": pa.array([1.0, 2.0]),
    "string": pa.array(["a", None]),
    "large_string": pa.array(["a", "b"], pa.large_string()),
    "binary": pa.array([b"a", b"b"]),
    "fixed_size_binary[2]": pa.array([b"aa", b"bb"], pa.binary(2)),
    "fixed_size_list<item: float>[2]": pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2)),
    "list<item: double>": pa.array([[1.0], []], pa.list_(pa.float64())),
    "large_list<item: int64>": pa.array([[1], None], pa.large_list(pa.int64())),
    "struct<x: int64, y: string>": pa.array([{"x": 1, "y": "q"}, {"x": 2, "y": "r"}]),
    "decimal128(10, 2)": pa.array([Decimal("1.5"), Decimal("2.5")], pa.decimal128(10, 2)),
    "timestamp[us, tz=UTC]": pa.array([NOW, NOW], pa.timestamp("us", tz="UTC")),
    "timestamp[ns]": pa.array([NOW, NOW], pa.timestamp("ns")),
    "date32[day]": pa.array([NOW.date(), NOW.date()]),
    "time64[us]": pa.array([1, 2], pa.time64("us")),
    "duration[ns]": pa.array([1, 2], pa.duration("ns")),
    "dictionary<values=string, indices=int32, ordered=0>": pa.array(["a", "b"]).dictionary_encode(),
}
LISTS_OF_MORE = {
    "list<item: list<item: int64>>": pa.array([[[1]], []], pa.list_(pa.list_(pa.int64()))),
    "list<item: struct<x: int64>>": pa.array([[{"x": 1}], []]),
}


def save(path, columns, version="2.1"):
    lance.write_dataset(pa.table(dict(columns)), str(path), data_storage_version=version)


def listed(path, *more):
    return run("ls", path, "--json", *more).json()


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
def test_types_in_arrow_s_words(tmp_path, version):
    save(tmp_path / "t", COLUMNS, version)
    document = listed(tmp_path / "t")
    assert list(document) == ["store", "version", "rows", "layout", "columns", "warning"]
    assert (document["version"], document["rows"], document["layout"]) == (1, 2, None)
    assert all(list(column) == ["name", "type", "nullable", "decodes", "why"] for column in document["columns"])
    assert [column["type"] for column in document["columns"]] == list(COLUMNS)
    assert all(column["decodes"] and column["why"] is None for column in document["columns"])


def test_as_text(tmp_path):
    save(tmp_path / "t", {"id": pa.array([1, 2, 3]), "text": pa.array(["a", "b", "c"])})
    result = run("ls", tmp_path / "t")
    assert (result.status, result.err) == (0, "")
    assert [line.split() for line in result.out.splitlines()] == [
        ["column", "type", "decoded"], ["id", "int64", "yes"], ["text", "string", "yes"],
        ["version", "1:", "2", "columns,", "3", "rows,", "not", "a", "model"]]


@pytest.mark.parametrize("version, decodes", [("2.0", False), ("2.1", True), ("2.2", True)])
def test_lists_of_lists(tmp_path, version, decodes):
    save(tmp_path / "t", LISTS_OF_MORE, version)
    columns = listed(tmp_path / "t")["columns"]
    assert [column["type"] for column in columns] == list(LISTS_OF_MORE)
    assert [column["decodes"] for column in columns] == 2 * [decodes]
    if not decodes:
        assert all("lists of lists or structs at format 2.0" in column["why"] for column in columns)


def test_a_packed_struct_with_texts(tmp_path):
    field = pa.field("p", pa.struct([("x", pa.int64()), ("y", pa.string())]), metadata={"packed": "true"})
    rows = pa.array([{"x": 1, "y": "q"}, {"x": 2, "y": "r"}], field.type)
    lance.write_dataset(pa.table([rows], schema=pa.schema([field])), str(tmp_path / "t"), data_storage_version="2.2")
    (column,) = listed(tmp_path / "t")["columns"]
    assert not column["decodes"]
    assert "variable packed struct (encoding 13), which this build does not read" in column["why"]


def test_blobs_of_both_kinds(tmp_path):
    field = pa.field("b", pa.large_binary(), metadata={"lance-encoding:blob": "true"})
    table = pa.table([pa.array([b"a", b"b"], pa.large_binary())], schema=pa.schema([field]))
    lance.write_dataset(table, str(tmp_path / "first"), data_storage_version="2.1")
    (column,) = listed(tmp_path / "first")["columns"]
    assert (column["type"], column["decodes"]) == ("large_binary (blob)", True)
    save_blobs_of_the_second_kind(tmp_path / "second")
    id_, image = listed(tmp_path / "second")["columns"]
    assert id_["decodes"] and not image["decodes"]
    assert "lance.blob.v2" in image["type"]
    assert 'scanner(blob_handling="all_binary")' in image["why"] and 'data_storage_version="2.1"' in image["why"]


@pytest.mark.parametrize("version", ["legacy", "2.3"])
def test_other_formats_say_how_to_convert_them(tmp_path, version):
    save(tmp_path / "t", {"id": pa.array([1, 2, 3])}, version)
    (column,) = listed(tmp_path / "t")["columns"]
    assert (column["name"], column["type"], column["decodes"]) == ("id", "int64", False)
    assert HOW_TO_CONVERT in column["why"]
    assert HOW_TO_CONVERT in run("ls", tmp_path / "t").out


@pytest.mark.parametrize("version", ["legacy", "2.3"])
def test_a_model_of_another_format_says_how_to_convert_it(tmp_path, version):
    save_plain(tmp_path / "t", {"w": np.ones(3)}, version=version)
    code, message = fails("ls", tmp_path / "t")
    assert code == "unsupported"
    assert HOW_TO_CONVERT in message
    assert [column["decodes"] for column in listed(tmp_path / "t", "--columns")["columns"]] == 3 * [False]


def test_an_earlier_version_has_its_own_columns(tmp_path):
    save(tmp_path / "t", {"id": pa.array([1, 2, 3])})
    dataset = lance.dataset(str(tmp_path / "t"))
    dataset.add_columns({"twice": "id * 2"})
    dataset.delete("id = 1")
    assert [column["name"] for column in listed(tmp_path / "t", "--at", "1")["columns"]] == ["id"]
    document = listed(tmp_path / "t")
    assert (document["version"], document["rows"]) == (3, 2)
    assert [column["name"] for column in document["columns"]] == ["id", "twice"]


def test_the_columns_of_a_model(tmp_path):
    save_plain(tmp_path / "t", {"w": np.ones(3)})
    document = listed(tmp_path / "t", "--columns")
    assert (document["layout"], document["rows"]) == ("plain", 1)
    assert [(column["name"], column["type"]) for column in document["columns"]] == [
        ("name", "string"), ("value", "list<item: double>"), ("shape", "list<item: int64>")]


def test_a_dataset_without_rows(tmp_path):
    save(tmp_path / "t", {"id": pa.array([], pa.int64())})
    document = listed(tmp_path / "t")
    assert (document["rows"], [column["decodes"] for column in document["columns"]]) == (0, [True])


def test_columns_of_a_missing_data_file_say_so(tmp_path):
    save(tmp_path / "t", {"id": pa.array([1, 2, 3])})
    (file,) = (tmp_path / "t" / "data").iterdir()
    file.unlink()
    (column,) = listed(tmp_path / "t")["columns"]
    assert not column["decodes"] and file.name in column["why"]


def test_what_is_not_a_dataset(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    assert fails("ls", tmp_path / "photos")[0] == "invalid_argument"
    assert fails("ls", tmp_path / "none")[0] == "not_found"
    save(tmp_path / "t", {"id": pa.array([1, 2, 3])})
    assert fails("ls", tmp_path / "t", "--at", "9")[0] == "not_found"
    assert fails("ls", tmp_path / "t", "--at", "best")[0] == "not_found"
