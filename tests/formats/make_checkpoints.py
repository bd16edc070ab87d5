# SPDX-License-Identifier: Apache-2.0
"""State dicts that together cover everything torch.save writes for tensors.

    python make_checkpoints.py FOLDER

writes each to FOLDER as NAME.zip.pth and NAME.legacy.pth.
"""

import collections
import sys
from pathlib import Path

import torch

# torch.save has no storage type for these dtypes.
NOT_SAVED = {f"{sign}{bits}" for sign in ("int", "uint") for bits in range(1, 8)}


def all_dtypes() -> dict[str, torch.dtype]:
    found = {str(value)[6:]: value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    return dict(sorted(found.items()))


def random_tensor(dtype: torch.dtype, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Random bytes, including NaNs; for bool only 0 and 1."""
    count = 1
    for size in shape:
        count *= size
    generator = torch.Generator().manual_seed(seed)
    data = torch.randint(0, 256, (count * dtype.itemsize,), dtype=torch.uint8, generator=generator)
    if dtype == torch.bool:
        data &= 1
    if count == 0:
        return torch.empty(shape, dtype=dtype)
    return data.view(dtype).reshape(shape)


def dtypes() -> dict:
    names = [name for name in all_dtypes() if name not in NOT_SAVED]
    return {name: random_tensor(all_dtypes()[name], (3, 2), i) for i, name in enumerate(names)}


def views() -> dict:
    base = torch.arange(24.0).reshape(4, 6)
    halves = torch.arange(30, dtype=torch.int16).reshape(2, 3, 5)
    return {
        "transposed": torch.arange(6.0).reshape(2, 3).t(),
        "permuted": halves.permute(2, 0, 1),
        "permuted_back": halves.permute(1, 2, 0),
        "expanded": torch.arange(4, dtype=torch.int64).expand(3, 4),
        "expanded_column": torch.arange(3.0).reshape(3, 1).expand(3, 5),
        "one_value": torch.tensor(7.0).expand(2, 2, 2),
        "columns": base[:, 1:4],
        "every_second": base[::2, ::3],
        "last_row": base[3],
        "channels_last": torch.arange(120.0).reshape(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "bytes": torch.arange(12, dtype=torch.uint8).reshape(3, 4).t(),
        "wide": torch.arange(12).to(torch.complex128).reshape(3, 4).t(),
    }


def ties() -> dict:
    weight = torch.nn.Parameter(torch.randn(4, 3, generator=torch.Generator().manual_seed(1)))
    return {
        "embed.weight": weight,
        "other": torch.ones(2),
        "head.weight": weight,
        "head.data": weight.data,
        "head.transposed": weight.data.t(),
        "head.first_rows": weight.data[:2],
        "head.last_rows": weight.data[2:],
    }


def small() -> dict:
    return {
        "scalar": torch.tensor(3.5),
        "empty": torch.empty(0),
        "empty_rows": torch.empty(0, 3, dtype=torch.bfloat16),
        "empty_slice": torch.arange(5)[2:2],
        "ones": torch.ones(1, 1, 1),
        "parameter": torch.nn.Parameter(torch.ones(3), requires_grad=True),
        "frozen": torch.nn.Parameter(torch.ones(3), requires_grad=False),
        "Grüße 🙂": torch.ones(2),
        "": torch.zeros(1),
    }


def flags() -> dict:
    value = torch.randn(3, 4, dtype=torch.complex64, generator=torch.Generator().manual_seed(2))
    wide = torch.randn(5, dtype=torch.complex128, generator=torch.Generator().manual_seed(3))
    return {
        "conj": value.conj(),
        "conj_transposed": value.mH,
        "imaginary_of_conj": value.clone().conj().imag,
        "neg": torch._neg_view(wide),
        "neg_conj": torch._neg_view(wide.conj()),
        "wide_conj": wide.conj(),
    }


def module() -> collections.OrderedDict:
    torch.manual_seed(4)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Flatten(), torch.nn.Linear(8, 4, bias=False)
    )
    return net.state_dict()


def big() -> dict:
    generator = torch.Generator().manual_seed(5)
    return {
        "matrix": torch.randn(2500, 2000, generator=generator),
        "transposed": torch.randn(3000, 3300, generator=generator).t(),
        "bytes": torch.arange(20_000_000, dtype=torch.int32).to(torch.uint8),
    }


CHECKPOINTS = {
    "dtypes": dtypes, "views": views, "ties": ties, "small": small, "flags": flags, "module": module,
    "big": big, "nothing": dict,
}  # fmt: skip


def write(folder: Path, name: str, zip_form: bool) -> Path:
    path = folder / f"{name}.{'zip' if zip_form else 'legacy'}.pth"
    torch.save(CHECKPOINTS[name](), path, _use_new_zipfile_serialization=zip_form)
    return path


if __name__ == "__main__":
    for checkpoint in CHECKPOINTS:
        write(Path(sys.argv[1]), checkpoint, True)
        write(Path(sys.argv[1]), checkpoint, False)
