# SPDX-License-Identifier: Apache-2.0
"""Decodes a 400 MB column of list<float64> in bulk, and compares that with pylance's to_table() in the same run.

    python bench/decode.py BUILD FOLDER

For each format version, prints the median seconds of 5 runs of each side, in turn, and their ratio. Files are in the
page cache; both sides use two threads or more.
"""

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa

VALUES = 50_000_000
ROWS = 160


def make(folder: Path, version: str, kind: str) -> Path:
    rng = np.random.default_rng(1)
    values = rng.normal(size=VALUES)
    if kind == "float32":
        values = values.astype("f4").astype("f8")
    offsets = pa.array(np.linspace(0, VALUES, ROWS + 1).astype("i4"))
    lists = pa.ListArray.from_arrays(offsets, pa.array(values))
    table = pa.table({"value": lists})
    path = folder / f"{version}-{kind}"
    shutil.rmtree(path, ignore_errors=True)
    lance.write_dataset(table, path, data_storage_version=version)
    return path


def pylance_seconds(path: Path) -> float:
    start = time.perf_counter()
    table = lance.dataset(path).to_table()
    seconds = time.perf_counter() - start
    assert table.num_rows == ROWS
    return seconds


def our_seconds(tool: Path, path: Path, threads: int) -> float:
    [file] = (path / "data").glob("*.lance")
    run = subprocess.run([tool, file, "0", str(threads)], capture_output=True, text=True, check=True)
    rows, values, seconds = run.stdout.split()
    assert (int(rows), int(values)) == (ROWS, VALUES)
    return float(seconds)


def main() -> None:
    tool = next(Path(sys.argv[1]).rglob("lancekeep_bench_decode"))
    folder = Path(sys.argv[2])
    for version in ("2.0", "2.1", "2.2"):
        path = make(folder, version, "float64")
        runs = [(our_seconds(tool, path, 2), our_seconds(tool, path, 1), pylance_seconds(path)) for _ in range(5)]
        ours, alone, theirs = (statistics.median(column) for column in zip(*runs))
        print(json.dumps({
            "version": version, "ours": round(ours, 3), "ours_one_thread": round(alone, 3),
            "pylance": round(theirs, 3), "ratio": round(theirs / ours, 2),
        }), flush=True)
        shutil.rmtree(path)


if __name__ == "__main__":
    main()
