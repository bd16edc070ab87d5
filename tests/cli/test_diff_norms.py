# SPDX-License-Identifier: Apache-2.0
"""Compares the figures of lancekeep diff --norms with numpy's in float64, for every float dtype of torch."""

import math

import numpy as np
import pytest
import torch
from diff_stores import Stores, diff

FLOAT_DTYPES = [dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype) and dtype.is_floating_point]
FLOAT_DTYPES = sorted(set(FLOAT_DTYPES), key=str)
COMPLEX_DTYPES = [torch.complex32, torch.complex64, torch.complex128]
FLOAT4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]


def name_of(dtype):
    return str(dtype).removeprefix("torch.")


@pytest.fixture
def figures(tmp_path):
    """The figures of a diff in which one tensor becomes another."""
    stores = Stores(tmp_path)

    def call(before, after):
        document = diff(stores.save({"w": before}, {"w": after}), "1", "2", "--norms")
        return document["changed"][0]["figures"]

    return call


def raw(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy()


def from_raw(codes, dtype):
    return torch.from_numpy(np.ascontiguousarray(codes).view(np.uint8)).view(dtype)


def doubles(tensor):
    """All values, in numpy's float64. torch converts every dtype except float4, which it does not support."""
    if tensor.dtype == torch.float4_e2m1fn_x2:
        codes = raw(tensor)
        return np.array(FLOAT4)[np.stack([codes & 15, codes >> 4], axis=-1).reshape(-1)]
    if tensor.dtype.is_complex:
        tensor = torch.view_as_real(tensor)
    return tensor.reshape(-1).to(torch.float64).numpy()


def codes_of(tensor):
    """One unsigned integer for each value."""
    if tensor.dtype == torch.float4_e2m1fn_x2:
        codes = raw(tensor)
        return np.stack([codes & 15, codes >> 4], axis=-1).reshape(-1)
    width = tensor.dtype.itemsize // (2 if tensor.dtype.is_complex else 1)
    return raw(tensor).view(f"u{width}")


def expected(before, after):
    a, b = doubles(before), doubles(after)
    finite = np.isfinite(a) & np.isfinite(b)
    differing = int((codes_of(before) != codes_of(after)).sum())
    a_finite, b_finite = a[finite], b[finite]
    norms = np.linalg.norm(a_finite), np.linalg.norm(b_finite)
    l2 = np.linalg.norm(b_finite - a_finite)
    relative = 0 if l2 == 0 else l2 / norms[0] if norms[0] else math.inf
    return {
        "elements": a.size,
        "differing": differing,
        "non_finite": int((~finite).sum()),
        "l2": l2,
        "max_abs": np.abs(b_finite - a_finite).max(initial=0),
        "l2_before": norms[0],
        "l2_after": norms[1],
        "relative": relative,
        "cosine": np.dot(a_finite, b_finite) / (norms[0] * norms[1]) if norms[0] and norms[1] else math.nan,
    }


def check(found, before, after):
    wanted = expected(before, after)
    assert list(found) == list(wanted)
    for key, value in wanted.items():
        if isinstance(value, int):
            assert found[key] == value, key
        elif not math.isfinite(value):
            assert found[key] is None, key
        else:
            assert found[key] == pytest.approx(value, rel=1e-12, abs=1e-12 if key == "cosine" else 0), key


def random(dtype, count, seed):
    """Random bits for the small dtypes, numbers of all magnitudes for the others."""
    generator = np.random.default_rng(seed)
    if dtype.itemsize <= 2 and not dtype.is_complex:
        return from_raw(generator.integers(0, 256, count * dtype.itemsize, dtype=np.uint8), dtype)
    values = torch.from_numpy(generator.standard_normal((count, 2)) * 10.0 ** generator.integers(-4, 4, (count, 2)))
    return torch.view_as_complex(values).to(dtype) if dtype.is_complex else values[:, 0].to(dtype)


# --- figures against numpy ----------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("dtype", FLOAT_DTYPES + COMPLEX_DTYPES, ids=name_of)
def test_figures_of_every_float_dtype(figures, dtype):
    before, other = random(dtype, 5001, 1), random(dtype, 5001, 2)
    stays = np.arange(raw(before).size) // dtype.itemsize % 3 == 0
    after = from_raw(np.where(stays, raw(before), raw(other)), dtype)
    check(figures(before, after), before, after)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES, ids=name_of)
def test_every_value_of_every_small_dtype(tmp_path, dtype):
    """Each code is compared with 1: its norm shows its magnitude, and its change shows its sign."""
    if dtype.itemsize == 1:
        codes, pieces = np.arange(256, dtype=np.uint8), 256
    else:
        codes, pieces = np.arange(65536, dtype=np.uint16), 256
    after = from_raw(codes, dtype) if dtype.itemsize <= 2 else torch.from_numpy(codes.astype(np.float64)).to(dtype)
    one = {torch.float4_e2m1fn_x2: 0x22, torch.float8_e8m0fnu: 127}.get(dtype)
    ones = torch.ones(after.shape).to(dtype) if one is None else from_raw(np.full(256, one, np.uint8), dtype)
    # Each piece has neighbouring codes, which have one sign and about the same magnitude.
    parts = lambda tensor: {f"p{i}": from_raw(part, dtype) for i, part in enumerate(np.split(raw(tensor), pieces))}
    before, after = parts(ones), parts(after)
    document = diff(Stores(tmp_path).save(before, after), "1", "2", "--norms")
    assert len(document["changed"]) >= pieces - 1
    for change in document["changed"]:
        name = change["after"]["name"]
        check(change["figures"], before[name], after[name])


def test_figures_of_many_blocks_and_pieces(figures):
    before = random(torch.float32, 3_000_001, 1)
    after = before + 1e-3 * random(torch.float32, 3_000_001, 2)
    after[2_000_000:2_500_000] = before[2_000_000:2_500_000]
    check(figures(before, after), before, after)


SPECIAL = [0.0, -0.0, 1.0, -1.5, math.inf, -math.inf, math.nan, 1e-40, 3e38]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=name_of)
def test_every_pair_of_special_values(figures, dtype):
    before = torch.tensor([a for a in SPECIAL for _ in SPECIAL]).to(dtype)
    after = torch.tensor([b for _ in SPECIAL for b in SPECIAL]).to(dtype)
    check(figures(before, after), before, after)


@pytest.mark.parametrize("before, after", [(0.0, -0.0), (0.0, 2.0), (2.0, 0.0), (math.nan, 1.0), (-3.0, 3.0)])
def test_scalars(figures, before, after):
    before, after = torch.tensor(before), torch.tensor(after)
    check(figures(before, after), before, after)


def test_a_nan_with_other_bits_differs(figures):
    nans = lambda *codes: from_raw(np.array(codes, np.uint32), torch.float32)
    found = figures(nans(0x7FC00000, 0x7FC00000), nans(0x7FC00000, 0x7FC00001))
    assert (found["differing"], found["non_finite"], found["l2"], found["cosine"]) == (1, 2, 0, None)


def test_double_squares_that_overflow_and_underflow(figures):
    before, after = torch.tensor([3e200, 1], dtype=torch.float64), torch.tensor([7e200, 1], dtype=torch.float64)
    found = figures(before, after)
    assert found["l2"] == pytest.approx(4e200)
    assert found["cosine"] == pytest.approx(1)
    assert found["non_finite"] == 0
