# SPDX-License-Identifier: Apache-2.0
"""Stores that an earlier build wrote can be opened and read as before, and the same saves still write the same bytes."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import stores

import lance

COMMAND = Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"
ARCHIVE = Path(__file__).parent / "stores-597f5d6.tar.xz"


def run(*line: object, status: int = 0) -> str:
    done = subprocess.run([COMMAND, *map(str, line)], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "stores"
    stores.make(COMMAND, folder)
    return folder


def exported(store: Path, ref: object, folder: Path) -> dict[str, np.ndarray]:
    run("export", store, folder / f"{ref}.safetensors", "--at", ref)
    return safetensors.numpy.load_file(folder / f"{ref}.safetensors")


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) and set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape, name
        assert found[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("store", ["native.lance", "plain.lance"])
def test_an_old_store_is_intact(old, store):
    run("verify", old / store, "--all", status=0)


def test_an_old_store_reads_bit_for_bit(old, tmp_path):
    assert_same(exported(old / "native.lance", 1, tmp_path), stores.first())
    assert_same(exported(old / "native.lance", 2, tmp_path), stores.second())
    assert_same(exported(old / "native.lance", 4, tmp_path), stores.first())
    assert_same(exported(old / "native.lance", "again", tmp_path), stores.second())


def test_an_old_checkpoint_reads(old, new):
    before, after = (run("ls", store / "native.lance", "--at", 3, "--json") for store in (old, new))
    assert stores.stable(json.loads(before)) == stores.stable(json.loads(after))


def test_its_history_reads(old, new):
    def history(store: Path) -> list[dict[str, object]]:
        versions = [stores.stable(version) for version in json.loads(run("log", store / "native.lance", "--json"))["versions"]]
        for version in versions:
            assert version.pop("id"), version
            if "restored_from" in version["metadata"]:  # the first release gave it a message of its own, and no metadata
                version["message"], version["metadata"] = "", {"restored_from": version["metadata"]["restored_from"]}
        return versions

    assert history(old) == history(new)
    assert [version["message"] for version in history(old)][::-1][:3] == ["first", "second", "checkpoint"]


def test_the_next_save_shares_with_an_old_store(old, tmp_path):
    run("import", old / "inputs" / "second.safetensors", old / "native.lance", "-m", "by this build")
    latest = json.loads(run("log", old / "native.lance", "--json"))["versions"]
    newest = max(latest, key=lambda version: version["number"])
    assert newest["number"] == 6 and newest["bytes_added"] < 20_000
    assert lance.dataset(str(old / "native.lance")).version == 6
    assert_same(exported(old / "native.lance", 6, tmp_path), stores.second())


@pytest.mark.parametrize("store", ["native.lance", "plain.lance"])
def test_the_same_saves_give_the_same_bytes(new, store, tmp_path):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    assert written(new / store) == written(tmp_path / store)


def written(store: Path) -> dict[str, object]:
    """What a store holds, but for the words of a restored version: now it has those of the version that is restored."""
    found = stores.fingerprint(COMMAND, store)
    for manifest in found["manifests"]:
        properties = manifest["transaction"]["properties"]
        if "restored_from" in properties:
            for key in ("__lance_commit_message", "loss"):
                properties.pop(key, None)
    return found
