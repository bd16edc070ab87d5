# SPDX-License-Identifier: Apache-2.0
"""lancekeep.torch and lancekeep.numpy on real model files, and safe_open for other frameworks."""

import sys
import types

import lancekeep
import lancekeep.numpy
import lancekeep.safetensors
import lancekeep.torch
import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from equality import same

TENSORS = {
    "w": torch.arange(60, dtype=torch.float32).view(12, 5),
    "h": torch.full((3, 2), 7, dtype=torch.bfloat16),
    "s": torch.tensor(3),
    "e": torch.empty(0, 2),
}


@pytest.fixture
def file(folder):
    safetensors.torch.save_file(TENSORS, folder / "m.safetensors", metadata={"format": "pt"})
    return folder / "m.safetensors"


def test_load_file(file):
    assert same(lancekeep.torch.load_file(file), safetensors.torch.load_file(file))
    assert lancekeep.torch.load_file(str(file), device="meta")["w"].is_meta
    arrays = lancekeep.numpy.load_file(file)
    assert type(arrays["w"]) is np.ndarray and arrays["w"].tobytes() == TENSORS["w"].numpy().tobytes()


@pytest.mark.parametrize("kind", ["pth", "npz"])
def test_load_file_of_other_kinds(folder, kind):
    if kind == "pth":
        torch.save({"w": TENSORS["w"], "epoch": 3}, folder / "m.pth")
    else:
        np.savez(folder / "m.npz", w=TENSORS["w"].numpy())
    assert same(lancekeep.torch.load_file(folder / f"m.{kind}"), {"w": TENSORS["w"]})


def test_a_file_has_no_versions(file):
    with pytest.raises(lancekeep.InvalidArgumentError, match="a model file has no versions"):
        lancekeep.torch.load_file(file, version=1)


def test_safe_open(file):
    with lancekeep.torch.safe_open(file, framework="pt") as f, safetensors.safe_open(file, framework="pt") as g:
        assert sorted(f.keys()) == sorted(g.keys()) and len(f) == 4 and "w" in f and "x" not in f
        assert f.metadata() == g.metadata()
        assert sorted(f.offset_keys()) == sorted(g.offset_keys())
        assert same(f.get_tensor("h"), g.get_tensor("h"))
        assert same(f.get_tensors(), g.get_tensors())
        part, other = f.get_slice("w"), g.get_slice("w")
        assert (part.get_shape(), part.get_dtype()) == (other.get_shape(), other.get_dtype())
        assert same(part[2:5, 1:], other[2:5, 1:])
        with pytest.raises(KeyError, match="`x`"):
            f.get_tensor("x")


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)
        self.head = torch.nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight
        self.norm = torch.nn.BatchNorm1d(4)


def test_load_model(folder):
    saved, loaded = Tied(), Tied()
    safetensors.torch.save_model(saved, str(folder / "m.safetensors"))
    assert lancekeep.torch.load_model(loaded, folder / "m.safetensors") == ([], [])
    assert all(torch.equal(a, b) for a, b in zip(saved.state_dict().values(), loaded.state_dict().values()))
    assert loaded.head.weight is loaded.embed.weight


def test_load_model_of_a_file_with_two_values_for_one_tensor(folder):
    weight = torch.randn(10, 4)
    state = {**Tied().norm.state_dict(prefix="norm."), "embed.weight": weight, "head.weight": weight.clone()}
    safetensors.torch.save_file(state, folder / "same.safetensors")
    assert lancekeep.torch.load_model(Tied(), folder / "same.safetensors") == ([], [])
    safetensors.torch.save_file({**state, "head.weight": weight + 1}, folder / "m.safetensors")
    with pytest.raises(lancekeep.InvalidArgumentError, match="unexpected in it: `head.weight`"):
        lancekeep.torch.load_model(Tied(), folder / "m.safetensors")


def test_load_model_of_a_file_that_differs(folder):
    safetensors.torch.save_model(torch.nn.Linear(3, 2), str(folder / "m.safetensors"))
    narrow = torch.nn.Linear(3, 2, bias=False)
    with pytest.raises(lancekeep.InvalidArgumentError, match="unexpected in it: `bias`"):
        lancekeep.torch.load_model(narrow, folder / "m.safetensors")
    assert lancekeep.torch.load_model(narrow, folder / "m.safetensors", strict=False) == ([], ["bias"])
    with pytest.raises(lancekeep.InvalidArgumentError, match="size mismatch"):
        lancekeep.torch.load_model(torch.nn.Linear(4, 2), folder / "m.safetensors")
    for strict in (True, False):
        with pytest.raises(lancekeep.InvalidArgumentError, match="no name in common"):
            lancekeep.torch.load_model(torch.nn.Sequential(torch.nn.Linear(3, 2)), folder / "m.safetensors", strict)


