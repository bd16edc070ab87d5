# SPDX-License-Identifier: Apache-2.0
"""Compares saving, opening and exporting a model with the least work for the same bytes, in one run. Prints ratios.

    bench/save_and_load.py BUILD_FOLDER [MIB]

The model has MIB mebibytes (256). Each pair runs in turn, five times. The ratio is the ratio of the medians: below 1
means that Lancekeep is faster. Nothing is asserted: the machine may be shared.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

ROUNDS = 5


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(title, ours, peer, reset=lambda: None, rounds=ROUNDS):
    """Runs both in turn, so that other load on the machine affects both."""
    times = {"ours": [], "peer": []}
    for _ in range(rounds):
        for name, call in (("ours", ours), ("peer", peer)):
            reset()
            times[name].append(timed(call))
    a, b = statistics.median(times["ours"]), statistics.median(times["peer"])
    print(f"{title:62} {a * 1e3:9.1f} ms {b * 1e3:9.1f} ms {a / b:7.2f}")


def model(mib):
    generator = torch.Generator().manual_seed(1)
    return {f"layer.{i}": torch.randn(1 << 18, generator=generator) for i in range(mib)}


def copy_durably(source, target):
    """The least work for the same bytes: write them, and sync."""
    shutil.copyfile(source, target)
    with open(target, "rb") as file:
        os.fsync(file.fileno())


def main(build, mib=256):
    command = Path(build) / "cli" / "lancekeep"
    run = lambda *line: subprocess.run([command, *map(str, line)], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        file, store, out = folder / "m.safetensors", folder / "m.lance", folder / "out.safetensors"
        save_file(model(mib), file)

        def reset():
            shutil.rmtree(store, ignore_errors=True)
            out.unlink(missing_ok=True)

        print(f"{mib} MiB in {mib} tensors; medians of {ROUNDS}{'lancekeep':>34} {'peer':>12} {'ratio':>7}")
        compare("import, durable | copy of the file and fsync",
                lambda: run("import", file, store, "-q"), lambda: copy_durably(file, out), reset)
        run("import", file, store, "-q")
        compare("export, hashes checked | copy of the file and fsync",
                lambda: run("export", store, out, "-q", "--force"), lambda: copy_durably(file, out))
        compare("ls: a process that opens the store | safetensors.torch.load_file",
                lambda: run("ls", store), lambda: load_file(file))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
