# SPDX-License-Identifier: Apache-2.0
"""Converted numbers equal torch's .to() for every pair of dtypes; values that an integer cannot hold are rejected.

LANCEKEEP_BUILD is the build folder, which contains lancekeep_convert_tool.
"""

import os
import subprocess
from pathlib import Path

import pytest
import torch

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
FLOAT8 = [torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz, torch.float8_e8m0fnu]
INTEGERS = [torch.bool, torch.uint8, torch.int8, torch.uint16, torch.int16, torch.uint32, torch.int32]
INTEGERS += [torch.uint64, torch.int64]
ALL = FLOATS + FLOAT8 + INTEGERS
CODES = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
RANDOM = 20_000
INTEGER_VALUES = 3_000  # per dtype, how many are checked with Python's own integers


def tool() -> Path:
    found = [path for path in Path(os.environ["LANCEKEEP_BUILD"]).rglob("lancekeep_convert_tool") if path.is_file()]
    assert found, "no lancekeep_convert_tool; build that target first"
    return found[0]


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def codes_of(values: torch.Tensor) -> torch.Tensor:
    return values.view(torch.uint8 if values.dtype == torch.bool else CODES[values.dtype.itemsize])


def as_bytes(values: torch.Tensor) -> bytes:
    return codes_of(values).numpy().tobytes()


def random_codes(bits: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(7)
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return torch.randint(low, high, (RANDOM,), generator=random, dtype=torch.int64)


def around_the_codes_of(dtype: torch.dtype) -> torch.Tensor:
    """Each number of a small float type, the middle of each two neighbours, and the float32 on both sides of each."""
    codes = torch.arange(1 << dtype.itemsize * 8)
    codes = codes.to(torch.uint8) if dtype.itemsize == 1 else codes.to(torch.int16)
    numbers = codes.view(dtype).to(torch.float32)
    numbers = numbers[numbers.isfinite()].sort().values
    numbers = torch.cat([numbers, (numbers[1:] + numbers[:-1]) / 2, numbers.abs().max() * torch.tensor([1.01, 1.1, 2])])
    up = torch.nextafter(numbers, torch.tensor(float("inf")))
    down = torch.nextafter(numbers, torch.tensor(-float("inf")))
    return torch.cat([numbers, up, down])


def values_of(dtype: torch.dtype) -> torch.Tensor:
    """All codes of up to 16 bits; otherwise random codes, numbers of all sizes, and numbers near those of smaller types."""
    if dtype == torch.bool:
        return torch.tensor([False, True])
    if dtype.itemsize <= 2:
        codes = torch.arange(1 << dtype.itemsize * 8)
        return codes.to(torch.uint8 if dtype.itemsize == 1 else torch.int16).view(dtype)
    codes = random_codes(dtype.itemsize * 8)
    random = (codes if dtype.itemsize == 8 else codes.to(torch.int32)).view(dtype)
    if not dtype.is_floating_point:
        return torch.cat([random, (codes >> (torch.arange(RANDOM) % (dtype.itemsize * 8))).to(dtype)])
    near = [around_the_codes_of(small) for small in [torch.float16, torch.bfloat16, *FLOAT8]]
    special = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan"), -float("nan")])
    whole = (codes >> (torch.arange(RANDOM) % 64)).to(dtype)
    return torch.cat([random, whole, *(part.to(dtype) for part in [*near, special])])


def convert(folder: Path, jobs) -> list[str]:
    lines = []
    for index, (values, to) in enumerate(jobs):
        (folder / f"{index}.from").write_bytes(as_bytes(values))
        lines.append(f"{name_of(values.dtype)} {folder}/{index}.from {name_of(to)} {folder}/{index}.to\n")
    run = subprocess.run([tool()], input="".join(lines), capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def read_back(folder: Path, index: int, dtype: torch.dtype) -> torch.Tensor:
    content = bytearray((folder / f"{index}.to").read_bytes())
    return torch.frombuffer(content, dtype=dtype)


@pytest.mark.parametrize("source", ALL, ids=name_of)
def test_to_floats_as_torch(source, tmp_path):
    values = values_of(source)
    targets = FLOATS + FLOAT8
    assert convert(tmp_path, [(values, target) for target in targets]) == ["all"] * len(targets)
    for index, target in enumerate(targets):
        found = read_back(tmp_path, index, target)
        expected = values.to(target)
        is_nan = expected.to(torch.float64).isnan()
        assert torch.equal(found.to(torch.float64).isnan(), is_nan), target
        assert torch.equal(codes_of(found)[~is_nan], codes_of(expected)[~is_nan]), target
        if target in FLOAT8 and source in (torch.float64, torch.float32):
            assert torch.equal(codes_of(found), codes_of(expected)), target  # NaN too


def some_of(values: torch.Tensor) -> torch.Tensor:
    """The first few, and an even selection of the others."""
    step = max(1, len(values) // INTEGER_VALUES)
    return torch.cat([values[:300], values[300::step].contiguous()]) if len(values) > INTEGER_VALUES else values


def exact(values: torch.Tensor, target: torch.dtype) -> torch.Tensor:
    """Which of the values an integer type can hold exactly, computed with Python's own integers."""
    low, high = (0, 1) if target == torch.bool else (torch.iinfo(target).min, torch.iinfo(target).max)
    numbers = values.tolist()
    return torch.tensor([x == x and abs(x) != float("inf") and x == int(x) and low <= int(x) <= high for x in numbers])


@pytest.mark.parametrize("source", ALL, ids=name_of)
def test_integers_accept_only_values_that_they_hold(source, tmp_path):
    values = codes_of(values_of(source))
    values = some_of(values).view(source)
    keep = {target: exact(values, target) for target in INTEGERS}
    fitting = [(values[keep[target]] if source.itemsize < 8 else codes_of(values)[keep[target]].view(source), target)
               for target in INTEGERS]
    assert convert(tmp_path, fitting) == ["all"] * len(INTEGERS)
    for index, (chosen, target) in enumerate(fitting):
        assert read_back(tmp_path, index, target).tolist() == [int(x) for x in chosen.tolist()], target


@pytest.mark.parametrize("source", ALL, ids=name_of)
def test_the_first_value_that_does_not_fit_is_reported(source, tmp_path):
    values = codes_of(values_of(source))
    values = some_of(values).view(source)
    jobs = [(values, target) for target in INTEGERS if target != source]
    expected = []
    for _, target in jobs:
        fits = exact(values, target)
        expected.append("all" if fits.all() else str(int((~fits).to(torch.int8).argmax())))
    assert convert(tmp_path, jobs) == expected
