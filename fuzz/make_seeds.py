# SPDX-License-Identifier: Apache-2.0
"""Writes seeds of the fuzz targets, in addition to their corpora: small files of every kind, written by the packages
that define the formats, and the small files among those of tests/hostile.

.venv/bin/python fuzz/make_seeds.py FOLDER [TARGET...]

Writes FOLDER/TARGET/NAME for the given targets, or for all.
"""

import collections
import io
import json
import pickle
import re
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import lance_seeds
import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "hostile"))
from hostile_files import CASES  # noqa: E402
from hostile_safetensors import entry, of  # noqa: E402

LARGEST = 16 << 10
MODEL_FILE_TARGETS = {"pickle", "checkpoint", "zip", "safetensors", "index", "model_file"}
LANCE_TARGETS = {"data_file", "deletions", "manifest", "page"}
BYTES_PER_NUMBER = {"F4": 0.5, "F6_E2M3": 0.75, "F6_E3M2": 0.75, "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1,
                    "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
                    "U32": 4, "F32": 4, "C64": 8, "F64": 8, "I64": 8, "U64": 8}  # fmt: skip


def objects() -> dict[str, object]:
    a, b = torch.arange(6.0).reshape(2, 3), torch.tensor([1, 2])
    parameter = torch.nn.Parameter(torch.ones(2))
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2)).sum().backward()
    optimizer.step()
    return {
        "flat": {"a": a, "b": b},
        "module": model.state_dict(),
        "views": {"t": a.t(), "row": a[1], "every": a[:, ::2], "expanded": b.expand(3, 2), "scalar": torch.tensor(1.5)},
        "ties": {"a": parameter, "b": parameter, "c": parameter.data, "empty": torch.empty(0, 3)},
        "flags": {"conj": torch.ones(1, dtype=torch.complex64).conj(), "neg": torch._neg_view(torch.ones(1))},
        "training": {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "lr": 1e-3},
        "values": {"none": None, "yes": True, "big": 1 << 70, "inf": float("-inf"), "bytes": b"\0\xff", "text": "Gr\u00fc\u00dfe",
                   "tuple": (1, (2.0, "x")), "list": [a, {"k": b}], "dict": {1: a, (2, 3): b, None: 4}, "size": a.shape,
                   "set": {1, 2}, "complex": 1 + 2j, "device": torch.device("cpu"), "dtype": torch.float16,
                   "counter": collections.Counter("aab"), "ordered": collections.OrderedDict(z=1, y=a),
                   "default": collections.defaultdict(list, k=[1]), "bytearray": bytearray(b"xy")},
        "numpy": {"array": np.arange(3.0), "scalar": np.float32(1.5), "f": np.asfortranarray(np.ones((2, 2)))},
        "tensor": b,
        "list": [a, 1, [b]],
        "cycle": (lambda made: made.append(made) or {"a": made})([]),
    }  # fmt: skip


def torch_files():
    for name, made in objects().items():
        for protocol in (2, 3, 4, 5):
            for form, is_zip in (("zip", True), ("legacy", False)):
                file = io.BytesIO()
                torch.save(made, file, pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip)
                yield f"{name}-{protocol}.{form}", file.getvalue()
    for dtype in (value for value in vars(torch).values() if isinstance(value, torch.dtype)):
        try:
            file = io.BytesIO()
            torch.save({"a": torch.zeros(16, dtype=torch.uint8).view(dtype)}, file)
            yield f"{str(dtype)[6:]}.zip", file.getvalue()
        except (RuntimeError, KeyError, TypeError):
            continue  # torch cannot save it


def safetensors_files():
    for name, size in BYTES_PER_NUMBER.items():
        yield name, of("{" + entry(dtype=name, shape="[2,4]", offsets=f"[0,{int(8 * size)}]") + "}", bytes(int(8 * size)))
    tensors = {"a": torch.ones(2), "b.c": torch.zeros(2, 2, dtype=torch.bfloat16), "s": torch.tensor(1), "e": torch.empty(0)}
    yield "several", safetensors.torch.save(tensors, metadata={"format": "pt", "k\n\u00fc": ""})
    yield "nothing", of("{}", b"")
    yield "null", of('{"__metadata__":null}   ', b"")


