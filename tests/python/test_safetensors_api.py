# SPDX-License-Identifier: Apache-2.0
"""`lancekeep.torch` and `lancekeep.numpy` compared with safetensors: the same calls, the same results."""

import inspect

import lancekeep
import lancekeep.numpy
import lancekeep.torch
import numpy as np
import pytest
import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from contents import DTYPES, contents

PAIRS = {
    f"{theirs.__name__}.{name}": (getattr(theirs, name), getattr(ours, name, None))
    for theirs, ours in ((safetensors.torch, lancekeep.torch), (safetensors.numpy, lancekeep.numpy))
    for name in ("save_file", "load_file", "save", "load", "save_model", "load_model")
    if hasattr(theirs, name)
}


BY_KEYWORD = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)


def parameters(function):
    signature = inspect.signature(function)
    return [(each.name, each.kind, each.default) for each in signature.parameters.values()]


@pytest.mark.parametrize("name", PAIRS)
def test_signatures(name):
    """Their parameters have the same names and positions in ours; our additional parameters are keyword-only."""
    theirs, ours = map(parameters, PAIRS[name])
    by_place = [each for each in theirs if each[1] is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert ours[: len(by_place)] == by_place
    assert {each[0] for each in theirs} <= {each[0] for each in ours}
    assert all(each[1] in BY_KEYWORD for each in ours[len(by_place) :])


def test_safe_open_has_their_methods():
    theirs = {name for name in dir(safetensors.safe_open) if not name.startswith("_")}
    for module in (lancekeep.torch, lancekeep.numpy):
        assert theirs <= set(dir(module.safe_open))


@pytest.fixture
def tensors():
    return {
        "embed": torch.arange(60, dtype=torch.float32).view(12, 5),
        "head": torch.full((3, 2, 2), 7, dtype=torch.bfloat16),
        "scale": torch.tensor(0.5, dtype=torch.float64),
        "steps": torch.arange(4),
        "empty": torch.zeros(0, 3),
        "mask": torch.tensor([True, False]),
        "fp8": torch.tensor([1.0, -2.0]).to(torch.float8_e4m3fn),
    }


@pytest.fixture
def both(folder, tensors):
    """The same tensors as a safetensors file and as a store."""
    metadata = {"format": "pt", "epoch": "3"}
    safetensors.torch.save_file(tensors, folder / "m.safetensors", metadata=metadata)
    lancekeep.torch.save_file(tensors, folder / "m.lance", metadata=metadata)
    return folder / "m.safetensors", folder / "m.lance"


def same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert type(a[name]) is type(b[name])
        assert (a[name].dtype, a[name].shape) == (b[name].dtype, b[name].shape), name
        if isinstance(a[name], torch.Tensor):
            assert contents(a[name]) == contents(b[name])
        else:
            assert a[name].tobytes() == b[name].tobytes()


def test_load_file(both):
    theirs, ours = both
    same(safetensors.torch.load_file(theirs), lancekeep.torch.load_file(ours))
    same(safetensors.torch.load_file(str(theirs), device="cpu"), lancekeep.torch.load_file(str(ours), device="cpu"))


def test_load_file_of_numpy(folder):
    arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "n": np.array(7), "e": np.zeros((0, 2), np.int8)}
    safetensors.numpy.save_file(arrays, folder / "m.safetensors", {"a": "b"})
    lancekeep.numpy.save_file(arrays, folder / "m.lance", {"a": "b"})
    found = lancekeep.numpy.load_file(folder / "m.lance")
    same(safetensors.numpy.load_file(folder / "m.safetensors"), found)
    found["w"][0, 0] = 42  # writable, as in safetensors
    assert lancekeep.numpy.load_file(folder / "m.lance")["w"][0, 0] == 0


def test_bytes_in_memory(tensors):
    """`save` and `load` work on bytes: those of the file that safetensors would write."""
    data = lancekeep.torch.save(tensors, metadata={"epoch": "3"})
    assert type(data) is bytes
    same(safetensors.torch.load(data), lancekeep.torch.load(data))
    same(lancekeep.torch.load(safetensors.torch.save(tensors)), tensors)
    arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4)}
    same(safetensors.numpy.load(lancekeep.numpy.save(arrays)), arrays)
    same(lancekeep.numpy.load(safetensors.numpy.save(arrays)), arrays)


def opened(both, **options):
    theirs, ours = both
    return safetensors.safe_open(theirs, framework="pt", **options), lancekeep.torch.safe_open(ours, framework="pt", **options)


def test_safe_open(both, tensors):
    theirs, ours = opened(both)
    with theirs as a, ours as b:
        assert sorted(a.keys()) == sorted(b.keys()) and list(b.keys()) == list(tensors)
        assert a.metadata() == b.metadata() == {"format": "pt", "epoch": "3"}
        assert sorted(a.offset_keys()) == sorted(b.offset_keys())
        same({name: a.get_tensor(name) for name in tensors}, {name: b.get_tensor(name) for name in tensors})
        same(a.get_tensors(), b.get_tensors())


INDICES = {
    "rows": np.s_[2:5],
    "steps": np.s_[1:11:3],
    "a row": np.s_[4],
    "columns": np.s_[:, 1:3],
    "both": np.s_[3:7, :2],
    "ellipsis": np.s_[..., 2],
    "all": np.s_[...],
    "none of them": np.s_[7:7],
}


@pytest.mark.parametrize("index", INDICES)
def test_get_slice(both, index):
    theirs, ours = opened(both, device="cpu")
    with theirs as a, ours as b:
        one, other = a.get_slice("embed"), b.get_slice("embed")
        assert one.get_shape() == other.get_shape() == [12, 5]
        assert torch.equal(one[INDICES[index]], other[INDICES[index]])


