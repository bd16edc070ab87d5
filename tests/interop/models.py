# SPDX-License-Identifier: Apache-2.0
"""Models to save, and checks of what pylance and Lancekeep read from the store."""

import os
import shutil
import subprocess
from pathlib import Path

import pylance
import torch
from pylance import clean_up, rows  # noqa: F401: the tests import them from here
from safetensors.torch import load_file

BUILD = Path(os.environ["LANCEKEEP_BUILD"])
ROOT = Path(__file__).parents[2]


def lancekeep(*arguments, status=0):
    """Runs the command; returns its stdout."""
    done = subprocess.run(
        [BUILD / "cli" / "lancekeep", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def raw(tensor):
    """A tensor's bytes as the store keeps them: row-major, little-endian."""
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def same_tensor(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and raw(a) == raw(b)


def dtype_name(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def network(seed=0):
    """A state dict with the dtypes, shapes and ties of real models."""
    generator = torch.Generator().manual_seed(seed)
    floats = lambda *shape: torch.randn(*shape, generator=generator)
    state = {
        "conv.weight": floats(8, 3, 3, 3),
        "conv.bias": floats(8).to(torch.float16),
        "bn.num_batches_tracked": torch.tensor(1000 + seed),
        "bn.running_var": floats(8).to(torch.bfloat16),
        "mask": torch.rand(7, generator=generator) > 0.5,
        "empty": torch.empty(0, 4),
        "quarter": floats(16).to(torch.float8_e4m3fn),
        "embedding.weight": floats(100, 33),
        "spectrum": torch.complex(floats(5), floats(5)),
        "wide": floats(3).to(torch.float64),
    }
    state["lm_head.weight"] = state["embedding.weight"]
    state["last"] = torch.arange(300, dtype=torch.int16).reshape(3, 4, 25)
    return state


def large(count=5000, seed=0):
    """`count` tensors with names like those in large models; some are tied, and some have 5 MB."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for i in range(count):
        size = (1250, 1000) if i % 700 == 3 else (i % 5, 7) if i % 3 else ()
        state[f"model.layers.{i // 10}.block.{i % 10}.weight"] = torch.randn(
            size, generator=generator
        )
    for i in range(0, count, 997):
        target = f"model.layers.{(i + 1) // 10}.block.{(i + 1) % 10}.weight"
        state[f"tied.{i}"] = state[target]
    return state


def save(state, store, folder, *options):
    """Saves with the command line, from a .pth file, which keeps every dtype and all ties."""
    path = folder / "state.pth"
    torch.save(state, path)
    lancekeep("import", path, store, *options)


def export(store, folder, ref="latest"):
    path = folder / "exported.safetensors"
    path.unlink(missing_ok=True)
    lancekeep("export", store, path, "--at", ref, "--all-names")
    return load_file(path)


def check_lancekeep(store, folder, state, ref="latest"):
    """Checks that Lancekeep loads exactly this state dict, in this order."""
    found = export(store, folder, ref)
    assert set(found) == set(state)
    for name, tensor in state.items():
        assert same_tensor(found[name], tensor), name


def check_pylance(store, state, version=None):
    """Checks that pylance reads exactly this state dict: names, dtypes, shapes, row count, and bytes read in two ways."""
    tensors = [(name, dtype_name(t), tuple(t.shape), raw(t)) for name, t in state.items()]
    return pylance.check_version(store, tensors, version)


def append_row(store, name, tensor, ordinal):
    pylance.append_row(store, name, dtype_name(tensor), tuple(tensor.shape), raw(tensor), ordinal)


def copy_of(store, folder):
    return Path(shutil.copytree(store, folder / (Path(store).name + ".copy")))
