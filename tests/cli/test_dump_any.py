# SPDX-License-Identifier: Apache-2.0
"""lancekeep dump of any Lance dataset and data file: encodings, and which columns are decoded."""

import lance
import numpy as np
import pyarrow as pa
import pytest
from command import fails, run
from datasets import HOW_TO_CONVERT, save_blobs_of_the_second_kind, save_plain

WEIGHTS = {"fc.weight": np.arange(6.0).reshape(2, 3), "fc.bias": np.ones(2)}


def dumped(path, *more):
    return run("dump", path, *more).json()


def only_file(path):
    (file,) = (path / "data").iterdir()
    return file


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
def test_a_dataset_with_its_data_files(tmp_path, version):
    save_plain(tmp_path / "r", WEIGHTS, version=version)
    document = dumped(tmp_path / "r")
    assert (document["kind"], document["version"]) == ("manifest", 1)
    (file,) = document["data_files"]
    assert list(file) == ["path", "rows", "columns"]
    assert (file["path"], file["rows"]) == (only_file(tmp_path / "r").name, 2)
    fields = {column["field"] for column in file["columns"]}
    assert {"name", "value.item", "shape.item"} <= fields
    assert all(column["decodes"] and "why" not in column for column in file["columns"])
    assert all(column["encodings"] for column in file["columns"])


def test_an_earlier_version(tmp_path):
    save_plain(tmp_path / "r", WEIGHTS)
    dataset = save_plain(tmp_path / "r", {"w": np.ones(3)})
    dataset.tags.create("first", 1)
    assert [dumped(tmp_path / "r", "--at", ref)["version"] for ref in ("1", "first", "latest")] == [1, 1, 2]
    assert dumped(tmp_path / "r")["version"] == 2
    assert dumped(tmp_path / "r", "--at", "1")["data_files"][0]["rows"] == 2


def test_a_data_file_with_its_pages(tmp_path):
    save_plain(tmp_path / "r", WEIGHTS)
    document = dumped(only_file(tmp_path / "r"))
    (name, value, shape) = document["columns"]
    assert (name["field"], value["field"], shape["field"]) == ("name", "value.item", "shape.item")
    assert value["pages"][0]["encoding"].startswith("mini-block, layers ")
    assert sum(page["rows"] for page in value["pages"]) == 2


def test_a_file_has_no_versions(tmp_path):
    save_plain(tmp_path / "r", WEIGHTS)
    code, message = fails("dump", only_file(tmp_path / "r"), "--at", "1")
    assert code == "invalid_argument"
    assert "this is a file" in message


def test_columns_that_are_not_decoded_say_why(tmp_path):
    field = pa.field("p", pa.struct([("x", pa.int64()), ("y", pa.string())]), metadata={"packed": "true"})
    rows = pa.array([{"x": 1, "y": "q"}], field.type)
    table = pa.table([pa.array([1]), rows], schema=pa.schema([pa.field("id", pa.int64()), field]))
    lance.write_dataset(table, str(tmp_path / "t"), data_storage_version="2.2")
    for document in (dumped(tmp_path / "t")["data_files"][0], dumped(only_file(tmp_path / "t"))):
        id_, packed = document["columns"]
        assert id_["decodes"] is True and packed["decodes"] is False
        assert "which this build does not read" in packed["why"]


def test_blobs_of_the_second_kind(tmp_path):
    save_blobs_of_the_second_kind(tmp_path / "b")
    assert dumped(tmp_path / "b")["version"] == 1
    document = dumped(only_file_of_many(tmp_path / "b"))
    assert document["kind"] == "data file"


def only_file_of_many(path):
    return sorted((path / "data").glob("*.lance"))[0]


@pytest.mark.parametrize("version", ["legacy", "2.3"])
def test_other_formats_say_how_to_convert_them(tmp_path, version):
    save_plain(tmp_path / "r", WEIGHTS, version=version)
    (file,) = dumped(tmp_path / "r")["data_files"]
    assert (file["path"], file["decodes"]) == (only_file(tmp_path / "r").name, False)
    assert HOW_TO_CONVERT in file["why"]
    code, message = fails("dump", only_file(tmp_path / "r"))
    assert code == "unsupported"
    assert HOW_TO_CONVERT in message


def test_a_missing_data_file(tmp_path):
    save_plain(tmp_path / "r", WEIGHTS)
    only_file(tmp_path / "r").unlink()
    (file,) = dumped(tmp_path / "r")["data_files"]
    assert file["decodes"] is False and "No such file" in file["why"]


def test_a_damaged_data_file(tmp_path):
    save_plain(tmp_path / "r", WEIGHTS)
    file = only_file(tmp_path / "r")
    file.write_bytes(file.read_bytes()[:-1])
    (found,) = dumped(tmp_path / "r")["data_files"]
    assert found["decodes"] is False and "bytes" in found["why"]


def test_a_native_store(tmp_path):
    np.save(tmp_path / "m.npy", np.ones(3, np.float32))
    assert run("import", tmp_path / "m.npy", tmp_path / "s").status == 0
    (file,) = dumped(tmp_path / "s")["data_files"]
    assert [column["field"] for column in file["columns"]] == [
        "name", "dtype", "shape.item", "value", "ordinal", "hash", "tied_to"]
    assert all(column["decodes"] for column in file["columns"])


def test_what_is_not_a_dataset(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    code, message = fails("dump", tmp_path / "photos")
    assert code == "invalid_argument" and "not a Lance dataset" in message
