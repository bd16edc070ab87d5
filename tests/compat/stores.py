# SPDX-License-Identifier: Apache-2.0
"""The stores of tests/compat: their content, and the commands that make them.

    python stores.py COMMAND FOLDER     makes native.lance and plain.lance in FOLDER

stores-597f5d6.tar.xz was made with the build of commit 597f5d6, before the sources were reorganised.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch


def array(seed: int, *shape: int, dtype: str = "f4") -> np.ndarray:
    return np.random.default_rng(seed).integers(-100, 100, shape).astype(dtype)


def first() -> dict[str, np.ndarray]:
    return {
        "embed.weight": array(1, 50, 16),
        "layers.0.weight": array(2, 16, 16),
        "layers.0.bias": np.zeros(16, "f4"),
        "layers.1.weight": array(3, 16, 16, dtype="f2"),
        "layers.1.bias": np.zeros(16, "f4"),  # the same bytes as layers.0.bias
        "steps": np.array(7, "i8"),
        "mask": array(4, 3, 5) > 0,
        "empty": np.zeros((0, 3), "f8"),
    }


def second() -> dict[str, np.ndarray]:
    """first() with one tensor changed, one renamed, one removed and one added, in another order."""
    before = first()
    changed = {"layers.0.weight": array(12, 16, 16), "head.weight": array(13, 4, 16), "layers.2.weight": before["layers.1.weight"]}
    return {**changed, **{name: before[name] for name in ("steps", "embed.weight", "layers.0.bias", "mask", "empty")}}


def checkpoint() -> dict[str, object]:
    tied = torch.arange(12, dtype=torch.bfloat16).reshape(3, 4)
    return {
        "model": {"a": tied, "b": tied, "t": torch.arange(6.0).reshape(2, 3).t()},
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "lr": 1e-3, "betas": (0.9, 0.999)},
        "epoch": 3,
        "name": "Größe",
        "none": None,
    }


def make(command: str | Path, folder: Path, plain: str = "plain") -> None:
    """Makes the stores. `plain` is the name that the command gives to the layout of the article."""
    inputs = folder / "inputs"
    inputs.mkdir(parents=True)
    safetensors.numpy.save_file(first(), inputs / "first.safetensors")
    safetensors.numpy.save_file(second(), inputs / "second.safetensors")
    torch.save(checkpoint(), inputs / "checkpoint.pth")
    floats = {name: value for name, value in first().items() if value.dtype in ("f4", "f2") and value.size}
    safetensors.numpy.save_file(floats, inputs / "floats.safetensors")

    def run(*line: object) -> None:
        subprocess.run([str(command), *map(str, line)], check=True, capture_output=True)

    native = folder / "native.lance"
    run("import", inputs / "first.safetensors", native, "-m", "first", "--set", "loss=0.9", "--tag", "base")
    run("import", inputs / "second.safetensors", native, "-m", "second")
    run("import", inputs / "checkpoint.pth", native, "-m", "checkpoint")
    run("restore", native, "base")
    run("import", inputs / "second.safetensors", native, "-m", "again", "--tag", "again")
    run("import", inputs / "floats.safetensors", folder / "plain.lance", "-m", "floats", "--layout", plain)


VOLATILE = {"store", "bytes_added", "operation_bytes", "uuid", "transaction_file", "timestamp", "time", "path", "writer_version", "created_at", "createdAt", "updatedAt"}


def stable(document: object) -> object:
    """A dump without the parts that differ between two runs: times, random names, and the library's version."""
    if isinstance(document, dict):
        kept = {key: stable(value) for key, value in document.items() if key not in VOLATILE}
        if "read_version" in kept:  # a deletion file: its id is a random number
            kept.pop("id", None)
        if kept.get("kind") == "manifest":  # a time is a varint, whose length differs
            kept.pop("size", None)
        return kept
    if isinstance(document, list):
        return [stable(value) for value in document]
    return document


def fingerprint(command: str | Path, store: Path) -> dict[str, object]:
    """Hashes of the data and deletion files, and the content of the manifests, to compare two stores."""

    def hashes(pattern: str) -> list[str]:
        return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in store.glob(pattern))

    manifests = []
    for path in sorted(store.glob("_versions/*.manifest"), reverse=True):
        done = subprocess.run([str(command), "dump", str(path)], check=True, capture_output=True, text=True)
        manifests.append(stable(json.loads(done.stdout)))
    return {"data": hashes("data/*"), "deletions": hashes("_deletions/*"), "manifests": manifests}


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
