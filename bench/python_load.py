# SPDX-License-Identifier: Apache-2.0
"""Compares loading with the Python package and with other packages, in one run. Prints ratios.

    PYTHONPATH=build/site bench/python_load.py [MIB]

MIB mebibytes (256) of float32 in 1,000 tensors, in files in the page cache; a sixteenth of that as a plain dataset. Each
pair runs in turn. The ratio is the ratio of the medians: below 1 means that Lancekeep takes less. Nothing is asserted:
the machine may be shared.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import lancekeep
import lancekeep.torch
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from save_and_load import ROUNDS, compare

sys.path.append(str(Path(__file__).parents[1] / "tests" / "python"))
import article  # noqa: E402  the article's functions, with pylance

TENSORS = 1000

IMPORT = """
import time
def memory():
    return int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
before, start = memory(), time.perf_counter()
import {module}
print(time.perf_counter() - start, memory() - before)
"""


def model(mib, tensors=TENSORS):
    generator = torch.Generator().manual_seed(1)
    return {f"layer.{i}": torch.randn((mib << 18) // tensors, generator=generator) for i in range(tensors)}


def sums(tensors):
    """Reads every value."""
    return [tensor.sum() for tensor in tensors.values()]


def copy_mapped(store, buffer):
    """The least work that copies the bytes of a store's values into memory."""
    start = 0
    for file in (store / "data").iterdir():
        values = np.memmap(file, np.uint8, "r")
        buffer[start : start + values.size] = values
        start += values.size


def loading(folder, mib):
    file, store = folder / "m.safetensors", folder / "m.lance"
    state = model(mib)
    save_file(state, file)
    lancekeep.torch.save_file(state, store, durable=False)

    ours, theirs = lambda: lancekeep.torch.load_file(store), lambda: load_file(file)
    assert all(torch.equal(tensor, state[name]) for name, tensor in ours().items())
    compare("load | safetensors.torch.load_file", ours, theirs, rounds=20)
    compare("load, and every value summed | the same with safetensors", lambda: sums(ours()), lambda: sums(theirs()))

    opened, target = lancekeep.open(store), {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    buffer = np.zeros(sum(each.stat().st_size for each in (store / "data").iterdir()), np.uint8)
    compare("load_into | the store's data files mapped, and copied",
            lambda: opened.load_into(target), lambda: copy_mapped(store, buffer), rounds=20)


def plain_dataset(folder, mib):
    path = str(folder / "plain.lance")
    article.save_model(model(mib, TENSORS // 10), path)
    ours, theirs = lambda: lancekeep.load_state_dict(path), lambda: article.load_state_dict(path)
    assert all(torch.equal(tensor, ours()[name]) for name, tensor in theirs().items())
    compare(f"plain dataset of {mib * (1 << 18):,} values, load | the article's loader", ours, theirs)
    compare("the same, values summed", lambda: sums(ours()), lambda: sums(theirs()))


def imports():
    print(f"\n{'import; medians of ' + str(ROUNDS):62} {'time':>12} {'memory':>12}")
    for module in ("lancekeep", "safetensors", "lance"):
        runs = []
        for _ in range(ROUNDS):
            line = [sys.executable, "-c", IMPORT.format(module=module)]
            runs.append(map(float, subprocess.run(line, capture_output=True, text=True, check=True).stdout.split()))
        seconds, kib = map(statistics.median, zip(*runs))
        print(f"{module:62} {seconds * 1e3:9.1f} ms {kib * 1024 / 1e6:9.1f} MB")


def main(mib=256):
    torch.set_num_threads(1)  # sums should measure reading, not torch's threads
    print(f"{f'{mib} MiB in {TENSORS:,} tensors; medians':62} {'lancekeep':>12} {'peer':>12} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        loading(Path(folder), mib)
        plain_dataset(Path(folder), mib // 16)
    imports()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
