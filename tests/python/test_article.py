# SPDX-License-Identifier: Apache-2.0
"""The article's program, with its own functions and with ours, on datasets that the article made and on new ones."""

import warnings
from collections import OrderedDict
from types import ModuleType

import lance
import lancekeep
import pytest
import article
import torch
from equality import same


def network(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(4, 2))


def train(model: torch.nn.Module) -> torch.nn.Module:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model


def program(functions: ModuleType, path: str) -> list[OrderedDict]:
    """Saves two versions, loads both, and returns the weights that the models then have."""
    model = network(1)
    functions.save_model(model.state_dict(), path)
    functions.save_model(train(model).state_dict(), path, version=True)
    loaded = []
    for version in (1, 2):
        found = network(9)
        functions.load_model(found, path, version=version, map_location="cpu")
        loaded.append(found.state_dict())
    return loaded


def expected() -> list[dict]:
    return [dict(network(1).state_dict()), dict(train(network(1)).state_dict())]


@pytest.mark.parametrize("functions", [article, lancekeep], ids=["pylance", "lancekeep"])
def test_the_program_loads_both_versions(folder, functions):
    assert same([dict(state) for state in program(functions, str(folder / "m.lance"))], expected())


def test_a_warning_says_which_tags_are_replaced(folder):
    path = folder / "m.lance"
    lancekeep.save_model(network(1).state_dict(), path)
    lancekeep.save_model(network(2).state_dict(), path, version=True)
    lancekeep.open(path).tag("best", 1)
    with pytest.warns(UserWarning, match="replaced 2 versions, with the tags best; pass version=True"):
        lancekeep.save_model(network(3).state_dict(), path)
    assert len(lancekeep.open(path).versions()) == 1
    lancekeep.open(path).tag("best", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lancekeep.save_model(network(3).state_dict(), path, version=False)
        lancekeep.save_model(network(4).state_dict(), path)
        lancekeep.save_model(network(4).state_dict(), folder / "new.lance")


def test_the_program_continues_with_the_dataset_of_the_article(folder):
    path = str(folder / "m.lance")
    program(article, path)
    found = network(9)
    lancekeep.load_model(found, path, version=2)
    assert same(dict(found.state_dict()), expected()[1])
    lancekeep.save_model(network(5).state_dict(), path, version=True)
    assert [info.layout for info in lancekeep.open(path).versions()] == ["plain"] * 3
    article.load_model(found, path, version=3)
    assert same(dict(found.state_dict()), dict(network(5).state_dict()))


def test_weights_are_loaded_as_the_article_loads_them(folder):
    path = str(folder / "m.lance")
    article.save_model(network(1).state_dict(), path)
    ours, theirs = lancekeep.load_state_dict(path), article.load_state_dict(path)
    assert type(ours) is OrderedDict
    assert same(ours, theirs)


def test_new_stores_keep_dtypes(folder):
    state = {"half": torch.ones(2, dtype=torch.float16), "count": torch.tensor(2**60 + 1)}
    lancekeep.save_model(state, folder / "m.lance")
    assert same(dict(lancekeep.load_state_dict(folder / "m.lance")), state)


def test_numbers_of_a_plain_dataset_become_the_requested_dtype(folder):
    path = folder / "m.lance"
    state = network(1).state_dict()
    article.save_model(state, str(path))
    store = lancekeep.open(path)
    assert same(store.load(names="0.", dtype=torch.float32), {name: state[name] for name in ("0.weight", "0.bias")})
    half = store.load(names=["0.bias"], dtype="bfloat16")
    assert same(half, {"0.bias": state["0.bias"].bfloat16()})
    assert store.at(dtype="int64").get_tensor("1.num_batches_tracked").dtype == torch.int64
    with pytest.raises(lancekeep.InvalidArgumentError, match="0.bias"):
        store.at(dtype="int64").get_tensor("0.bias")


def test_modules_keep_their_dtypes_and_strides(folder):
    article.save_model(network(1).state_dict(), str(folder / "m.lance"))
    found = network(9).to(torch.bfloat16)
    found[0].weight.data = found[0].weight.data.to(memory_format=torch.channels_last)
    lancekeep.open(folder / "m.lance").load_into(found)
    assert same(dict(found.state_dict()), dict(network(1).to(torch.bfloat16).state_dict()))


def test_tensors_of_a_native_store_keep_their_dtypes(folder):
    lancekeep.save_model(network(1).state_dict(), folder / "m.lance")
    with pytest.raises(lancekeep.InvalidArgumentError, match="their own dtypes"):
        lancekeep.open(folder / "m.lance").load(dtype=torch.float16)


def test_a_store_in_the_plain_layout_is_created_on_request(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(network(1).state_dict(), layout="plain")
    assert article.SCHEMA.equals(lance.dataset(folder / "m.lance").schema)
    assert same(dict(article.load_state_dict(str(folder / "m.lance"))), dict(network(1).double().state_dict()) | {
        "1.num_batches_tracked": torch.zeros((), dtype=torch.float64)
    })
    with pytest.raises(lancekeep.InvalidArgumentError):
        store.save(network(1).state_dict(), layout="native")


def test_replacing_keeps_the_layout(folder):
    article.save_model(network(1).state_dict(), str(folder / "m.lance"))
    lancekeep.save_model(network(2).state_dict(), folder / "m.lance")
    [info] = lancekeep.open(folder / "m.lance").versions()
    assert (info.number, info.layout) == (1, "plain")


def test_what_float64_cannot_hold_is_named(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    with pytest.raises(lancekeep.InvalidArgumentError, match="`n`"):
        store.save({"a": torch.ones(2), "n": torch.tensor(2**53 + 1)}, layout="plain")
    assert store.versions() == []


def test_an_unknown_layout_is_rejected(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    with pytest.raises(lancekeep.InvalidArgumentError, match="`native` and `plain`"):
        store.save({"a": torch.ones(2)}, layout="columns")


def test_the_old_name_of_the_plain_layout_is_deprecated(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    with pytest.warns(DeprecationWarning, match="layout='recipe' is deprecated; use layout='plain'") as warned:
        store.save({"a": torch.ones(2)}, layout="recipe")
    assert warned[0].filename == __file__
    assert store.at().info.layout == "plain"


def test_the_default_is_version_one(folder):
    path = folder / "m.lance"
    for seed in range(1, 10):
        lancekeep.save_model(network(seed).state_dict(), path, version=True)
    assert same(dict(lancekeep.load_state_dict(path)), dict(network(1).state_dict()))
    lancekeep.open(path).gc(keep_last=6)
    model = network(1)
    for load in (lancekeep.load_state_dict, lambda path: lancekeep.load_model(model, path)):
        with pytest.raises(FileNotFoundError, match=r"version 1 was removed; existing versions: 4–9; pass version=…"):
            load(path)
    assert same(dict(lancekeep.load_state_dict(path, version=None)), dict(network(9).state_dict()))


def test_weights_are_loaded_to_map_location(folder):
    lancekeep.save_model(network(1).state_dict(), folder / "m.lance")
    found = lancekeep.load_state_dict(folder / "m.lance", map_location="meta")
    assert all(tensor.is_meta for tensor in found.values())
    model = network(9)
    lancekeep.load_model(model, folder / "m.lance", map_location=torch.device("cpu"))
    assert same(dict(model.state_dict()), dict(network(1).state_dict()))
    with pytest.raises(lancekeep.InvalidArgumentError, match="is not a device"):
        lancekeep.load_model(model, folder / "m.lance", map_location="nowhere")


def test_different_names_are_an_error_and_change_nothing(folder):
    lancekeep.save_model({"a": torch.ones(1), "b": torch.ones(2)}, folder / "m.lance")
    model = torch.nn.Linear(1, 1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match="missing in the version: `weight`, `bias`; unexpected in it: `a`, `b`"):
        lancekeep.load_model(model, folder / "m.lance")
    assert same(dict(model.state_dict()), before)
