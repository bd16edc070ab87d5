# SPDX-License-Identifier: Apache-2.0
"""Lancekeep reads the manifests, deletion files and tags that pylance writes, and pylance reads Lancekeep's.

LANCEKEEP_BUILD is the build folder, which contains lancekeep_table_tool.
"""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import lance
import pyarrow as pa
import pytest

ROWS = 150_000


def find_tool() -> Path:
    folder = os.environ.get("LANCEKEEP_BUILD")
    assert folder, "set LANCEKEEP_BUILD to the build folder"
    found = sorted(Path(folder).rglob("lancekeep_table_tool"))
    assert found, f"no lancekeep_table_tool in {folder}"
    return found[0]


def tool(*args, stdin: str = "") -> dict:
    done = subprocess.run([find_tool(), *map(str, args)], input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tool_fails(*args) -> str:
    done = subprocess.run([find_tool(), *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 2, done.stdout
    return done.stderr


def table(start: int, rows: int) -> pa.Table:
    ids = range(start, start + rows)
    return pa.table({"id": pa.array(ids, pa.int64()), "text": pa.array([f"row {i}" for i in ids])})


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "dataset")


def ids(path: str, version=None) -> list[int]:
    return lance.dataset(path, version=version).to_table(columns=["id"])["id"].to_pylist()


def chosen(pattern: str, count: int) -> list[int]:
    if pattern == "run":
        return list(range(17, 17 + count))
    return sorted(random.Random(count).sample(range(ROWS), count))


COUNTS = (1, 100, 4999, 5000, 70_000)


@pytest.mark.parametrize("pattern", ["run", "random"])
@pytest.mark.parametrize("count", COUNTS)
def test_deletions_of_pylance(path, pattern, count):
    ds = lance.write_dataset(table(0, ROWS), path)
    rows = chosen(pattern, count)
    ds.delete(f"id in ({','.join(map(str, rows))})" if pattern == "random" else f"id >= 17 and id < {17 + count}")
    kinds = {name.suffix for name in Path(path, "_deletions").iterdir()}
    assert kinds == {".arrow" if count < 5000 else ".bin"}
    (fragment,) = tool("show", path)["fragments"]
    assert fragment == {"id": 0, "rows": ROWS, "deleted": rows}


@pytest.mark.parametrize("pattern", ["run", "random"])
@pytest.mark.parametrize("count", COUNTS)
def test_deletions_of_ours(path, pattern, count):
    lance.write_dataset(table(0, ROWS), path)
    rows = chosen(pattern, count)
    tool("delete", path, 0, stdin=" ".join(map(str, rows)))
    dead = set(rows)
    assert ids(path) == [i for i in range(ROWS) if i not in dead]
    lance.dataset(path).validate()


def test_pylance_deletes_on_top_of_our_deletions(path):
    lance.write_dataset(table(0, 1000), path)
    tool("delete", path, 0, stdin="5 6 7")
    lance.dataset(path).delete("id = 20")
    assert tool("show", path)["fragments"][0]["deleted"] == [5, 6, 7, 20]
    tool("delete", path, 0, stdin="0 999")
    assert ids(path) == [i for i in range(1000) if i not in {0, 5, 6, 7, 20, 999}]


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
@pytest.mark.parametrize("v2_names", [False, True])
def test_manifests_of_pylance(path, version, v2_names):
    ds = lance.write_dataset(
        table(0, 10), path, data_storage_version=version, enable_v2_manifest_paths=v2_names
    )
    lance.write_dataset(table(10, 10), path, mode="append")
    ds = lance.dataset(path)
    ds.update_config({"some.key": "value"})
    ds.add_columns({"twice": "id * 2"})
    ds.drop_columns(["text"])
    ds.delete("id = 3")
    ds.tags.create("before", 2)
    shown = tool("show", path)
    assert shown["versions"] == [v["version"] for v in ds.versions()]
    assert shown["scheme"] == (2 if v2_names else 1)
    assert shown["columns"] == ["id", "twice"]
    assert shown["tags"] == {"before": 2}
    operations = [tool("show", path, v)["operation"] for v in shown["versions"]]
    assert operations == ["overwrite", "append", "update_config", "merge", "project", "delete"]
    assert all(tool("show", path, v)["round_trips"] for v in shown["versions"])


def test_indices_and_nested_columns_and_row_ids(path):
    nested = pa.table({"id": pa.array(range(300)), "s": pa.array([{"a": 1, "b": [1, 2]}] * 300)})
    lance.write_dataset(nested, path, enable_stable_row_ids=True)
    ds = lance.dataset(path)
    ds.create_scalar_index("id", "BTREE")
    shown = tool("show", path)
    assert shown["round_trips"]
    assert shown["operation"] == "create_index"
    tool("publish", path, "again")
    assert ids(path) == list(range(300))
    lance.write_dataset(nested, path, mode="append")
    assert len(ids(path)) == 600


@pytest.mark.parametrize("v2_names", [False, True])
def test_versions_of_ours(path, v2_names):
    lance.write_dataset(table(0, 10), path, enable_v2_manifest_paths=v2_names)
    assert tool("publish", path, "hello")["version"] == 2
    ds = lance.dataset(path)
    assert ds.version == 2
    assert ids(path) == list(range(10))
    newest = ds.read_transaction(2)
    assert newest.transaction_properties["__lance_commit_message"] == "hello"
    assert newest.transaction_properties["key"] == "value"
    assert ds.versions()[1]["timestamp"] >= ds.versions()[0]["timestamp"]
    lance.write_dataset(table(10, 5), path, mode="append")
    lance.dataset(path).optimize.compact_files()
    assert ids(path) == list(range(15))
    lance.dataset(path).cleanup_old_versions(delete_unverified=True)
    assert tool("show", path)["scheme"] == (2 if v2_names else 1)
    assert not [name for name in Path(path, "_versions").iterdir() if name.suffix == ".tmp"]


def test_a_message_survives_the_loss_of_transaction_files(path):
    lance.write_dataset(table(0, 10), path)
    tool("publish", path, "hello")
    shutil.rmtree(Path(path, "_transactions"))
    assert tool("show", path)["properties"]["__lance_commit_message"] == "hello"
    newest = lance.dataset(path).read_transaction(2)
    assert newest.transaction_properties["__lance_commit_message"] == "hello"


def test_a_stale_append_of_pylance_is_rejected(path):
    lance.write_dataset(table(0, 10), path)
    stale = lance.dataset(path)
    tool("publish", path, "a save")
    with pytest.raises(Exception, match="(?i)conflict|incompatible"):
        lance.write_dataset(table(10, 10), stale, mode="append")
    assert ids(path) == list(range(10))


def test_tags_of_ours(path):
    lance.write_dataset(table(0, 10), path)
    lance.write_dataset(table(10, 10), path, mode="append")
    tool("tag", path, "first", 1)
    assert lance.dataset(path).tags.list()["first"]["version"] == 1
    assert ids(path, "first") == list(range(10))
    assert "already_exists" in tool_fails("tag", path, "first", 2)
    tool("tag", path, "first", 2, "force")
    found = lance.dataset(path).tags.list()["first"]
    assert found["version"] == 2
    assert found["created_at"] < found["updated_at"]
    assert found["manifest_size"] == next(
        name.stat().st_size for name in Path(path, "_versions").glob(f"{2**64 - 1 - 2}.manifest")
    )
    lance.dataset(path).tags.delete("first")
    assert tool("show", path)["tags"] == {}


def test_pylance_accepts_our_tag_names(path):
    lance.write_dataset(table(0, 10), path)
    for name in ("v1.2-rc_3", "x-", "_x", "A", "1a", "x" * 128):
        tool("tag", path, name, 1)
        assert ids(path, name) == list(range(10))


def test_pylance_also_rejects_two_naming_schemes(path):
    lance.write_dataset(table(0, 10), path)
    shutil.copy(Path(path, "_versions", f"{2**64 - 2}.manifest"), Path(path, "_versions", "1.manifest"))
    with pytest.raises(Exception, match="multiple manifest naming schemes"):
        lance.dataset(path)
    assert "manifests are named in two ways" in tool_fails("show", path)


def test_data_files_in_another_base_path_are_rejected(path, tmp_path):
    ds = lance.write_dataset(table(0, 10), path)
    clone = str(tmp_path / "clone")
    ds.shallow_clone(clone, 1)
    assert "is in base path" in tool_fails("show", clone)


@pytest.mark.parametrize("version, stored", [("2.0", "2.0"), ("2.1", "2.1"), ("2.2", "2.2")])
def test_dump_of_what_pylance_wrote(path, version, stored):
    ds = lance.write_dataset(table(0, 10), path, data_storage_version=version)
    (name,) = Path(path, "data").iterdir()
    data = tool("dump", name)
    assert (data["kind"], data["version"], data["rows"]) == ("data file", stored, 10)
    assert [field["name"] for field in data["fields"]] == ["id", "text"]
    assert [sum(page["rows"] for page in column["pages"]) for column in data["columns"]] == [10, 10]
    assert [(column["field"], column["decodes"]) for column in data["columns"]] == [("id", True), ("text", True)]
    manifest = tool("dump", path)
    (file,) = manifest["data_files"]
    assert (file["path"], file["rows"]) == (name.name, 10)
    assert [column["field"] for column in file["columns"]] == ["id", "text"]
    assert manifest["data_format"] == {"name": "lance", "version": version}
    assert manifest["writer"] == {"library": "lance", "version": lance.__version__}
    assert manifest["fragments"][0]["files"][0]["path"] == name.name
    (name,) = Path(path, "_transactions").iterdir()
    assert tool("dump", name)["uuid"] == manifest["transaction"]["uuid"]
    assert manifest["version"] == ds.version
