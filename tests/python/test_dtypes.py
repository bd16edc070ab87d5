# SPDX-License-Identifier: Apache-2.0
"""Every dtype of torch, in every form that torch can make, saved and loaded in each way: bit for bit."""

import functools
from pathlib import Path

import lancekeep
import lancekeep.torch
import ml_dtypes
import numpy as np
import pytest
import torch
from contents import DTYPES, bits, contents, noise, stored
from folders import quick_folder
from forms import FORMS

COMBINATIONS = 475  # of the 46 dtypes and 12 forms in torch 2.13: all but 43 conj and 34 neg

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")


def whole(folder: Path) -> dict[str, torch.Tensor]:
    return lancekeep.open(folder / "m.lance").load()


def one_by_one(folder: Path) -> dict[str, torch.Tensor]:
    version = lancekeep.open(folder / "m.lance").at()
    return {name: version.get_tensor(name) for name in version}


def by_names(folder: Path) -> dict[str, torch.Tensor]:
    store = lancekeep.open(folder / "m.lance")
    return store.load(names=list(store.at()))


def slices(folder: Path) -> dict[str, torch.Tensor]:
    version = lancekeep.open(folder / "m.lance").at()
    return {name: version.get_slice(name)[...] for name in version}


def blank(like: torch.Tensor) -> torch.Tensor:
    """Memory to load into, with the same strides as `like` unless elements of `like` share memory."""
    plain = torch.empty(like.shape, dtype=bits(like.dtype))
    if 0 in like.stride() or like.numel() == 0:
        return plain.view(like.dtype)
    target = torch.empty_strided(like.shape, like.stride(), dtype=bits(like.dtype))
    return target.view(like.dtype)


def into(folder: Path, state: dict[str, torch.Tensor], make) -> dict[str, torch.Tensor]:
    targets = {name: make(tensor) for name, tensor in state.items()}
    missing, unexpected = lancekeep.open(folder / "m.lance").load_into(targets)
    assert (missing, unexpected) == ([], [])
    return targets


def plain_blank(like: torch.Tensor) -> torch.Tensor:
    return torch.empty(like.shape, dtype=bits(like.dtype)).view(like.dtype)