def savable(dtype):
    try:
        return safetensors.torch.save({"w": torch.zeros(2, dtype=dtype)})
    except (KeyError, RuntimeError, NotImplementedError, safetensors.SafetensorError):
        return None


def test_a_slice_has_the_dtype_name_of_safetensors(folder):
    """For every dtype that safetensors has; F4 counts values, not bytes."""
    state = {name: torch.zeros(2, dtype=dtype) for name, dtype in DTYPES.items() if savable(dtype)}
    assert len(state) == 20
    safetensors.torch.save_file(state, folder / "m.safetensors")
    lancekeep.torch.save_file(state, folder / "m.lance")
    theirs, ours = opened((folder / "m.safetensors", folder / "m.lance"))
    with theirs as a, ours as b:
        for name in state:
            assert a.get_slice(name).get_dtype() == b.get_slice(name).get_dtype()
    assert lancekeep.open(folder / "m.lance").at().get_slice("bfloat16").get_dtype() == "bfloat16"


def test_no_metadata_is_none(folder):
    lancekeep.torch.save_file({"w": torch.ones(2)}, folder / "m.lance")
    assert lancekeep.torch.safe_open(folder / "m.lance", "pt").metadata() is None


def test_metadata_maps_str_to_str(folder):
    for save, path in ((safetensors.torch.save_file, "m.safetensors"), (lancekeep.torch.save_file, "m.lance")):
        with pytest.raises(TypeError):
            save({"w": torch.ones(2)}, folder / path, metadata={"epoch": 3})
    assert not (folder / "m.lance").exists()


def test_safe_open_of_numpy(folder):
    lancekeep.numpy.save_file({"w": np.arange(12).reshape(3, 4)}, folder / "m.lance")
    with lancekeep.numpy.safe_open(folder / "m.lance", framework="numpy") as file:
        assert type(file.get_tensor("w")) is np.ndarray
        np.testing.assert_array_equal(file.get_slice("w")[1:], np.arange(4, 12).reshape(2, 4))


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)
        self.head = torch.nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight
        self.norm = torch.nn.BatchNorm1d(4)


def test_models(folder):
    torch.manual_seed(1)
    saved = Tied()
    lancekeep.torch.save_model(saved, folder / "m.lance")
    safetensors.torch.save_model(saved, str(folder / "m.safetensors"))
    one, other = Tied(), Tied()
    assert tuple(lancekeep.torch.load_model(one, folder / "m.lance")) == ([], [])
    safetensors.torch.load_model(other, folder / "m.safetensors")
    assert one.head.weight is one.embed.weight
    for a, b, c in zip(saved.state_dict().values(), one.state_dict().values(), other.state_dict().values()):
        assert torch.equal(a, b) and torch.equal(a, c)


def test_a_model_that_differs(folder):
    lancekeep.torch.save_model(torch.nn.Linear(3, 2), folder / "m.lance")
    safetensors.torch.save_model(torch.nn.Linear(3, 2), str(folder / "m.safetensors"))
    for load, path in ((safetensors.torch.load_model, "m.safetensors"), (lancekeep.torch.load_model, "m.lance")):
        model = torch.nn.Linear(3, 2, bias=False)
        with pytest.raises((RuntimeError, ValueError), match="bias"):
            load(model, folder / path)
        missing, unexpected = load(model, folder / path, strict=False)
        assert (list(missing), list(unexpected)) == ([], ["bias"])


REJECTED_BY_SAFETENSORS = {
    "tied": lambda w: {"a": w, "b": w},
    "overlapping": lambda w: {"a": w, "b": w[1:]},
    "not contiguous": lambda w: {"a": w.t()},
}


@pytest.mark.parametrize("what", REJECTED_BY_SAFETENSORS)
def test_what_safetensors_rejects_is_saved_and_loaded(folder, what):
    state = REJECTED_BY_SAFETENSORS[what](torch.arange(12.0).view(3, 4))
    with pytest.raises((RuntimeError, ValueError)):
        safetensors.torch.save_file(state, folder / "m.safetensors")
    lancekeep.torch.save_file(state, folder / "m.lance")
    found = lancekeep.torch.load_file(folder / "m.lance")
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items())


def test_conjugated_views_which_safetensors_gets_wrong_are_right(folder):
    lazy = torch.tensor([1 + 2j, 3 - 4j]).conj()
    safetensors.torch.save_file({"a": lazy}, folder / "m.safetensors")
    assert not torch.equal(safetensors.torch.load_file(folder / "m.safetensors")["a"], lazy)
    lancekeep.torch.save_file({"a": lazy}, folder / "m.lance")
    assert torch.equal(lancekeep.torch.load_file(folder / "m.lance")["a"], lazy)


def test_every_save_is_a_version(folder):
    for step in range(3):
        assert lancekeep.torch.save_file({"w": torch.full((3,), step)}, folder / "m.lance").version == step + 1
    assert lancekeep.torch.load_file(folder / "m.lance")["w"][0] == 2
    assert lancekeep.torch.load_file(folder / "m.lance", version=1)["w"][0] == 0


def test_values_other_than_tensors_are_rejected(folder):
    with pytest.raises(ValueError, match="'step'.*int"):
        lancekeep.torch.save_file({"w": torch.ones(2), "step": 3}, folder / "m.lance")
    with pytest.raises(ValueError, match="'step'.*list"):
        lancekeep.numpy.save_file({"w": np.ones(2), "step": [3]}, folder / "m.lance")
    assert not (folder / "m.lance").exists()