def test_a_file_that_is_no_model(folder):
    (folder / "m.safetensors").write_bytes(b"GGUF")
    with pytest.raises(lancekeep.UnsupportedError, match="a GGUF file"):
        lancekeep.torch.load_file(folder / "m.safetensors")


# --- what safetensors itself has --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [lancekeep.torch, lancekeep.numpy, lancekeep.safetensors])
def test_safetensors_error(module, folder):
    with pytest.raises(module.SafetensorError):
        (lancekeep.numpy if module is lancekeep.numpy else lancekeep.torch).load_file(folder / "none")


def test_unknown_backends_are_rejected(file):
    for call in (
        lambda: lancekeep.torch.load_file(file, backend="none"),
        lambda: lancekeep.numpy.load_file(file, backend="none"),
        lambda: lancekeep.torch.safe_open(file, framework="pt", backend="none"),
    ):
        with pytest.raises(ValueError, match="unknown backend 'none'"):
            call()


def spec(module, tensor):
    return module.TensorSpec(
        dtype=str(tensor.dtype).removeprefix("torch."), shape=list(tensor.shape), data_ptr=tensor.data_ptr(), data_len=tensor.nbytes
    )


def test_serialize_and_deserialize(folder):
    tensors = {"w": TENSORS["w"], "h": TENSORS["h"]}
    ours, theirs = ({name: spec(module, tensor) for name, tensor in tensors.items()} for module in (lancekeep.safetensors, safetensors))
    data = lancekeep.safetensors.serialize(ours, {"a": "b"})
    assert sorted(safetensors.deserialize(data)) == sorted(lancekeep.safetensors.deserialize(data))
    assert same(dict(sorted(safetensors.torch.load(data).items())), dict(sorted(tensors.items())))
    assert sorted(lancekeep.safetensors.deserialize(bytes(safetensors.serialize(theirs)))) == sorted(safetensors.deserialize(data))
    assert repr(ours["h"]) == repr(theirs["h"])
    lancekeep.safetensors.serialize_file(ours, folder / "m.safetensors")
    assert (folder / "m.safetensors").read_bytes() == lancekeep.safetensors.serialize(ours)


def test_serialize_rejects_what_safetensors_rejects():
    with pytest.raises(lancekeep.safetensors.SafetensorError, match="unknown dtype 'nonsense'"):
        lancekeep.safetensors.TensorSpec(dtype="nonsense", shape=[1], data_ptr=0, data_len=0)
    with pytest.raises(TypeError, match="must be a TensorSpec, not dict"):
        lancekeep.safetensors.serialize({"w": {}})
    with pytest.raises(lancekeep.safetensors.SafetensorError, match="3 bytes"):
        buffer = torch.zeros(4, dtype=torch.uint8)
        wrong = lancekeep.safetensors.TensorSpec(dtype="float32", shape=[1], data_ptr=buffer.data_ptr(), data_len=3)
        lancekeep.safetensors.serialize({"w": wrong})
    with pytest.raises(lancekeep.safetensors.SafetensorError):
        lancekeep.safetensors.deserialize(b"xx")


def test_metadata_lists_ties_as_a_file_does(folder):
    lancekeep.torch.save_model(Tied(), folder / "m.lance", metadata={"a": "b"})
    with lancekeep.torch.safe_open(folder / "m.lance", "pt") as f:
        assert f.metadata() == {"a": "b", "head.weight": "embed.weight"}


@pytest.mark.parametrize(("framework", "module", "function"), [
    ("jax", "jax.numpy", "asarray"), ("flax", "jax.numpy", "asarray"), ("mlx", "mlx.core", "array"),
    ("tf", "tensorflow", "convert_to_tensor"), ("paddle", "paddle", "to_tensor"),
])  # fmt: skip
def test_safe_open_for_other_frameworks(file, folder, monkeypatch, framework, module, function):
    """Their tensors are made from NumPy arrays by the function that is theirs; here, by one that marks them."""
    lancekeep.torch.save_file(TENSORS, folder / "m.lance")
    for each in (module.split(".")[0], module):
        monkeypatch.setitem(sys.modules, each, types.ModuleType(each))
    monkeypatch.setattr(sys.modules[module], function, lambda array: ("made", array), raising=False)
    for path in (file, folder / "m.lance"):
        with lancekeep.torch.safe_open(path, framework=framework) as f:
            made, array = f.get_tensor("w")
            assert made == "made" and type(array) is np.ndarray and array.shape == (12, 5)
            assert f.get_tensors()["s"][0] == f.get_slice("w")[2:3][0] == "made"


def test_a_framework_that_is_not_installed(file):
    with pytest.raises(lancekeep.UnsupportedError, match="framework='paddle' needs the package paddle"):
        lancekeep.torch.safe_open(file, framework="paddle")
    with pytest.raises(lancekeep.InvalidArgumentError, match="unknown framework 'cntk'"):
        lancekeep.torch.safe_open(file, framework="cntk")
