# SPDX-License-Identifier: Apache-2.0
"""Files of torch.save: each content in the zip form and the legacy form, as .pth, .pt and .bin.

    python cases_torch.py FOLDER

writes them all.
"""

import functools
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import contents_python
import contents_training
import make_checkpoints
import numpy as np
import torch
from case import Case, Row
from expected_rows import expected_rows

# torch.load accepts NumPy's objects and an empty `bytes` only if these are allowed.
GLOBALS = [
    bytes, np._core.multiarray.scalar, np._core.multiarray._reconstruct, np.ndarray, np.dtype,
    *(getattr(np.dtypes, name) for name in dir(np.dtypes) if name.endswith("DType")),
]  # fmt: skip
QUANTIZED = (torch.qint8, torch.quint8, torch.qint32, torch.quint4x2, torch.quint2x4)
ENDINGS = (".pth", ".pt", ".bin")


def rows(path: Path, weights_only: bool = True) -> list[Row]:
    with torch.serialization.safe_globals(GLOBALS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return expected_rows(torch.load(path, weights_only=weights_only, map_location="cpu"))


def rows_by_pickle(path: Path) -> list[Row]:
    """Uses Python's unpickler, because torch's own supports only protocols 2 and 3."""
    return rows(path, weights_only=False)


def one_dtype(dtype: torch.dtype) -> dict:
    """One dtype in all shapes and layouts."""
    random = make_checkpoints.random_tensor
    if dtype in QUANTIZED:  # torch supports only this for quantized dtypes
        return {"plain": random(dtype, (3, 2), 2)}
    wide = random(dtype, (4, 6), 1)
    return {
        "plain": random(dtype, (3, 2), 2),
        "scalar": random(dtype, (), 3),
        "one": random(dtype, (1, 1, 1), 4),
        "empty": torch.empty((0, 4), dtype=dtype),
        "sliced": wide[1:3, ::2],
        "transposed": wide.t(),
        "expanded": wide[:1].expand(5, 6),
        "tied": wide,
        "tied too": wide,
    }


def contents() -> dict:
    """Maps a name to a function that makes the object."""
    plain = {name: make for name, make in make_checkpoints.CHECKPOINTS.items() if name != "dtypes"}
    return {**plain, **contents_python.CONTENTS, **contents_training.CONTENTS}


def case(name: str, ending: str, make: Callable[[], object], **options) -> Case:
    def write(folder: Path) -> Path:
        path = folder / f"model{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.save(make(), path, **options)
        return path

    return Case(f"torch {name}", write, rows if options.get("pickle_protocol", 2) < 4 else rows_by_pickle)


def is_read_in_old_form(dtype: torch.dtype) -> bool:
    """Newer dtypes have no storage class, which torch needs to read its own legacy form."""
    with warnings.catch_warnings():  # these classes are deprecated
        warnings.simplefilter("ignore")
        return any(dtype == getattr(storage, "dtype", None) for storage in torch._storage_classes)


def several_files(name: str, make: Callable[[], dict], count: int) -> Case:
    """Splits a model's .bin as Hugging Face's libraries do."""

    def write(folder: Path) -> Path:
        tensors, names = make(), {}
        for number in range(1, count + 1):
            shard = f"pytorch_model-{number:05}-of-{count:05}.bin"
            part = dict(list(tensors.items())[number - 1 :: count])
            torch.save(part, folder / shard)
            names.update(dict.fromkeys(part, shard))
        path = folder / "pytorch_model.bin.index.json"
        path.write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": names}))
        return path

    def rows_of_shards(index: Path) -> list[Row]:
        shards = sorted(set(json.loads(index.read_text())["weight_map"].values()))
        return [row for shard in shards for row in rows(index.parent / shard)]

    return Case(f"torch, {count} files: {name}", write, rows_of_shards, in_order=False)


OLD = {"_use_new_zipfile_serialization": False}


def cases() -> list[Case]:
    found = []
    for index, (name, make) in enumerate(contents().items()):
        ending = ENDINGS[index % len(ENDINGS)]
        found += [case(f"zip: {name}", ending, make), case(f"legacy: {name}", ending, make, **OLD)]
    for name, dtype in make_checkpoints.all_dtypes().items():
        if name in make_checkpoints.NOT_SAVED:
            continue
        make = functools.partial(one_dtype, dtype)
        found.append(case(f"zip: {name}", ".pth", make))
        if is_read_in_old_form(dtype):
            found.append(case(f"legacy: {name}", ".pth", make, **OLD))
    for protocol in (2, 3, 4, 5):
        for name in ("module", "types", "adamw"):
            options = {"pickle_protocol": protocol}
            found.append(case(f"zip, protocol {protocol}: {name}", ".pth", contents()[name], **options))
            found.append(case(f"legacy, protocol {protocol}: {name}", ".pth", contents()[name], **options, **OLD))
    for name, make in contents_python.FROM_PROTOCOL_4.items():
        found.append(case(f"zip, protocol 4: {name}", ".pth", make, pickle_protocol=4))
        found.append(case(f"legacy, protocol 4: {name}", ".pth", make, pickle_protocol=4, **OLD))
    for name in ("module", "views", "small", "big", "many tensors"):
        found.append(several_files(name, contents()[name], 3))
    return found


if __name__ == "__main__":
    for each in cases():
        folder = Path(sys.argv[1]) / each.name.replace("/", "_").replace(": ", ".").replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        print(each.make(folder))
