# SPDX-License-Identifier: Apache-2.0
"""Datasets that pylance before 1.0 wrote are read as pylance reads them; make_old_datasets.py made them."""

import json
import subprocess
import tarfile
from pathlib import Path

import lance
import numpy as np
import pytest
import safetensors.numpy
from models import BUILD

COMMAND = BUILD / "cli" / "lancekeep"
HERE = Path(__file__).parent
RELEASES = ["0.39.0", "0.30.0"]


def run(*line, status=0):
    done = subprocess.run([COMMAND, *map(str, line)], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(params=RELEASES)
def old(request, tmp_path):
    with tarfile.open(HERE / f"pylance-{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture
def native(tmp_path):
    with tarfile.open(HERE / "pylance-0.39.0.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "native.lance"


def by_pylance(path, version):
    table = lance.dataset(path, version=version).to_table(columns=["name", "value", "shape"])
    return {row["name"]: np.array(row["value"]).reshape(row["shape"]) for row in table.to_pylist()}


def exported(path, ref, folder):
    target = folder / f"{ref}.safetensors"
    run("export", path, target, "--at", ref, "--dtype", "float64")
    return safetensors.numpy.load_file(target)


def assert_equal(found, expected):
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        assert found[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("version", [1, 2, 3, 4, "best"])
def test_every_version_has_its_values(old, tmp_path, version):
    assert_equal(exported(old / "plain.lance", version, tmp_path), by_pylance(old / "plain.lance", version))


def test_import_takes_all_versions_and_tags(old, tmp_path):
    store = tmp_path / "imported.lance"
    run("import", old / "plain.lance", store)
    versions = json.loads(run("log", store, "--json"))["versions"]
    assert [version["number"] for version in versions] == [4, 3, 2, 1]
    assert [version["tags"] for version in versions] == [[], [], ["best"], []]
    for version in (1, 2, 3, 4):
        expected = by_pylance(old / "plain.lance", version)
        target = tmp_path / f"imported-{version}.safetensors"
        run("export", store, target, "--at", version)
        assert_equal(safetensors.numpy.load_file(target), expected)


def test_log_verify_du_and_gc_find_nothing_wrong(old):
    path = old / "plain.lance"
    assert [row["damage"] for row in json.loads(run("log", path, "--json"))["versions"]] == [None] * 4
    run("verify", path, "--all")
    run("du", path)
    run("gc", path, "--keep-last", "1")
    lance.dataset(path).validate()


def without(field, message):
    """The protobuf message without this field."""
    kept, at = b"", 0
    while at < len(message):
        start, (tag, at) = at, varint(message, at)
        if tag & 7 == 0:
            _, at = varint(message, at)
        elif tag & 7 == 2:
            size, at = varint(message, at)
            at += size
        else:
            at += 8 if tag & 7 == 1 else 4
        if tag >> 3 != field:
            kept += message[start:at]
    return kept


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


def to_varint(value):
    data = b""
    while value > 127:
        data, value = data + bytes([value & 127 | 128]), value >> 7
    return data + bytes([value])


def change_field(field, message, change):
    """The message with `change` applied to each message that is this field."""
    done, at = b"", 0
    while at < len(message):
        start, (tag, at) = at, varint(message, at)
        if tag & 7 == 2:
            size, body = varint(message, at)
            at = body + size
            if tag >> 3 == field:
                changed = change(message[body:at])
                done += to_varint(tag) + to_varint(len(changed)) + changed
                continue
        elif tag & 7 == 0:
            _, at = varint(message, at)
        else:
            at += 8 if tag & 7 == 1 else 4
        done += message[start:at]
    return done


def forget_counts_of(fragment):
    return change_field(3, without(4, fragment), lambda deletion: without(4, deletion))


def forget_row_counts(path):
    """Removes the rows of fragments and of deletions from all manifests, which Lance before 0.8 did not record."""
    for tag in path.glob("_refs/tags/*.json"):
        tag.unlink()  # it has the manifest's size
    for manifest in path.glob("_versions/*.manifest"):
        content = manifest.read_bytes()
        position = int.from_bytes(content[-16:-8], "little")
        message = content[position + 4 : -16]
        message = change_field(2, message, forget_counts_of)
        manifest.write_bytes(content[:position] + len(message).to_bytes(4, "little") + message + content[-16:])


def test_rows_that_the_manifest_does_not_count(old, tmp_path):
    path = old / "plain.lance"
    expected = {version: by_pylance(path, version) for version in (1, 2, 3, 4)}
    forget_row_counts(path)
    for version, model in expected.items():
        assert_equal(exported(path, version, tmp_path), model)
    tensors = [row["tensors"] for row in json.loads(run("log", path, "--json"))["versions"]]
    assert tensors == [len(expected[version]) for version in (4, 3, 2, 1)]
    run("verify", path, "--all")


def test_rows_of_a_legacy_file_are_not_counted_as_none(old):
    path = old / "legacy.lance"
    forget_row_counts(path)
    assert "format 0.1" in run("ls", path, status=2)


def test_a_legacy_dataset_is_not_read_but_not_damaged(old, tmp_path):
    """The advice of the message gives a dataset that is read."""
    path = old / "legacy.lance"
    out = run("verify", path, status=3)
    assert "not read: version 1" in out and "damaged" not in out
    assert "not read: " in run("log", path, status=3)
    message = run("ls", path, status=2)
    assert "has format 0.1" in message
    call = message[message.index("lance.write_dataset(") :].strip()
    new = tmp_path / "new.lance"
    eval(call, {"lance": lance, "old": path, "new": new})
    assert_equal(exported(new, 1, tmp_path), by_pylance(path, 1))


def test_pylance_before_1_0_commits_to_a_native_store(native, tmp_path):
    run("verify", native, "--all")
    names = {5: None, 6: "extra", 7: "extra", 8: "extra", 9: None}
    for version, extra in names.items():
        rows = json.loads(run("ls", native, "--at", version, "--json"))["tensors"]
        assert [row["name"] for row in rows if row["name"] == "extra"] == ([extra] if extra else [])
        assert [row for row in rows if row["damage"]] == []
        assert len(rows) == lance.dataset(native, version=version).count_rows()


def test_a_store_goes_on_after_pylance_before_1_0(native, tmp_path):
    model = {"a": np.arange(6.0).reshape(2, 3), "extra": np.frombuffer(b"abc", "u1")}
    safetensors.numpy.save_file(model, tmp_path / "model.safetensors")
    run("import", tmp_path / "model.safetensors", native, "-m", "ours")
    run("restore", native, 8)
    run("gc", native, "--keep-last", "2")
    run("verify", native, "--all")
    dataset = lance.dataset(native)
    dataset.validate()
    assert dataset.count_rows() == lance.dataset(native, version=11).count_rows()
    assert sorted(json.loads(run("log", native, "--json"))["versions"][0]["tags"]) == []
