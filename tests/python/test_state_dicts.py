# SPDX-License-Identifier: Apache-2.0
"""What torch keeps beside the tensors of a state dict, `_metadata`: modules migrate older states by the versions in it."""

import collections
import json

import lancekeep
import numpy as np
import pytest
import torch
from equality import same
from lancekeep import _native, _state_dicts
from lancekeep._store import save_to


class Scale(torch.nn.Module):
    """Its version 2 multiplies what version 1 saved."""

    _version = 2

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(2))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *arguments):
        if (local_metadata.get("version") or 1) < 2:
            state_dict[prefix + "w"] = state_dict[prefix + "w"] * 10
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *arguments)


def network() -> torch.nn.Module:
    layers = [torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2), torch.nn.ReLU(), Scale()) for _ in range(12)]
    return torch.nn.Sequential(collections.OrderedDict(layers=torch.nn.Sequential(*layers), head=Scale()))


def opened(folder):
    return lancekeep.open(folder / "m.lance", create=True)


def text_of(version) -> str:
    return version._native.source().metadata()["lancekeep.state_dicts"]


def test_the_versions_of_modules_are_loaded(folder):
    store = opened(folder)
    store.save(Scale())
    other = Scale()
    other.load_state_dict(store.load())
    assert torch.equal(other.w, torch.ones(2))


def test_the_functions_of_the_article_and_of_safetensors_keep_them(folder):
    import lancekeep.torch

    lancekeep.save_model(Scale().state_dict(), folder / "a.lance")
    lancekeep.torch.save_model(Scale(), folder / "b.lance")
    loaded = [lancekeep.load_state_dict(folder / "a.lance"), lancekeep.open(folder / "b.lance").load()]
    for state in loaded:
        other = Scale()
        other.load_state_dict(state)
        assert torch.equal(other.w, torch.ones(2))


def test_metadata_comes_back_with_its_order(folder):
    state = network().state_dict()
    store = opened(folder)
    store.save(state)
    loaded = store.load()
    assert same(loaded, state) and type(loaded._metadata) is collections.OrderedDict
    assert list(loaded._metadata.items()) == list(state._metadata.items())
    assert store.at().info.metadata == {}
    assert len(store.at()._native.tensors()) == len(state)  # it is not a row


def test_metadata_of_nested_state_dicts(folder):
    nets = [network(), Scale()]
    state = {"model": nets[0].state_dict(), "emas": [(1, nets[1].state_dict())], 3: collections.OrderedDict(a=torch.ones(1))}
    store = opened(folder)
    store.save(state)
    loaded = store.load()
    assert same(loaded, state)
    assert loaded["model"]._metadata == state["model"]._metadata
    assert loaded["emas"][0][1]._metadata == {"": {"version": 2}}
    assert not hasattr(loaded[3], "_metadata")


def test_an_ordered_dict_comes_back_as_one(folder):
    store = opened(folder)
    for state in (collections.OrderedDict(a=torch.ones(1)), collections.OrderedDict()):
        store.save(state)
        assert type(store.load()) is collections.OrderedDict and not hasattr(store.load(), "_metadata")
    store.save({"a": torch.ones(1)})
    assert type(store.load()) is dict


def test_metadata_is_small_for_many_equal_modules(folder):
    store = opened(folder)
    store.save(network())
    layer = '{"=":1,"0":1,"1":{"=":{"version":2}},"2":1,"3":{"=":{"version":2}}}'
    assert text_of(store.at()) == '[[[],{"=":1,"layers":{"=":1,"0-11":' + layer + '},"head":{"=":{"version":2}}}]]'


