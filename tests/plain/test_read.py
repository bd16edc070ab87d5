# SPDX-License-Identifier: Apache-2.0
"""Lancekeep reads the same tensors from a plain dataset, bit for bit, as pylance reads row by row.

LANCEKEEP_BUILD is the build folder; lancekeep_load_plain must have been built.
"""

import json
import os
import subprocess
import zlib
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
import pytest
import plain_datasets
import torch

VERSIONS = ("2.0", "2.1", "2.2")
OLD_PYTHON = Path(__file__).parents[2] / ".venv-pylance-1.0.4" / "bin" / "python"
OLD_VERSIONS = ("2.0", "2.1")
NOT_LISTED = "dropped"  # the history that drops the shape column
DTYPES = ["float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "int64", "uint8", "bool"]


def tool() -> Path:
    found = [path for path in Path(os.environ["LANCEKEEP_BUILD"]).rglob("lancekeep_load_plain") if path.is_file()]
    assert found, "no lancekeep_load_plain; build that target first"
    return found[0]


def load(jobs) -> list[dict]:
    """Each job is a dataset's path, a ref and a dtype ("-" for none)."""
    lines = "".join(f"{path} {ref} {dtype}\n" for path, ref, dtype in jobs)
    run = subprocess.run([tool()], input=lines, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def load_all(folder: Path, versions) -> dict[str, dict]:
    names = [name for version in versions for name in plain_datasets.names(version)]
    return dict(zip(names, load((folder / name, "latest", "-") for name in names), strict=True))


@pytest.fixture(scope="session")
def datasets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plains")
    plain_datasets.make(folder)
    return folder


@pytest.fixture(scope="session")
def old_datasets(tmp_path_factory) -> Path:
    assert OLD_PYTHON.exists(), "pylance 1.0.4 is missing: run `make setup`"
    folder = tmp_path_factory.mktemp("plains_1_0_4")
    subprocess.run([OLD_PYTHON, plain_datasets.__file__, folder, *OLD_VERSIONS], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def loaded(datasets) -> dict[str, dict]:
    return load_all(datasets, VERSIONS)


@pytest.fixture(scope="session")
def old_loaded(old_datasets) -> dict[str, dict]:
    return load_all(old_datasets, OLD_VERSIONS)


def rows_of(path: Path, ref=None) -> list[dict]:
    """The name, shape and value of each row as pylance reads them; a list of numbers is returned as an array."""
    table = lance.dataset(path, version=ref).to_table(columns=["name", "value", "shape"])
    lists = table["value"].combine_chunks()
    values = []
    for i in range(len(lists)):
        value = lists[i].values if lists[i].is_valid else None
        values.append(None if value is None or value.null_count else value.to_numpy(zero_copy_only=False))
    names, shapes = table["name"].to_pylist(), table["shape"].to_pylist()
    return [{"name": n, "value": v, "shape": s} for n, v, s in zip(names, values, shapes, strict=True)]


def content_of(content: bytes) -> str | list[int]:
    """The content in the form in which lancekeep_load_plain prints it."""
    return content.hex() if len(content) <= 1 << 16 else [len(content), zlib.crc32(content)]


def bytes_of(tensor: torch.Tensor) -> bytes:
    return tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def tensor_of(row: dict):
    """The row as a float64 tensor, or None if it cannot be one."""
    if row["name"] is None or row["value"] is None or row["shape"] is None or None in row["shape"]:
        return None
    if int(np.prod(row["shape"])) != len(row["value"]):
        return None
    return torch.from_numpy(row["value"].astype(np.float64)).reshape(row["shape"])


def check(found: dict, rows: list[dict], dtype: torch.dtype = torch.float64) -> None:
    assert "error" not in found, found
    assert found["layout"] == "plain"
    assert [tensor["name"] for tensor in found["tensors"]] == [row["name"] or "" for row in rows]
    last = {row["name"]: row for row in rows}
    damaged = set()
    for tensor, row in zip(found["tensors"], rows):
        expected = tensor_of(last[row["name"]])
        if expected is None:
            assert tensor["error"]["code"] == tensor["read_error"]["code"] == "corrupt"
            damaged.add(row["name"] or "")
            continue
        assert "error" not in tensor and "read_error" not in tensor, tensor
        assert tensor["dtype"] == str(dtype).removeprefix("torch.")
        content = bytes_of(expected.to(dtype))
        assert tensor["bytes"] == tensor["read"] == content_of(content), row["name"]
        assert tensor["second_half"] == content_of(content[len(content) // 2 :])
        if row is last[row["name"]]:
            assert tensor["shape"] == row["shape"]
    assert {name for name, _ in found["findings"]} == damaged
    sound = [tensor_of(row) for row in rows]
    assert found["bytes_total"] >= sum(tensor.nbytes for tensor in sound if tensor is not None)
    assert found["bytes_total"] == found["listed_bytes_total"]


def check_one(folder: Path, loaded: dict, name: str) -> None:
    if name.endswith(NOT_LISTED):
        assert loaded[name]["error"]["code"] == "invalid_argument"
        assert "does not keep a model" in loaded[name]["error"]["what"]
    else:
        check(loaded[name], rows_of(folder / name))


@pytest.mark.parametrize("name", [name for version in VERSIONS for name in plain_datasets.names(version)])
def test_a_dataset_has_the_tensors_that_pylance_reads(datasets, loaded, name):
    check_one(datasets, loaded, name)


@pytest.mark.parametrize("name", [name for version in OLD_VERSIONS for name in plain_datasets.names(version)])
def test_a_dataset_of_pylance_1_0_4_has_the_tensors_that_pylance_reads(old_datasets, old_loaded, name):
    check_one(old_datasets, old_loaded, name)


def load_row_by_row(path: Path, ref: int) -> dict[str, torch.Tensor]:
    """Builds a state dict from a dataset as its users do: each row becomes a tensor of doubles."""
    weights = {}
    for batch in lance.dataset(path, version=ref).to_batches():
        for row in batch.to_pylist():
            weights[row["name"]] = torch.tensor(row["value"], dtype=torch.float64).reshape(row["shape"])
    return weights


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("own", ["row_by_row", "versions", "other_order", "fixed_sizes", "twice_the_name"])
def test_a_state_dict_equals_that_of_a_loop_over_rows(datasets, version, own):
    path = datasets / f"{version}-{own}"
    for entry in lance.dataset(path).versions():
        [found] = load([(path, entry["version"], "-")])
        expected = load_row_by_row(path, entry["version"])
        ours = {tensor["name"]: tensor for tensor in found["tensors"]}
        assert set(ours) == set(expected)
        for name, tensor in expected.items():
            assert ours[name]["bytes"] == content_of(bytes_of(tensor))


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_and_tags(datasets, version):
    path = datasets / f"{version}-versions"
    found = load([(path, ref, "-") for ref in (1, 2, 3, "best", "latest")])
    assert [each["number"] for each in found] == [1, 2, 3, 2, 3]
    assert found[3]["tags"] == ["best"]
    for each in found:
        check(each, rows_of(path, each["number"]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_requested_dtype(datasets, dtype):
    wanted = getattr(torch, dtype)
    names = [f"{version}-{own}" for version in VERSIONS for own in ("versions", "halves", "large", "fragments")]
    for name, found in zip(names, load((datasets / name, "latest", dtype) for name in names), strict=True):
        rows = rows_of(datasets / name)
        if wanted.is_floating_point:
            check(found, rows, wanted)
            continue
        for tensor, row in zip(found["tensors"], rows, strict=True):
            expected = tensor_of(row)
            fits = bool((expected.to(wanted).to(torch.float64) == expected).all()) and not (
                dtype == "uint8" and bool((expected < 0).any()))
            assert ("bytes" in tensor) == ("read" in tensor) == fits, tensor["name"]
            if fits:
                assert tensor["bytes"] == tensor["read"] == content_of(bytes_of(expected.to(wanted)))
            else:
                assert tensor["error"]["code"] == "invalid_argument"
                assert f"cannot be converted to {dtype}: its number" in tensor["error"]["what"]


def test_a_dtype_that_is_not_a_number_is_rejected(datasets):
    for found in load((datasets / "2.1-row_by_row", "latest", dtype) for dtype in ("complex64", "json", "double")):
        assert found["error"]["code"] == "invalid_argument"
        assert "numbers of a plain dataset cannot be converted to" in found["error"]["what"]


@pytest.mark.parametrize("version", VERSIONS)
def test_errors_name_what_is_null(datasets, version):
    [found] = load([(datasets / f"{version}-nulls", "latest", "-")])
    errors = {tensor["name"]: tensor.get("error", {}).get("what", "") for tensor in found["tensors"]}
    assert "its name is null" in errors[""]
    assert "its value is null" in errors["no_value"]
    assert "its shape is null" in errors["no_shape"]
    assert "number 1 of its value is null" in errors["null_number"]
    assert "a dimension of its shape is null" in errors["null_size"]
    assert errors["sound"] == errors["last"] == ""


@pytest.mark.parametrize("version", ["legacy", "2.3"])
def test_another_format_is_rejected_with_how_to_convert_it(tmp_path, version):
    lance.write_dataset(plain_datasets.article_table(1), tmp_path / "old", data_storage_version=version)
    [found] = load([(tmp_path / "old", "latest", "-")])
    assert found["error"]["code"] == "unsupported"
    assert 'data_storage_version="2.1"' in found["error"]["what"]


def test_a_version_without_rows(tmp_path):
    lance.write_dataset(plain_datasets.article_table(1).slice(0, 0), tmp_path / "empty", data_storage_version="2.1")
    [found] = load([(tmp_path / "empty", "latest", "-")])
    assert (found["tensors"], found["bytes_total"]) == ([], 0)


def test_a_native_version_after_a_plain_one_and_back(tmp_path):
    path = tmp_path / "mixed"
    plain_datasets.row_by_row(path, "2.1", seed=1)
    blob = pa.field("value", pa.large_binary(), metadata={"lance-encoding:blob": "true"})
    fields = [pa.field("name", pa.string()), pa.field("dtype", pa.string()), pa.field("shape", pa.list_(pa.int64())), blob]
    table = pa.table([["w"], ["float32"], [[2]], [b"12345678"]], schema=pa.schema(fields))
    lance.write_dataset(table, path, mode="overwrite")
    plain_datasets.row_by_row(path, "2.1", "overwrite", seed=2)
    first, second, third = load([(path, number, "-") for number in (1, 2, 3)])
    check(first, rows_of(path, 1))
    check(third, rows_of(path, 3))
    assert second["layout"] == "native"
    assert second["tensors"][0]["bytes"] == b"12345678".hex()


def test_a_changed_number_is_noticed(datasets, loaded):
    """Tests the comparison itself, which must be able to fail."""
    rows = rows_of(datasets / "2.1-row_by_row")
    rows[0]["value"] = rows[0]["value"] + np.float64(1e-9)
    with pytest.raises(AssertionError):
        check(loaded["2.1-row_by_row"], rows)


def test_enough_was_read(loaded):
    tensors = [tensor for found in loaded.values() for tensor in found.get("tensors", [])]
    sound = sum(1 for tensor in tensors if "bytes" in tensor)
    print(f"{len(loaded)} datasets, {len(tensors)} tensors, {sound} of them intact")
    assert len(loaded) >= 300
    assert sound >= 10_000