def like_safetensors(folder: Path, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    lancekeep.torch.save_file(state, folder / "s.lance", durable=False)
    return lancekeep.torch.load_file(folder / "s.lance")


def opened_safely(folder: Path) -> dict[str, torch.Tensor]:
    with lancekeep.torch.safe_open(folder / "s.lance", framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def as_in_the_article(folder: Path, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    lancekeep.save_model(state, str(folder / "r.lance"))
    return lancekeep.load_state_dict(str(folder / "r.lance"))


def check(way: str, state: dict[str, torch.Tensor], expected: dict[str, bytes], found: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(state), way
    for name, tensor in state.items():
        got = found[name]
        assert type(got) is torch.Tensor and got.is_contiguous() or "load_into" in way, (way, name)
        assert (got.dtype, got.shape, got.is_conj(), got.is_neg()) == (tensor.dtype, tensor.shape, False, False), (way, name)
        assert stored(got) == expected[name], (way, name)


def check_memory(found: dict[str, torch.Tensor]) -> None:
    """Only tied tensors share memory; each is 256-byte aligned."""
    assert found["tied"] is found["tied.2"] is found["tied.3"]
    apart = {name: tensor for name, tensor in found.items() if not name.startswith("tied.") and tensor.numel()}
    assert len({tensor.data_ptr() for tensor in apart.values()}) == len(apart)
    assert all(tensor.data_ptr() % 256 == 0 for tensor in apart.values())


def check_overlaps(report: lancekeep.SaveReport) -> None:
    assert any("base" in note and "share memory" in note for note in report.notes), report.notes


@functools.cache
def round_trip(name: str) -> int:
    """Returns how many forms of a dtype were loaded exactly, in every way."""
    dtype = DTYPES[name]
    forms = {form: tensors for form, make in FORMS.items() if (tensors := make(dtype)) is not None}
    state = {key: tensor for tensors in forms.values() for key, tensor in tensors.items()}
    expected = {key: contents(tensor) for key, tensor in state.items()}
    with quick_folder() as folder:
        report = lancekeep.open(folder / "m.lance", create=True).save(state, durable=False)
        check_overlaps(report)
        check_memory(whole(folder))
        for way in (whole, one_by_one, by_names, slices):
            check(way.__name__, state, expected, way(folder))
        check("load_into plain", state, expected, into(folder, state, plain_blank))
        check("load_into strided", state, expected, into(folder, state, blank))
        check("save_file", state, expected, like_safetensors(folder, state))
        check("safe_open", state, expected, opened_safely(folder))
        check("save_model", state, expected, as_in_the_article(folder, state))
        again = lancekeep.open(folder / "m.lance").save(state, durable=False)
        assert (again.tensors_written, again.bytes_shared) == (0, again.bytes_total)
        assert lancekeep.open(folder / "m.lance").verify(all=True).ok
    return len(forms)


@pytest.mark.parametrize("name", DTYPES)
def test_round_trip(name):
    assert round_trip(name) >= 10


def test_every_combination_was_tried(say):
    kept = {name: round_trip(name) for name in DTYPES}
    say(f"dtypes and forms: {sum(kept.values())} combinations of {len(kept)} dtypes kept, each in nine ways")
    assert len(kept) == 46
    assert sum(kept.values()) == COMBINATIONS


def test_what_torch_cannot_make():
    """The only combinations left out are conj of real dtypes, and neg of dtypes that torch cannot negate."""
    missing = {form: {name for name, dtype in DTYPES.items() if make(dtype) is None} for form, make in FORMS.items()}
    can_negate = "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex32 complex64 complex128".split()
    expected = {
        "conj": {name for name, dtype in DTYPES.items() if not dtype.is_complex},
        "neg": DTYPES.keys() - set(can_negate),
    }
    assert {form: names for form, names in missing.items() if names} == expected


# --- the values of lazy views, computed with NumPy --------------------------------------------------------------------

NUMPY = {"bfloat16": ml_dtypes.bfloat16, **{name: name for name in "uint8 int8 int16 int32 int64".split()}}
NUMPY |= {name: name for name in "float16 float32 float64 complex64 complex128".split()}


@pytest.mark.parametrize("name", NUMPY)
def test_lazy_views_are_resolved(name, folder):
    """NaNs are not compared: whether torch keeps the sign and payload of a NaN depends on its kernel."""
    made = [(form, FORMS[form](DTYPES[name]) or {}) for form in ("conj", "neg")]
    state = {key: tensor for form, tensors in made for key, tensor in tensors.items()}
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(state, durable=False)
    for key, tensor in store.load().items():
        lazy = state[key]
        plain = np.frombuffer(stored(lazy), dtype=NUMPY[name])
        plain = plain.conj() if lazy.is_conj() else plain
        wanted = -plain if lazy.is_neg() else plain
        found = np.frombuffer(stored(tensor), dtype=NUMPY[name])
        with np.errstate(invalid="ignore"):
            numbers = ~np.isnan(wanted)
        assert numbers.any()
        np.testing.assert_array_equal(found[numbers], wanted[numbers])


# --- in pieces --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["int4", "bfloat16", "float32", "complex64", "complex128", "quint8"])
def test_large_and_not_contiguous(name, folder):
    """More than the 16 MiB that are gathered at once: pieces are rows, or parts of a row that is larger."""
    dtype = DTYPES[name]
    count = (40 << 20) // dtype.itemsize
    plain = noise(dtype, count)
    state = {"rows": plain.view(-1, 1 << 10).t(), "one row": plain.view(1, 2, -1).transpose(1, 2)}
    if dtype.is_complex:
        state["conj"] = plain.view(-1, 1 << 10).conj()
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(state, durable=False)
    for key, tensor in store.load().items():
        wanted = state[key].resolve_conj().view(bits(dtype)).contiguous()
        assert torch.equal(tensor.view(bits(dtype)).view(-1).view(torch.uint8), wanted.view(-1).view(torch.uint8)), key


# --- what is rejected -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bool", "uint16", "int4", "float8_e4m3fn", "quint8"])
def test_a_negation_that_torch_cannot_apply_is_rejected(name, folder):
    view = torch._neg_view(noise(DTYPES[name], 4))
    store = lancekeep.open(folder / "m.lance", create=True)
    with pytest.raises(ValueError, match="`w`.*nothing was written"):
        store.save({"fine": torch.ones(2), "w": view})
    assert store.versions() == []
