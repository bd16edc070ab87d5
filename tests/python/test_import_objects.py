# SPDX-License-Identifier: Apache-2.0
"""Checkpoints with objects in them: refused with all classes and keys, or imported without the objects."""

import argparse
import collections
import dataclasses
import enum
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

import lancekeep


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: float


@dataclasses.dataclass
class Config:
    lr: float = 0.1
    name: str = "adam"


class Slotted:
    __slots__ = ("rate",)

    def __init__(self) -> None:
        self.rate = 0.5


class Attributes(dict):
    __getattr__ = dict.__getitem__


class Names(list):
    pass


class Text(str):
    pass


class Tagged(torch.Tensor):
    pass


class Runs:
    """Its pickle would run code."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('the pickle was run')",))


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
        self.head = torch.nn.Linear(3, 1, bias=False)
        self.register_buffer("scratch", torch.ones(1), persistent=False)
        self.register_parameter("missing", None)
        self.config = Config()


def function() -> None:
    """Pickled by its name."""


def saved(folder: Path, state: object, **options) -> Path:
    torch.save(state, folder / "c.pt", **options)
    return folder / "c.pt"


def skipped(folder: Path, state: object, **options) -> tuple[object, list[str]]:
    report = lancekeep.import_file(saved(folder, state, **options), folder / "c.lance", objects="skip")
    return lancekeep.open(folder / "c.lance").load(), report.notes


def refused(folder: Path, state: object) -> lancekeep.Error:
    with pytest.raises(lancekeep.Error) as raised:
        lancekeep.import_file(saved(folder, state), folder / "c.lance")
    assert not (folder / "c.lance").exists()
    return raised.value


def test_a_namespace_becomes_a_dict_of_its_attributes(tmp_path: Path) -> None:
    args = argparse.Namespace(lr=0.1, layers=[1, 2])
    loaded, notes = skipped(tmp_path, {"state_dict": {"w": torch.ones(2)}, "args": args, "epoch": 3})
    assert torch.equal(loaded["state_dict"]["w"], torch.ones(2))
    assert loaded["epoch"] == 3 and loaded["args"]["lr"] == 0.1 and loaded["args"]["layers"] == [1, 2]
    assert notes == ["`args` (argparse.Namespace) is kept as a dict of its attributes"]


@pytest.mark.parametrize("protocol", [2, 4])
def test_each_object_keeps_its_plain_form(tmp_path: Path, protocol: int) -> None:
    state = {
        "w": torch.ones(2), "config": Config(), "slotted": Slotted(), "color": Color.RED, "level": Level.HIGH,
        "point": Point(1, 2.5), "attributes": Attributes(a=1, t=torch.zeros(1)), "names": Names([1, 2]), "text": Text("x"),
        "function": function, "inside": [1, function, {"a": Color.RED}],
    }  # fmt: skip
    loaded, notes = skipped(tmp_path, state, pickle_protocol=protocol)
    assert list(loaded) == [key for key in state if key != "function"]
    assert loaded["config"] == {"lr": 0.1, "name": "adam"} and loaded["slotted"] == {"rate": 0.5}
    assert (loaded["color"], loaded["level"], loaded["point"]) == ("red", 3, (1, 2.5))
    assert loaded["attributes"]["a"] == 1 and torch.equal(loaded["attributes"]["t"], torch.zeros(1))
    assert (loaded["names"], loaded["text"]) == ([1, 2], "x")
    assert loaded["inside"] == [1, None, {"a": "red"}]
    text = "\n".join(notes)
    assert f"`function`, `inside.1` ({__name__}.function) are left out" in text
    for name in ("Config", "Slotted", "Color", "Level", "Point", "Attributes", "Names", "Text"):
        assert f"{__name__}.{name})" in text


def test_a_whole_module_becomes_its_state_dict(tmp_path: Path) -> None:
    net = Net()
    loaded, notes = skipped(tmp_path, net)
    wanted = net.state_dict()
    assert list(loaded) == list(wanted)
    for name, tensor in wanted.items():
        assert torch.equal(loaded[name], tensor)
    Net().load_state_dict(loaded)
    assert any("is kept as its state dict" in note and f"{__name__}.Net" in note for note in notes)
    loaded, _ = skipped(tmp_path / "x" if (tmp_path / "x").mkdir() else tmp_path / "x", {"model": net, "epoch": 3})
    assert list(loaded["model"]) == list(wanted) and loaded["epoch"] == 3


def test_an_optimizer_becomes_its_state_dict(tmp_path: Path) -> None:
    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    loaded, notes = skipped(tmp_path, {"optimizer": optimizer, "w": torch.ones(1)})
    again = torch.optim.Adam(net.parameters())
    again.load_state_dict(loaded["optimizer"])
    for parameter in net.parameters():
        assert torch.equal(again.state[parameter]["exp_avg"], optimizer.state[parameter]["exp_avg"])
    assert notes == ["`optimizer` (torch.optim.adam.Adam) is kept as its state dict"]


def test_a_module_of_the_older_form_becomes_its_state_dict(tmp_path: Path) -> None:
    net = torch.nn.Linear(2, 3)
    loaded, _ = skipped(tmp_path, net, _use_new_zipfile_serialization=False)
    assert torch.equal(loaded["weight"], net.weight)


def test_objects_in_keys_and_sets_are_left_out(tmp_path: Path) -> None:
    loaded, notes = skipped(tmp_path, {"w": torch.ones(1), "d": {Color.RED: 1, "a": 2}, "s": {Color.RED, 1}})
    assert (loaded["d"], loaded["s"]) == ({"a": 2}, {1})
    assert len(notes) == 2 and all("Color" in note for note in notes)


def test_tensors_of_other_kinds_are_left_out(tmp_path: Path) -> None:
    state = {"w": torch.ones(2), "sparse": torch.eye(2).to_sparse(), "text": np.array(["a"]), "objects": np.array([None])}
    loaded, notes = skipped(tmp_path, state)
    assert list(loaded) == ["w"]
    assert {word for note in notes for word in re.findall("`(sparse|text|objects)` \\(", note)} == {"sparse", "text", "objects"}


def test_nothing_is_ever_run(tmp_path: Path) -> None:
    loaded, notes = skipped(tmp_path, {"w": torch.ones(1), "bad": Runs()})
    assert list(loaded) == ["w"]
    assert notes and "`bad`" in notes[0] and "exec" in notes[0]


def test_an_object_that_holds_itself_ends(tmp_path: Path) -> None:
    config = Config()
    config.parent = config  # type: ignore[attr-defined]
    loaded, _ = skipped(tmp_path, {"w": torch.ones(1), "c": config})
    assert loaded["c"] == {"lr": 0.1, "name": "adam"}


def test_all_classes_are_named_with_their_keys(tmp_path: Path) -> None:
    state = {"w": torch.ones(1), "args": argparse.Namespace(a=1), "deep": [{"color": Color.RED}, Point(1, 2)]}
    text = str(refused(tmp_path, state))
    assert "`argparse.Namespace` at `args`" in text
    assert f"`{__name__}.Color` at `deep.0.color`" in text and f"`{__name__}.Point` at `deep.1`" in text
    assert "nothing was run" in text and "vars(args)" in text
    assert "objects='skip'" in text and "state_dict()" not in text


def test_the_advice_fits_the_case(tmp_path: Path) -> None:
    net = torch.nn.Linear(1, 1)
    assert "The file holds a whole module: save model.state_dict() instead" in str(refused(tmp_path, net))
    assert "`model` is a whole module: save model.state_dict() instead" in str(refused(tmp_path, {"model": net, "args": argparse.Namespace()}))
    assert "to_dense()" in str(refused(tmp_path, {"w": torch.eye(2).to_sparse()}))
    assert isinstance(refused(tmp_path, {"w": Runs()}), lancekeep.UnsafeError)


def test_skip_is_not_offered_where_it_does_not_help(tmp_path: Path) -> None:
    assert "objects=" not in str(refused(tmp_path, function))
    with pytest.raises(lancekeep.UnsupportedError, match="nothing can be kept"):
        skipped(tmp_path, function)
    with pytest.raises(lancekeep.InvalidArgumentError, match="'refuse' or 'skip'"):
        lancekeep.import_file(tmp_path / "c.pt", tmp_path / "c.lance", objects="drop")


def test_a_subclass_of_tensor_is_its_plain_tensor(tmp_path: Path) -> None:
    tagged = torch.arange(3.0).as_subclass(Tagged)
    tagged.tag = "x"  # type: ignore[attr-defined]
    torch.save({"w": tagged}, tmp_path / "t.pt")
    report = lancekeep.import_file(tmp_path / "t.pt", tmp_path / "t.lance")
    assert report.notes == [f"`w` ({__name__}.Tagged) is kept as a plain tensor"]
    assert torch.equal(lancekeep.open(tmp_path / "t.lance").load()["w"], torch.arange(3.0))


def test_module_versions_are_kept(tmp_path: Path) -> None:
    state = torch.nn.BatchNorm1d(2).state_dict()
    lancekeep.import_file(saved(tmp_path, state), tmp_path / "c.lance")
    loaded = lancekeep.open(tmp_path / "c.lance").load()
    assert isinstance(loaded, collections.OrderedDict)
    assert loaded._metadata == state._metadata  # type: ignore[attr-defined]


def test_a_large_vocabulary_is_one_row(tmp_path: Path) -> None:
    words = {f"word{i}": i for i in range(150_000)}
    path = saved(tmp_path, {"stoi": words, "itos": list(words), "vectors": torch.zeros(400, 5)})
    lancekeep.import_file(path, tmp_path / "c.lance")
    store = lancekeep.open(tmp_path / "c.lance")
    assert len(list(store.at()._native.tensors())) == 3
    loaded = store.load()
    assert loaded["stoi"] == words and loaded["itos"] == list(words)


def test_a_long_history_and_many_tensors_are_read(tmp_path: Path) -> None:
    history = [{"loss": i / 7, "lr": i / 3} for i in range(200_000)]
    lancekeep.import_file(saved(tmp_path, {"history": history, "w": torch.ones(1)}), tmp_path / "c.lance")
    assert lancekeep.open(tmp_path / "c.lance").load()["history"] == history
    many = {f"layer.{i}.weight": torch.full((1,), float(i)) for i in range(60_000)}
    torch.save(many, tmp_path / "m.pt")
    lancekeep.import_file(tmp_path / "m.pt", tmp_path / "m.lance")
    assert len(lancekeep.open(tmp_path / "m.lance").at()) == 60_000


def test_an_export_of_many_tensors_is_imported_again(tmp_path: Path) -> None:
    store = lancekeep.open(tmp_path / "s.lance", create=True)
    store.save({f"a.long.name.of.a.layer.{i}": torch.full((1,), float(i)) for i in range(170_000)})
    for name in ("m.safetensors", "m.npz"):
        lancekeep.export_file(tmp_path / "s.lance", tmp_path / name)
        lancekeep.import_file(tmp_path / name, tmp_path / f"{name}.lance")
        assert len(lancekeep.open(tmp_path / f"{name}.lance").at()) == 170_000
