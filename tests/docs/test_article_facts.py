# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/from-the-article.md, row by row: the article's functions, and Lancekeep in both layouts."""

import sys
from pathlib import Path

import lancekeep
import pytest
import torch

sys.path.append(str(Path(__file__).parents[1] / "python"))

import article  # noqa: E402
from equality import same  # noqa: E402

RANDOM = torch.Generator().manual_seed(1)  # Lance compresses repeated values
WEIGHTS = {"a": torch.randn(1000, generator=RANDOM), "b": torch.randn(500, generator=RANDOM).half()}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "m.lance")


@pytest.fixture
def plain(path: str) -> lancekeep.Store:
    """A dataset made by the article's functions."""
    article.save_model(WEIGHTS, path)
    return lancekeep.open(path)


@pytest.fixture
def native(tmp_path: Path) -> lancekeep.Store:
    store = lancekeep.open(tmp_path / "native.lance", create=True)
    store.save(WEIGHTS)
    return store


def dtypes(state: dict) -> list[torch.dtype]:
    return [tensor.dtype for tensor in state.values()]


def test_dtypes(path, plain, native):
    assert dtypes(article.load_state_dict(path)) == [torch.float64] * 2
    assert dtypes(plain.load()) == [torch.float64] * 2
    assert dtypes(plain.load(dtype="bfloat16")) == [torch.bfloat16] * 2
    target = {name: torch.zeros_like(tensor) for name, tensor in WEIGHTS.items()}
    plain.load_into(target)
    assert same(target, WEIGHTS) and same(native.load(), WEIGHTS)


def test_bytes_of_a_weight(plain, native):
    assert plain.versions()[0].bytes_added > 8 * 1500
    assert native.versions()[0].bytes_total == 4 * 1000 + 2 * 500


def test_what_a_version_costs(path, plain, native):
    changed = {**WEIGHTS, "b": -WEIGHTS["b"]}
    article.save_model(changed, path, version=True)
    plain.save(changed)
    assert all(version.bytes_added > 8 * 1500 for version in plain.versions())
    assert native.save(changed).tensors_written == 1


@pytest.mark.parametrize("wrong", [torch.tensor([2**53 + 1]), torch.ones(2, dtype=torch.complex64), {"c": 3}, 3])
def test_what_float64_lacks(path, plain, native, wrong):
    with pytest.raises(OSError, match="Arrow"):
        article.save_model({**WEIGHTS, "wrong": wrong}, path, version=True)
    with pytest.raises(ValueError, match="`wrong"):
        plain.save({**WEIGHTS, "wrong": wrong})
    assert len(plain.versions()) == 1
    native.save({**WEIGHTS, "wrong": wrong})
    assert same(native.load()["wrong"], wrong)


def test_some_larger_integers_fit(plain):
    plain.save({"n": torch.tensor([2**53, 2**60, -(2**63)])})
    assert plain.load(dtype="int64")["n"].tolist() == [2**53, 2**60, -(2**63)]


def test_every_dtype_that_fits_float64(plain):
    kinds = "float64 float32 float16 bfloat16 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu"
    kinds += " bool int8 int16 int32 uint8 uint16 uint32 int64 uint64"
    state = {kind: torch.tensor([1.0, 0.5, 2.0]).to(getattr(torch, kind)) for kind in kinds.split()}
    plain.save(state)
    for kind, tensor in state.items():
        assert same(plain.load(names=[kind], dtype=kind)[kind], tensor)


def test_ties(path, plain, native):
    tensor = torch.ones(100)
    tied = {"a": tensor, "b": tensor}

    def is_one(state: dict) -> bool:
        return state["a"].data_ptr() == state["b"].data_ptr()

    article.save_model(tied, path, version=True)
    assert not is_one(article.load_state_dict(path, version=2))
    assert plain.save(tied).notes and not is_one(plain.load())
    assert native.save(tied).bytes_total == 400 and is_one(native.load())


def test_a_replacement_that_fails(tmp_path, path, native):
    article.save_model(WEIGHTS, path)
    with pytest.raises(ValueError):
        lancekeep.save_model({"a": object()}, path)
    with pytest.raises(ValueError):
        lancekeep.save_model({"a": object()}, native.path)
    assert dtypes(article.load_state_dict(path)) == [torch.float64] * 2 and same(native.load(), WEIGHTS)
    with pytest.raises(OSError):
        article.save_model({"a": 3}, path)
    with pytest.raises(ValueError):
        article.load_state_dict(path)


def test_loading_a_part(plain, native):
    for store in (plain, native):
        assert list(store.load(names="b")) == ["b"]
        assert store.at().get_slice("a")[3:5].tolist() == WEIGHTS["a"][3:5].tolist()


def flip(store: lancekeep.Store, needle: bytes) -> None:
    """One bit of a value in the store's data file."""
    [file] = Path(store.path).glob("data/*.lance")
    content = bytearray(file.read_bytes())
    content[content.index(needle)] ^= 1
    file.write_bytes(content)


def test_a_flipped_bit(tmp_path, native):
    noise = torch.randn(10000, dtype=torch.float64, generator=RANDOM)
    article.save_model({"a": noise}, tmp_path / "noise.lance")
    plain = lancekeep.open(tmp_path / "noise.lance")
    flip(plain, noise[5000:5002].numpy().tobytes())
    assert not torch.equal(article.load_state_dict(str(tmp_path / "noise.lance"))["a"], noise)
    assert not torch.equal(plain.load()["a"], noise) and plain.verify().ok
    flip(native, WEIGHTS["a"][500:502].numpy().tobytes())
    [finding] = native.verify().findings
    assert (finding.version, finding.tensor) == (1, "a")


def test_what_a_version_is_for(plain, native):
    for store in (plain, native):
        store.save({**WEIGHTS, "b": -WEIGHTS["b"]}, message="half", metadata={"loss": "1"}, tag="best")
        info = store.at("best").info
        assert (info.number, info.message, info.metadata["loss"]) == (2, "half", "1")
        assert [change.after.name for change in store.diff(1, 2).changed] == ["b"]