def arrays() -> dict[str, np.ndarray]:
    plain = {dtype: np.arange(4).astype(dtype) for dtype in "? b B h H i I l L e f d F D >f4 >i8 >c8".split()}
    return plain | {"fortran": np.asfortranarray(np.ones((2, 3))), "scalar": np.array(1.0), "empty": np.ones((0, 2))}


def npy_of(array: np.ndarray, version=(1, 0)) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def numpy_files():
    for name, array in arrays().items():
        yield f"{name}.npy", npy_of(array)
    for version in ((2, 0), (3, 0)):
        yield f"version{version[0]}.npy", npy_of(np.ones(2), version)
    for name, save in (("stored", np.savez), ("compressed", np.savez_compressed)):
        file = io.BytesIO()
        save(file, a=np.arange(5), b=np.ones((2, 2), dtype=np.float16))
        yield f"{name}.npz", file.getvalue()


def indexes():
    weight_map = {"a": "a.safetensors", "b": "b.safetensors"}
    yield "index", json.dumps({"metadata": {"total_size": 6}, "weight_map": weight_map}).encode()
    yield "indented", json.dumps({"weight_map": weight_map}, indent=2).encode()
    yield "escaped", b'{"metadata":{"x":[1,-2.5e3,true,null,{"y":"\\u00fc"}]},"weight_map":{"\\u0061":"a.safetensors"}}'


def hostile(kind: str):
    """The small cases of a kind. Cases that use up the whole budget before they are rejected would leave the fuzzer
    little time for anything else."""
    for case in CASES:
        if case.name.startswith(kind) and not re.search(r"laughs|million|MiB|MB|\d00,000|GiB", case.name):
            with tempfile.TemporaryDirectory() as folder:
                path = case.make(Path(folder))
                if path.is_file():
                    yield case.name, path.read_bytes()


def pickles_of(archives):
    for name, content in archives:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                (inner,) = [each for each in archive.namelist() if each.endswith("/data.pkl")]
                yield name, archive.read(inner)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
            continue


def model_file_seeds() -> dict[str, list[tuple[str, bytes]]]:
    torches, tensors, numpys = list(torch_files()), list(safetensors_files()), list(numpy_files())
    zips = [each for each in torches + numpys if each[0].endswith((".zip", ".npz"))]
    pickles = list(pickles_of(zips + list(hostile("pickle:"))))
    plain = [1, -(1 << 40), 1 << 200, 1.5, "x" * 300, b"y" * 300, (1, 2, 3, 4), [1, [2]], {"k": {1: 2}}, {1}, frozenset({2})]
    return {
        "pickle": pickles + [(f"plain{i}-{p}", pickle.dumps(made, p)) for i, made in enumerate(plain) for p in range(6)],
        "checkpoint": pickles,
        "zip": zips + list(hostile("zip:")) + list(hostile("npz:")),
        "safetensors": tensors + list(hostile("safetensors:")),
        "index": list(indexes()) + list(hostile("index:")),
        "model_file": torches + tensors + numpys + list(hostile("npy:")) + list(hostile("npz:")) + list(hostile("legacy:")),
    }


def seeds(targets: list[str]) -> dict[str, list[tuple[str, bytes]]]:
    result = {}
    for make, made in ((model_file_seeds, MODEL_FILE_TARGETS), (lance_seeds.seeds, LANCE_TARGETS)):
        if not targets or not made.isdisjoint(targets):
            result |= make()
    return {target: files for target, files in result.items() if not targets or target in targets}


def main() -> None:
    warnings.simplefilter("ignore")
    for target, files in seeds(sys.argv[2:]).items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        kept = [(name, content) for name, content in files if len(content) <= LARGEST]
        for name, content in kept:
            (folder / re.sub(r"[^\w.-]+", "_", name)[:100]).write_bytes(content)
        print(f"{target}: {len(kept)} seeds")


if __name__ == "__main__":
    main()
