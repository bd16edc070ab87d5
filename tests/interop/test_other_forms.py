# SPDX-License-Identifier: Apache-2.0
"""Native stores in the other forms that pylance 14 gives them: they are read, or the message says which column is the
reason and which call of pylance gives a copy that is read; and what Lancekeep saves on top of them, pylance accepts."""

import json
import re

import lance
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from models import check_lancekeep, check_pylance, copy_of, lancekeep, network, save

TEXTS = [pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
CASTS = [
    *[(column, text) for column in ("name", "dtype", "hash", "tied_to") for text in TEXTS],
    *[("shape", pa.list_(number)) for number in (pa.int32(), pa.uint16())],
    *[("shape", pa.large_list(number)) for number in (pa.int64(), pa.int32())],
    *[("ordinal", number) for number in (pa.int32(), pa.uint64())],
]


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    save(network(1), path, tmp_path, "-m", "first")
    save(network(2), path, tmp_path, "-m", "second")
    return path


def all_bytes(path, version=None):
    return lance.dataset(path, version=version).scanner(blob_handling="all_binary").to_table()


def name_of(cast):
    return f"{cast[0]}-{cast[1]}".replace(" ", "")


def save_on_top(path, folder):
    """Saves twice: what the base has, with one tensor changed, and then the same again."""
    changed = {**network(2), "conv.bias": torch.zeros(8, dtype=torch.float16)}
    for _ in range(2):
        save(changed, path, folder)
        check_lancekeep(path, folder, changed)
        check_pylance(path, changed)
    lancekeep("verify", path, "--all")


@pytest.mark.parametrize("cast", CASTS, ids=name_of)
def test_a_column_of_another_type(store, tmp_path, cast):
    column, kind = cast
    lance.dataset(store).alter_columns({"path": column, "data_type": kind})
    lance.dataset(store).validate()
    check_lancekeep(store, tmp_path, network(2))
    lancekeep("verify", store, "--all")
    save_on_top(store, tmp_path)


def test_several_casts_and_a_row_of_pylance(store, tmp_path):
    for column, kind in CASTS[::3]:
        lance.dataset(store).alter_columns({"path": column, "data_type": kind})
    lance.dataset(store).delete("name = 'wide'")
    expected = {name: tensor for name, tensor in network(2).items() if name != "wide"}
    check_lancekeep(store, tmp_path, expected)
    save_on_top(store, tmp_path)
    lancekeep("restore", store, 3)
    lance.dataset(store).validate()
    lancekeep("verify", store, "--all")


@pytest.mark.parametrize("names", [["ordinal"], ["hash", "tied_to"]], ids=str)
def test_a_column_that_was_dropped(store, tmp_path, names):
    lance.dataset(store).drop_columns(names)
    save_on_top(store, tmp_path)


def test_a_column_that_was_added_and_cast(store, tmp_path):
    lance.dataset(store).add_columns({"note": "ordinal * 2"})
    lance.dataset(store).alter_columns({"path": "note", "data_type": pa.int32()})
    save_on_top(store, tmp_path)
    assert "note" in lance.dataset(store).schema.names


def test_a_version_of_an_earlier_build_with_a_useless_file(store, tmp_path):
    """What earlier builds left: verify finds it, and a restore leaves the file out."""
    lance.dataset(store).alter_columns({"path": "ordinal", "data_type": pa.int32()})
    lance.dataset(store).drop_columns(["ordinal"])
    lancekeep("verify", store, "--all")
    lancekeep("restore", store, 4)
    lance.dataset(store).validate()


def test_compacted_at_format_2_0(store, tmp_path):
    lance.dataset(store).optimize.compact_files(data_storage_version="2.0")
    check_lancekeep(store, tmp_path, network(2))
    lancekeep("verify", store, "--all")
    save_on_top(store, tmp_path)


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_a_copy_by_pylance(store, tmp_path, version):
    copy = tmp_path / "copy.lance"
    lance.write_dataset(all_bytes(store), copy, data_storage_version=version)
    check_lancekeep(copy, tmp_path, network(2))
    lancekeep("verify", copy, "--all")
    save_on_top(copy, tmp_path)


def test_order_of_a_copy_at_2_0_with_renamed_tensors(store, tmp_path):
    copy = tmp_path / "copy.lance"
    lance.write_dataset(all_bytes(store), copy, data_storage_version="2.0")
    renamed = {"new." + name: tensor for name, tensor in network(2).items()}
    save(renamed, copy, tmp_path)
    check_lancekeep(copy, tmp_path, renamed)
    check_pylance(copy, renamed)


def advised(message, **names):
    """Runs the call that a message names, with old and new."""
    found = re.search(r"copy it with pylance: (t = .*?data_storage_version=\"2\.1\"\))", message)
    assert found, message
    exec(found.group(1).replace("; ", "\n"), {"lance": lance, "pyarrow": pa, **names})


def refused(path, version="latest"):
    message = lancekeep_fails("export", path, path.parent / "x.safetensors", "--at", version)
    assert "column `value` is" in message and "does not keep a model" in message
    return message


def lancekeep_fails(*arguments):
    import subprocess

    from models import BUILD

    done = subprocess.run([BUILD / "cli" / "lancekeep", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 2, done.stdout
    return done.stderr


@pytest.mark.parametrize("version", ["2.2", "2.3", None])
def test_blobs_of_version_2(store, tmp_path, version):
    """A copy by pylance 14 as it is: the message names the column and the call; what that gives is read."""
    copy, new = tmp_path / "copy.lance", tmp_path / "new.lance"
    options = {"data_storage_version": version} if version else {}
    lance.write_dataset(all_bytes(store), copy, **options)
    advised(refused(copy), old=copy, new=new)
    check_lancekeep(new, tmp_path, network(2))
    found = lancekeep("verify", copy, "--json", status=3)
    assert json.loads(found)["not_read"] == 1 and json.loads(found)["damaged"] == 0
    assert "column `value` is a blob of version 2" in lancekeep("log", copy, status=3)


@pytest.mark.parametrize("version", ["2.2", "2.3"])
def test_a_store_compacted_to_blobs_of_version_2(store, tmp_path, version):
    """Each way out of the message: a copy, a deep clone or a restore of an earlier version."""
    lance.dataset(store).optimize.compact_files(data_storage_version=version)
    new = tmp_path / "new.lance"
    message = refused(store)
    assert "Restore an earlier version" in message
    advised(message, old=store, new=new)
    check_lancekeep(new, tmp_path, network(2))
    lance.dataset(store, version=2).deep_clone(str(tmp_path / "clone.lance"), 2)
    check_lancekeep(tmp_path / "clone.lance", tmp_path, network(2))
    lancekeep("verify", store, "--all", status=3)
    lancekeep("restore", store, 2)
    check_lancekeep(store, tmp_path, network(2))
    save_on_top_of_restored = {**network(2), "wide": torch.zeros(3, dtype=torch.float64)}
    save(save_on_top_of_restored, store, tmp_path)
    check_pylance(store, save_on_top_of_restored)


def test_values_that_are_not_marked_as_blobs(store, tmp_path):
    copy, new = tmp_path / "copy.lance", tmp_path / "new.lance"
    table = all_bytes(store)
    at = table.column_names.index("value")
    unmarked = table.set_column(at, pa.field("value", pa.large_binary()), table["value"])
    lance.write_dataset(unmarked, copy, data_storage_version="2.1")
    advised(refused(copy), old=copy, new=new)
    check_lancekeep(new, tmp_path, network(2))


def test_a_legacy_copy_says_its_format(store, tmp_path):
    copy = tmp_path / "copy.lance"
    full = all_bytes(store).filter(pc.field("name") != "empty")  # format 0.1 makes null of empty bytes
    lance.write_dataset(full, copy, data_storage_version="legacy")
    message = lancekeep_fails("ls", copy)
    assert "format 0.1" in message
    call = re.search(r"lance\.write_dataset\(.*data_storage_version=\"2\.1\"\)", message).group()
    eval(call, {"lance": lance, "old": copy, "new": tmp_path / "new.lance"})
    expected = {name: tensor for name, tensor in network(2).items() if name != "empty"}
    check_lancekeep(tmp_path / "new.lance", tmp_path, expected)
    assert "damaged" not in lancekeep("verify", copy, status=3)


@pytest.mark.parametrize(
    "column, array, words",
    [
        ("name", pa.array([1, 2]), "column `name` is int64, expected string"),
        ("dtype", pa.array([1, 2]), "column `dtype` is int64, expected string"),
        ("shape", pa.array(["2", "3"]), "column `shape` is string, expected a list of integers"),
        ("shape", pa.array([[0.5], []]), "column `shape` is list<double>, expected a list of integers"),
        ("value", pa.array(["a", "b"]), "column `value` is string, expected a blob"),
        ("shape", None, "it has no column `shape`"),
    ],
)
def test_the_message_names_the_column(tmp_path, column, array, words):
    columns = {
        "name": pa.array(["a", "b"]),
        "dtype": pa.array(["uint8"] * 2),
        "shape": pa.array([[1], [1]]),
        "value": pa.array([b"a", b"b"]),
    }
    columns = {name: array if name == column else value for name, value in columns.items()}
    path = tmp_path / "other.lance"
    lance.write_dataset(pa.table({name: value for name, value in columns.items() if value is not None}), path)
    assert words in lancekeep_fails("export", path, tmp_path / "x.safetensors")


def test_every_form_is_verified_again_after_pylance_compacts(store, tmp_path):
    lance.dataset(store).alter_columns({"path": "ordinal", "data_type": pa.int32()})
    dataset = lance.dataset(store)
    dataset.optimize.compact_files(target_rows_per_fragment=1 << 20)
    check_lancekeep(store, tmp_path, network(2))
    lancekeep("verify", store, "--all")
    save_on_top(copy_of(store, tmp_path), tmp_path)
