# SPDX-License-Identifier: Apache-2.0
"""NumPy's files: .npz archives and single .npy arrays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from case import Case, Row

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64",
          "complex64", "complex128"]  # fmt: skip


def row(name: str, array: np.ndarray) -> Row:
    plain = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    return name, array.dtype.newbyteorder("=").name, list(array.shape), plain.tobytes(), None


def rows_of_archive(path: Path) -> list[Row]:
    with np.load(path, allow_pickle=False) as archive:
        return [row(name, archive[name]) for name in archive.files]


def rows_of_array(path: Path) -> list[Row]:
    return [row(path.stem, np.load(path, allow_pickle=False))]


def random_array(dtype: str, shape: tuple[int, ...], order: str = "C") -> np.ndarray:
    """Random bytes, including NaNs; for bool only 0 and 1."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape)) * kind.itemsize
    data = np.random.default_rng(1).integers(0, 2 if kind == bool else 256, count, dtype=np.uint8)
    return np.asarray(data.view(kind).reshape(shape), order=order)


def one_dtype(dtype: str) -> dict[str, np.ndarray]:
    wide = random_array(dtype, (4, 6))
    return {
        "plain": random_array(dtype, (3, 2)), "scalar": random_array(dtype, ()), "one": random_array(dtype, (1, 1, 1)),
        "empty": np.empty((0, 4), dtype), "fortran": random_array(dtype, (3, 5, 2), "F"), "sliced": wide[1:3, ::2],
        "transposed": wide.T, "backwards": wide[::-1], "broadcast": np.broadcast_to(wide[0], (3, 6)),
    }  # fmt: skip


def orders() -> dict[str, np.ndarray]:
    kinds = [kind for kind in DTYPES if np.dtype(kind).itemsize > 1]
    return {f"{kind} {order}": random_array(np.dtype(kind).newbyteorder(">"), (3, 5), order) for kind in kinds for order in "CF"}


ARCHIVES: dict[str, Callable] = {
    "orders": orders,
    "names": lambda: {name: np.ones(3) for name in
                      ["a.b", "a b", "layer/0/weight", "重", "x" * 200, "a.npy", "__tree__", "arr_0", "$row"]},
    "many arrays": lambda: {f"layer.{i}.weight": np.full(i % 7, float(i)) for i in range(2000)},
    "large": lambda: {"a": random_array("float32", (2000, 3000)), "f": random_array("float64", (1500, 1700), "F"),
                      "b": random_array(">i4", (1000, 1100), "F")},
    "many dimensions": lambda: {"a": random_array("int16", (1, 2, 1, 3, 1, 2, 2), "F"), "b": random_array("int8", (1,) * 20)},
}  # fmt: skip


def archive(name: str, make: Callable) -> Case:
    def write(folder: Path) -> Path:
        np.savez(folder / "model.npz", **make())
        return folder / "model.npz"

    return Case(f"npz: {name}", write, rows_of_archive)


def single(name: str, array: np.ndarray, version: tuple[int, int] | None = None) -> Case:
    def write(folder: Path) -> Path:
        with open(folder / "weight.npy", "wb") as file:
            np.lib.format.write_array(file, array, version)
        return folder / "weight.npy"

    return Case(f"npy: {name}", write, rows_of_array)


def cases() -> list[Case]:
    found = [archive(name, make) for name, make in ARCHIVES.items()]
    for dtype in DTYPES:
        found.append(archive(dtype, lambda dtype=dtype: one_dtype(dtype)))
        found.append(single(dtype, random_array(dtype, (3, 4))))
    for name, array in one_dtype("float32").items():
        found.append(single(name, array))
    for kind in (">f4", ">i2", ">c16"):
        found.append(single(f"big-endian {kind}", random_array(kind, (3, 4))))
        found.append(single(f"big-endian {kind}, Fortran", random_array(kind, (3, 4), "F")))
    for version in ((1, 0), (2, 0), (3, 0)):
        found.append(single(f"version {version[0]}", np.arange(5.0), version))
    found.append(single("large", random_array("float32", (3000, 1000), "F")))
    return found