@pytest.mark.parametrize(
    "metadata",
    [
        {}, {"": {"version": 1}}, {"": {}}, {"a": {"version": 1}, "": {"version": 1}}, {"=": {"version": 1}}, {"a.=.b": {"x": 1}},
        {"0-3": {"version": 1}}, {"0": {"version": 1}, "1": {"version": 1}, "3": {"version": 1}, "02": {"version": 1}},
        {str(i): {"version": 1 + i // 5} for i in range(12)}, {"a": 1, "b": None}, {"a": {"shapes": (1, [2, {"x": torch.float32}])}},
        {"..": {"version": 1}, ".a": {"version": 1}, "a.": {"version": 1}}, {".".join("a" * 500): {"version": 1}},
        {"1": {"version": 1}, "2": {"version": 1}, "0": {"version": 1}}, {"$row": {"$row": 1}},
    ],
)  # fmt: skip
def test_any_metadata_comes_back(folder, metadata):
    state = collections.OrderedDict(w=torch.ones(1))
    state._metadata = collections.OrderedDict(metadata)
    store = opened(folder)
    report = store.save(state)
    assert report.notes == []
    assert list(store.load()._metadata.items()) == list(metadata.items())


def test_metadata_that_is_not_data_is_left_out_with_a_note(folder):
    state = {"model": collections.OrderedDict(w=torch.ones(1))}
    state["model"]._metadata = {"": {"config": object()}}
    store = opened(folder)
    assert store.save(state).notes == ["the `_metadata` of `model` is not kept: object"]
    assert same(store.load(), state)


def test_metadata_that_is_too_long_is_left_out_with_a_note(folder):
    state = collections.OrderedDict(w=torch.ones(1))
    state._metadata = {f"{i * i:x}": {"version": 3} for i in range(20_000)}
    store = opened(folder)
    assert store.save(state).notes == ["the versions of the modules (`_metadata`) are not kept: there are too many"]
    assert same(store.load(), dict(state))


def test_what_copies_a_version_keeps_its_metadata(folder):
    state = Scale().state_dict()
    store = opened(folder)
    store.save(state)
    store.save({"x": torch.ones(1)})
    store.restore(1)
    assert store.load()._metadata == state._metadata
    save_to(folder / "copy.lance", store.at(1)._native.source())
    assert lancekeep.open(folder / "copy.lance").load()._metadata == state._metadata


def test_the_plain_layout_keeps_it(folder):
    state = Scale().state_dict()
    store = opened(folder)
    store.save(state, layout="plain")
    assert store.load()._metadata == state._metadata
    assert store.verify().ok


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_exports_leave_it_out(folder, suffix):
    store = opened(folder)
    store.save(Scale())
    report = lancekeep.export_file(store.path, folder / f"m.{suffix}")
    assert report.not_kept == []
    if suffix == "safetensors":
        header = (folder / "m.safetensors").read_bytes()[8:]
        assert b"state_dicts" not in header
    else:
        assert np.load(folder / "m.npz").files == ["w"]


def test_the_key_is_reserved(folder):
    with pytest.raises(lancekeep.InvalidArgumentError, match=r"`lancekeep.state_dicts` is reserved"):
        opened(folder).save({"w": torch.ones(1)}, metadata={"lancekeep.state_dicts": "[]"})


MALFORMED = {
    "no JSON": "[",
    "no list": "{}x",
    "a path that leads nowhere": '[[["model"],[]]]',
    "a module that is nothing": '[[[],{"a":{}}]]',
    "a module that is a text": '[[[],{"a":"b"}]]',
    "too many modules": json.dumps([[[], {"0-999999": {"0-999999": 1}}]]),
    "nested too deep": '[[[],' + '{"a":' * 20_000 + "1" + "}" * 20_000 + "]]",
    "an unknown tag": '[[[],[["a",{"$nothing":1}]]]]',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_property_is_an_error(folder, name):
    source = _native.PythonSource({"lancekeep.state_dicts": MALFORMED[name]}, [])
    source.add("w", "float32", [1], 4, None, b"\0\0\x80?")
    save_to(folder / "m.lance", source)
    if len(MALFORMED[name]) > _state_dicts.MOST_BYTES:  # is not recorded
        assert same(lancekeep.open(folder / "m.lance").load(), {"w": torch.ones(1)})
        return
    with pytest.raises(lancekeep.CorruptError, match="the property lancekeep.state_dicts of version 1 cannot be read"):
        lancekeep.open(folder / "m.lance").load()
