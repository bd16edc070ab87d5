# SPDX-License-Identifier: Apache-2.0
"""Compares `diff --norms` of two versions with other ways to read the same bytes, in one run. Prints ratios.

    bench/diff.py BUILD_FOLDER [MIB]

Two versions of MIB mebibytes (256) each, with every value changed a little, in bfloat16 and in float32. Each pair runs
in turn, five times, on files in the page cache. The ratio is the ratio of the medians: below 1 means that Lancekeep is
faster. Nothing is asserted: the machine may be shared.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from save_and_load import ROUNDS, compare


def model(mib, dtype, seed):
    """Tensors of 4 MiB."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.Generator().manual_seed(seed)
    count = (4 << 20) // dtype.itemsize
    state = {}
    for i in range(mib // 4):
        value = torch.randn(count, generator=generator) + 0.01 * torch.randn(count, generator=noise)
        state[f"layer.{i}"] = value.to(dtype)
    return state


def norms(a, b):
    """What the command computes, computed with torch in float64."""
    differing = int((a != b).sum())
    a, b = a.double(), b.double()
    finite = torch.isfinite(a) & torch.isfinite(b)
    a, b = torch.where(finite, a, 0), torch.where(finite, b, 0)
    change = b - a
    sizes = torch.linalg.vector_norm(a), torch.linalg.vector_norm(b)
    l2 = torch.linalg.vector_norm(change)
    return differing, int((~finite).sum()), l2, change.abs().max(), *sizes, torch.dot(a, b) / (sizes[0] * sizes[1])


def norms_in_torch(before, after):
    a, b = load_file(before), load_file(after)
    for name in a:
        norms(a[name], b[name])


def sum_bytes(*files):
    """The least work that reads every byte: sums the memory-mapped files as 64-bit numbers."""
    for file in files:
        values = np.memmap(file, np.uint8, "r")
        values[values.size % 8 :].view(np.uint64).sum()


def main(build, mib=256):
    command = Path(build) / "cli" / "lancekeep"

    def run(*line, status=0):
        done = subprocess.run([command, *map(str, line)], stdout=subprocess.DEVNULL)
        assert done.returncode == status, line

    print(f"{f'2 x {mib} MiB; medians of {ROUNDS}':62} {'lancekeep':>12} {'peer':>12} {'ratio':>7}")
    for dtype in (torch.bfloat16, torch.float32):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            files, store = [folder / "a.safetensors", folder / "b.safetensors"], folder / "m.lance"
            for seed, file in enumerate(files):
                save_file(model(mib, dtype, seed), file)
                run("import", file, store, "-q")
            title = f"diff --norms, {str(dtype).removeprefix('torch.')} | "
            diff = lambda: run("diff", store, 1, 2, "--norms", status=1)  # 1: the versions differ
            compare(title + "cat", diff, lambda: subprocess.run(["cat", *files], stdout=subprocess.DEVNULL, check=True))
            compare(title + "mapped, summed", diff, lambda: sum_bytes(*files))
            compare(title + "torch, float64", diff, lambda: norms_in_torch(*files))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
