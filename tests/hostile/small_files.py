# SPDX-License-Identifier: Apache-2.0
"""SMALL: a small valid file of each kind, written by the package that defines its format."""

import json
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch


def tensors():
    return {"a": torch.arange(2.0), "b": torch.tensor([1, 2], dtype=torch.int16)}


def arrays():
    return {name: tensor.numpy() for name, tensor in tensors().items()}


def index(path: Path):
    for name, array in arrays().items():
        safetensors.numpy.save_file({name: array}, path.parent / f"{name}.safetensors")
    path.write_text(json.dumps({"weight_map": {name: f"{name}.safetensors" for name in arrays()}}))


SMALL = {
    "m.safetensors": lambda path: safetensors.numpy.save_file(arrays(), path, metadata={"format": "pt"}),
    "zip.pth": lambda path: torch.save(tensors(), path),
    "legacy.pth": lambda path: torch.save(tensors(), path, _use_new_zipfile_serialization=False),
    "m.npy": lambda path: np.save(path, arrays()["a"]),
    "m.npz": lambda path: np.savez(path, **arrays()),
    "model.safetensors.index.json": index,
}


def write(folder: Path, name: str) -> Path:
    SMALL[name](folder / name)
    return folder / name
