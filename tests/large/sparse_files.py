# SPDX-License-Identifier: Apache-2.0
"""Writes model files of any size that take almost no disk space: zeros, except for a mark at each tensor's start.

    python sparse_files.py GIB CHECKPOINT.pt MODEL.safetensors
"""

import io
import json
import sys
from pathlib import Path

import numpy as np
import torch

TENSOR_BYTES = 256 << 20
PIECE = 1 << 20


class SparseFile(io.FileIO):
    """Leaves a hole for each whole piece of zeros."""

    def write(self, data) -> int:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            if len(piece) == PIECE and not np.frombuffer(piece, np.uint64).any():
                self.seek(PIECE, io.SEEK_CUR)
            else:
                assert super().write(piece) == len(piece)
        return len(view)


def mark(index: int) -> np.ndarray:
    """The first values of a tensor, different for each."""
    return np.array([index + 1, -1, 0.5, index], np.float32)


def marked_zeros(index: int) -> torch.Tensor:
    """A tensor that takes one page of memory, since pages that are never written are not allocated."""
    tensor = torch.zeros(TENSOR_BYTES // 4)
    tensor[:4] = torch.from_numpy(mark(index))
    return tensor.reshape(1024, -1)


def write_checkpoint(path: Path, gib: int) -> list[str]:
    """Writes what a training loop saves: a model, Adam's two moments of each weight, numbers. Returns tensor names."""
    count = gib * 4
    tensors = [marked_zeros(index) for index in range(count)]
    weights, moments = tensors[: count // 2], tensors[count // 2 :]
    moments = [moments[start : start + 2] for start in range(0, len(moments), 2)]
    state = {
        index: {"step": torch.tensor(7.0), "exp_avg": first, "exp_avg_sq": second}
        for index, (first, second) in enumerate(moments)
    }
    group = {"lr": 1e-3, "betas": (0.9, 0.999), "params": list(range(len(weights)))}
    model = {f"layer.{index}.weight": weight for index, weight in enumerate(weights)}
    with SparseFile(path, "w") as file:
        torch.save({"epoch": 3, "model": model, "optimizer": {"state": state, "param_groups": [group]}}, file)
        file.truncate()
    names = [f"model.{name}" for name in model]
    return names + [f"optimizer.state.{index}.{part}" for index in state for part in ("exp_avg", "exp_avg_sq")]


def write_safetensors(path: Path, gib: int) -> list[str]:
    count = gib * 4
    names = [f"layer.{index}.weight" for index in range(count)]
    places = {
        name: {"dtype": "F32", "shape": [1024, TENSOR_BYTES // 4096], "data_offsets": [at, at + TENSOR_BYTES]}
        for name, at in zip(names, range(0, count * TENSOR_BYTES, TENSOR_BYTES), strict=True)
    }
    header = json.dumps(places).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for index, name in enumerate(names):
            file.seek(8 + len(header) + places[name]["data_offsets"][0])
            file.write(mark(index).tobytes())
        file.truncate(8 + len(header) + count * TENSOR_BYTES)
    return names


def read_marks(path: Path) -> dict[str, np.ndarray]:
    """The first values of each large tensor of a safetensors file; checks that all other bytes are zero."""
    found = {}
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            if end - begin != TENSOR_BYTES:
                continue
            file.seek(8 + length + begin)
            for start in range(0, TENSOR_BYTES, PIECE):
                piece = np.frombuffer(file.read(PIECE), np.float32)
                if start == 0:
                    found[name], piece = piece[:4], piece[4:]
                assert not piece.view(np.uint32).any(), (name, start)
    return found


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[2]), int(sys.argv[1]))
    write_safetensors(Path(sys.argv[3]), int(sys.argv[1]))
