# SPDX-License-Identifier: Apache-2.0
"""The table of model files: for each kind of file and content, compares what we and the format's reference reader read.

Each case goes through open_model_file(), and most go through the command as well: import → export → read again.
"""

import json
import os
import subprocess
from pathlib import Path

import cases_numpy
import cases_safetensors
import cases_torch
import numpy as np
import pytest
import torch
from case import Case, Row
from test_formats import error, listing

COMMAND = Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"
CASES = [*cases_torch.cases(), *cases_safetensors.cases(), *cases_numpy.cases()]
VALUES = ("json", "tree")


def test_number_of_cases(say) -> None:
    kinds: dict[str, int] = {}
    for case in CASES:
        kind = case.name.split(":")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    by_command = sum(case.by_command for case in CASES)
    say(f"{len(CASES)} cases of model files, {by_command} of them through the command: {kinds}")
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


def assert_rows(found: list[Row], expected: list[Row], in_order: bool) -> None:
    """Compares names first, because they identify the rest."""
    if not in_order:
        found, expected = sorted(found), sorted(expected)
    assert [row[0] for row in found] == [row[0] for row in expected]
    for left, right in zip(found, expected, strict=True):
        name, dtype, shape, data, tied_to = right
        if dtype in VALUES:
            assert left[3].decode() == data.decode(), name  # as text, for a readable difference
        assert (left[1], left[2], left[4]) == (dtype, shape, tied_to), name
        assert left[3] == data, name


def read(path: Path, folder: Path) -> list[Row]:
    tensors = listing(path, folder)[0]
    rows = []
    for tensor in tensors:
        assert len(tensor["data"]) == tensor["nbytes"], tensor["name"]
        tied_to = None if tensor["tied_to"] is None else tensors[tensor["tied_to"]]["name"]
        rows.append((tensor["name"], tensor["dtype"], tensor["shape"], tensor["data"], tied_to))
    return rows


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_read(tmp_path: Path, case: Case) -> None:
    path = case.make(tmp_path)
    assert_rows(read(path, tmp_path / "out"), case.rows(path), case.in_order)


def test_big_endian_arrays_in_a_pickle_are_rejected_with_advice(tmp_path: Path) -> None:
    """NumPy's own files can be big-endian."""
    torch.save({"w": np.arange(5, dtype=">f4")}, tmp_path / "m.pth")
    found = error(tmp_path / "m.pth")
    assert found["error"] == "unsupported"
    assert "array.astype('<f4')" in found["message"]


def run(*arguments: object) -> dict:
    done = subprocess.run([COMMAND, *map(str, arguments), "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def export(store: Path, target: Path, rows: list[Row], *more: str) -> list[Row]:
    """Exports only these rows, and returns what the reference reader of the format reads."""
    names = [argument for row in rows for argument in ("--tensor", row[0])]
    found = run("export", store, target, *(names if len(names) < 2000 else []), *more)
    files = [Path(file) for file in found["files"]]
    assert found["bytes_written"] == sum(file.stat().st_size for file in files)
    if target.suffix == ".npz":
        return cases_numpy.rows_of_archive(target)
    return [row for file in files if file.suffix == ".safetensors" for row in cases_safetensors.entries(file)]


@pytest.mark.parametrize("case", [case for case in CASES if case.by_command], ids=lambda case: case.name)
def test_import_and_export(tmp_path: Path, case: Case) -> None:
    path, store = case.make(tmp_path), tmp_path / "m.lance"
    expected = case.rows(path)
    run("import", path, store)
    listed = [(row["name"], row["dtype"], row["shape"], row["tied_to"]) for row in run("ls", store)["tensors"]]
    in_store = [(row[0], row[1], row[2], row[4]) for row in expected]
    assert listed == in_store if case.in_order else sorted(listed) == sorted(in_store)
    untied = [(*row[:4], None) for row in expected]
    untied = [row for row in untied if "\0" not in row[0]]  # an argument of a command cannot contain NUL
    rows = [row for row in untied if row[1] in cases_numpy.DTYPES and "\\" not in row[0]]  # an archive allows no backslash
    if rows:
        assert_rows(export(store, tmp_path / "out.npz", rows), rows, False)
    rows = [row for row in untied if row[1] in cases_safetensors.DTYPES.values()]
    if rows:
        assert_rows(export(store, tmp_path / "out.safetensors", rows, "--all-names"), rows, False)
    if len(rows) > 1:
        (tmp_path / "shards").mkdir()
        largest = max(len(row[3]) for row in rows)
        size = ("--all-names", "--max-shard-size", f"{max(largest, 1)}B")
        assert_rows(export(store, tmp_path / "shards" / "m.safetensors", rows, *size), rows, False)
