# SPDX-License-Identifier: Apache-2.0
"""Files of safetensors: single, and sharded with an index as Hugging Face's libraries write them."""

import json
from collections.abc import Callable
from pathlib import Path

import make_checkpoints
import safetensors
import safetensors.torch
import torch
from case import Case, Row

# Maps safetensors' name of a dtype to torch's.
DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "U16": "uint16", "I32": "int32", "U32": "uint32",
    "I64": "int64", "U64": "uint64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "C64": "complex64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
}  # fmt: skip


def entries(path: Path) -> list[Row]:
    """The rows that safetensors reads without torch, which does not support every dtype."""
    found = safetensors.deserialize(path.read_bytes())
    return [(name, DTYPES[entry["dtype"]], list(entry["shape"]), bytes(entry["data"]), None) for name, entry in found]


def rows_of_shards(index: Path) -> list[Row]:
    names = json.loads(index.read_text())["weight_map"]
    return [row for shard in sorted(set(names.values())) for row in entries(index.parent / shard)]


def write_shards(folder: Path, tensors: dict[str, torch.Tensor], count: int) -> Path:
    shards = [dict(list(tensors.items())[start::count]) for start in range(count)]
    names = {}
    for number, shard in enumerate(shards, start=1):
        file = f"model-{number:05}-of-{count:05}.safetensors"
        safetensors.torch.save_file(shard, folder / file, metadata={"format": "pt"})
        names.update({name: file for name in shard})
    size = sum(tensor.nbytes for tensor in tensors.values())
    path = folder / "model.safetensors.index.json"
    text = json.dumps({"metadata": {"total_size": size}, "weight_map": names}, indent=2, sort_keys=True)
    path.write_text(text + "\n")
    return path


def one_dtype(dtype: torch.dtype) -> dict[str, torch.Tensor]:
    random = make_checkpoints.random_tensor
    return {
        "plain": random(dtype, (3, 2), 1), "scalar": random(dtype, (), 2), "one": random(dtype, (1, 1, 1), 3),
        "empty": torch.empty((0, 4), dtype=dtype), "wide": random(dtype, (1, 2, 3, 4, 5), 4),
    }  # fmt: skip


def contiguous(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """State dicts that save_file accepts: no two tensors share a storage."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


CONTENTS: dict[str, Callable] = {
    "module": make_checkpoints.module,
    "views": lambda: contiguous({k: v for k, v in make_checkpoints.views().items() if v.dtype != torch.complex128}),
    "small": lambda: contiguous(make_checkpoints.small()),
    "ties": lambda: contiguous(make_checkpoints.ties()),
    "large": lambda: contiguous(make_checkpoints.big()),
    "names": lambda: {name: torch.ones(3) for name in
                      ["a.b", "a/b", "重", "new\nline", '"', "\\", "\x7f", "$row", "__tree__", "x" * 3000]},
    "mixed dtypes": lambda: {name: make_checkpoints.random_tensor(getattr(torch, name), (3, 5), 1)
                             for name in DTYPES.values()},
    "many tensors": lambda: {f"layer.{i}.weight": torch.full((i % 7,), float(i)) for i in range(3000)},
}  # fmt: skip


def one_file(name: str, make: Callable, metadata: dict[str, str] | None = None) -> Case:
    def write(folder: Path) -> Path:
        safetensors.torch.save_file(make(), folder / "model.safetensors", metadata=metadata)
        return folder / "model.safetensors"

    return Case(f"safetensors: {name}", write, entries, in_order=False)


def several_files(name: str, make: Callable, count: int) -> Case:
    def write(folder: Path) -> Path:
        return write_shards(folder, make(), count)

    return Case(f"safetensors, {count} files: {name}", write, rows_of_shards, in_order=False)


def cases() -> list[Case]:
    found = [one_file(name, make) for name, make in CONTENTS.items()]
    found += [several_files(name, make, 3) for name, make in CONTENTS.items()]
    for name in DTYPES.values():
        found.append(one_file(name, lambda name=name: one_dtype(getattr(torch, name))))
    found.append(one_file("nothing", dict))
    found.append(one_file("metadata", make_checkpoints.module, {"format": "pt", "": "x", "Grüße": "🙂\n" * 100}))
    found.append(several_files("module", make_checkpoints.module, 1))
    found.append(several_files("many tensors", CONTENTS["many tensors"], 40))
    return found
