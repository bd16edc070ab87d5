# SPDX-License-Identifier: Apache-2.0
"""Values beside the tensors of a checkpoint: kept as what they are, or in a plain form with a note."""

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import io
import pathlib
import types
import uuid
import zoneinfo

import lancekeep
import ml_dtypes
import numpy as np
import pytest
import torch
from equality import same

UTC = datetime.timezone.utc
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

# What is loaded back as it was: no class of the user's is needed.
KEPT = {
    "frozenset": frozenset({2, 1, (3, "x")}),
    "deque": collections.deque([1, [2]]),
    "bounded deque": collections.deque([1, 2], maxlen=5),
    "defaultdict": collections.defaultdict(list, {"a": [1], 2: []}),
    "defaultdict without a factory": collections.defaultdict(None, a=1),
    "defaultdict of deques": collections.defaultdict(collections.deque),
    "range": range(1, 9, 2),
    "empty range": range(0),
    "huge range": range(2**70),
    "slice": slice(None, 3, (1, "x")[0]),
    "path": pathlib.Path("a/b"),
    "no path": pathlib.Path(),
    "path in UTF-8": pathlib.PurePosixPath("/Größe/\udcff"),
    "Windows path": pathlib.PureWindowsPath("C:/a/b"),
    "date": datetime.date(2024, 5, 1),
    "time": datetime.time(12, 30, 1, 5),
    "time with an offset": datetime.time(12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2, seconds=30))),
    "datetime": datetime.datetime(2024, 5, 1, 12, 30),
    "datetime in UTC": datetime.datetime(1, 1, 1, tzinfo=UTC),
    "datetime in Berlin": datetime.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    "datetime that is folded": datetime.datetime(2024, 10, 27, 2, 30, fold=1),
    "timedelta": datetime.timedelta(days=-1, microseconds=3),
    "decimal": decimal.Decimal("-1.10"),
    "fraction": fractions.Fraction(1, 2**70),
    "uuid": uuid.UUID(int=2**100),
    "ellipsis": ...,
    "memory format": torch.channels_last,
    "qscheme": torch.per_tensor_affine,
    "dtype": torch.bfloat16,
    "dtype of NumPy": np.dtype("<f4"),
    "dtype of ml_dtypes": np.dtype(ml_dtypes.bfloat16),
    "text of NumPy": np.str_("Größe"),
    "no text of NumPy": np.str_(""),
    "bytes of NumPy": np.bytes_(b"ab"),
    "date of NumPy": np.datetime64("2020-01-01"),
    "duration of NumPy": np.timedelta64(3, "s"),
    "bfloat16": ml_dtypes.bfloat16(1.5),
    "type": int,
    "type of NumPy": np.float32,
    "keys": {
        np.int64(3): 1, np.str_("a"): 2, 1j: 3, pathlib.Path("k"): 4, frozenset([1]): 5, datetime.date(2024, 1, 1): 6,
        (np.int64(1), (pathlib.Path("q"), None)): 7, torch.device("cpu"): 8, torch.Size([1]): 9, ...: 10,
    },
    "nested": [{"a": (range(3), {"b": collections.deque([{"c": frozenset()}])})}],
}  # fmt: skip


def same_value(a: object, b: object) -> bool:
    details = [(getattr(v, "default_factory", None), getattr(v, "maxlen", None), getattr(v, "fold", None)) for v in (a, b)]
    zones = [str(getattr(v, "tzinfo", None)) for v in (a, b)]
    return same(a, b) and details[0] == details[1] and zones[0] == zones[1]


def round_trip(folder, state, **options):
    store = lancekeep.open(folder / "m.lance", create=True)
    report = store.save(state, **options)
    assert store.verify().ok
    return store.load(), report.notes


@pytest.mark.parametrize("name", KEPT)
def test_plain_data_in_disguise_is_kept_as_what_it_is(folder, name):
    state = {"w": torch.ones(1), "value": KEPT[name], "in a list": [KEPT[name]]}
    loaded, notes = round_trip(folder, state)
    assert notes == []
    assert same_value(loaded["value"], KEPT[name]) and same_value(loaded["in a list"][0], KEPT[name])


def test_bytes_in_memory_are_kept(folder):
    """As the extra state of modules with FP8 scales is."""
    loaded, notes = round_trip(folder, {"w": torch.ones(1), "_extra_state": io.BytesIO(b"scales")})
    assert type(loaded["_extra_state"]) is io.BytesIO and loaded["_extra_state"].read() == b"scales" and notes == []


@pytest.mark.parametrize("make", [lambda w: collections.deque([w, 1], 7), lambda w: collections.defaultdict(dict, a=w)])
def test_containers_with_tensors_are_kept_as_what_they_are(folder, make):
    state = make(torch.ones(2))
    for saved in (state, {"a": state}):
        loaded, notes = round_trip(folder, saved)
        assert same(loaded, saved) and notes == []
    assert same_value(loaded["a"], state)


class Mode(enum.IntEnum):
    FAST = 3


class Name(str, enum.Enum):
    ADAM = "adam"


class Plain(enum.Enum):
    PAIR = (1, 2)


class Text(str):
    def __str__(self):
        return "something else"


class Count(int):
    pass


class Number(float):
    pass


class AttributeDict(dict):
    """As Lightning and many others have it."""

    __getattr__ = dict.__getitem__


class OrderedAttributes(collections.OrderedDict):
    pass


class Pair(collections.namedtuple("Pair", "a b")):
    pass


@dataclasses.dataclass
class Config:
    lr: float
    weight: object = None


class Items(list):
    pass


class Stamp(datetime.datetime):
    pass


# (value, the plain form that is loaded, the class that the note names)
PLAIN = {
    "int enum": (Mode.FAST, 3, "Mode"),
    "str enum": (Name.ADAM, "adam", "Name"),
    "enum": (Plain.PAIR, (1, 2), "Plain"),
    "str": (Text("a"), "a", "Text"),
    "int": (Count(2**70), 2**70, "Count"),
    "float": (Number(-0.0), -0.0, "Number"),
    "dict": (AttributeDict(a=AttributeDict(b=1)), {"a": {"b": 1}}, "AttributeDict"),
    "ordered dict": (OrderedAttributes(a=1), collections.OrderedDict(a=1), "OrderedAttributes"),
    "named tuple": (Pair(1, Pair(2, 3)), (1, (2, 3)), "Pair"),
    "list": (Items([1, 2]), [1, 2], "Items"),
    "dataclass": (Config(0.1), {"lr": 0.1, "weight": None}, "Config"),
    "factory of the user's": (collections.defaultdict(lambda: 1, a=1), {"a": 1}, "a defaultdict with the factory <lambda>"),
    "mapping": (types.MappingProxyType({"a": 1}), {"a": 1}, "mappingproxy"),
    "user dict": (collections.UserDict(a=1), {"a": 1}, "UserDict"),
    "user list": (collections.UserList([1]), [1], "UserList"),
    "keys of a dict": ({"a": 1}.keys(), ["a"], "dict_keys"),
    "stamp": (Stamp(2024, 1, 1), datetime.datetime(2024, 1, 1), "Stamp"),
    "named zone": (
        datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1), "CET")),
        datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), "time zone",
    ),
    "matrix": (np.matrix([[1.0, 2.0]]), np.array([[1.0, 2.0]]), "numpy.matrix"),
    "result of torch": (torch.return_types.max((1, 2)), (1, 2), "torch.return_types.max"),
    "with tensors": (Config(0.1, Pair(torch.ones(2), 1)), {"lr": 0.1, "weight": (torch.ones(2), 1)}, "Config"),
    "keys": ({Mode.FAST: 1, Name.ADAM: 2, Pair(1, 2): 3}, {3: 1, "adam": 2, (1, 2): 3}, "Mode"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_what_needs_a_class_of_the_users_is_kept_in_its_plain_form_with_a_note(folder, name):
    value, plain, kind = PLAIN[name]
    loaded, notes = round_trip(folder, {"w": torch.ones(1), "value": value})
    assert same_value(loaded["value"], plain)
    assert any(kind in note and "`value" in note and "kept as" in note for note in notes)


def test_a_state_of_a_class_of_the_users_is_kept_as_a_dict(folder):
    loaded, notes = round_trip(folder, AttributeDict(w=torch.ones(1)))
    assert same(loaded, {"w": torch.ones(1)})
    assert notes == [f"the state ({AttributeDict.__module__}.AttributeDict): kept as dict, which is what loading returns"]


def test_a_note_names_few_of_many_places(folder):
    _, notes = round_trip(folder, {"w": torch.ones(1), "modes": [Mode.FAST] * 9})
    assert notes == [
        f"`modes.0`, `modes.1`, `modes.2` and 6 more ({__name__}.Mode): kept as int, which is what loading returns"
    ]


def test_two_keys_with_one_plain_form_are_refused(folder):
    with pytest.raises(lancekeep.InvalidArgumentError, match="whose plain form 3 is a key too"):
        lancekeep.open(folder / "m.lance", create=True).save({"a": {3: 1, NotInt.THREE: 2}})


class NotInt(enum.Enum):
    THREE = 3


# --- tensors of other classes -----------------------------------------------------------------------------------------


class Tagged(torch.Tensor):
    pass


class TaggedParameter(torch.nn.Parameter):
    pass


def test_a_subclass_that_adds_attributes_is_kept_as_its_tensor(folder):
    base = torch.arange(6.0)
    tagged = base[:4].as_subclass(Tagged)
    tagged.owner = "me"
    parameter = TaggedParameter(torch.ones(3))
    loaded, notes = round_trip(folder, {"t": tagged, "again": base[:4], "p": parameter, "whole": {"t": tagged}})
    assert all(type(loaded[name]) is torch.Tensor for name in ("t", "p"))
    assert same(loaded["t"], base[:4]) and same(loaded["p"], torch.ones(3))
    assert loaded["t"] is loaded["again"] is loaded["whole"]["t"]  # tied, as the memory is
    assert any("`t`, `whole.t`" in note and "Tagged" in note for note in notes)
    assert any("`p`" in note and "TaggedParameter" in note for note in notes)


def test_a_tensor_of_zeros_without_memory_is_kept(folder):
    loaded, _ = round_trip(folder, {"z": torch._efficientzerotensor(3)})
    assert same(loaded["z"], torch.zeros(3))


class DTensor(torch.Tensor):
    """Has the name of torch's class, whose instances need a process group."""

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise NotImplementedError


def test_a_sharded_tensor_is_refused_with_the_call_that_helps(folder):
    state = {"w": torch.Tensor._make_wrapper_subclass(DTensor, (2,))}
    with pytest.raises(lancekeep.InvalidArgumentError, match=r"of which this process has one shard; keep its full_tensor\(\)"):
        lancekeep.open(folder / "m.lance", create=True).save(state)


class Foreign:
    """An array of another library: jax, for one."""

    def __init__(self, array):
        self.array = array

    def __array__(self, *args, **kwargs):
        return self.array

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)


def test_an_array_of_another_library_is_kept_as_a_numpy_array(folder):
    array = np.arange(3, dtype=ml_dtypes.bfloat16)
    foreign = Foreign(array)
    loaded, notes = round_trip(folder, {"a": foreign, "b": [foreign]})
    assert same(loaded, {"a": array, "b": [array]}) and loaded["a"] is loaded["b"][0]
    assert "Foreign" in notes[0]


# --- objects ----------------------------------------------------------------------------------------------------------


class Object:
    def __str__(self):
        return "an object"


def test_objects_can_be_left_out(folder):
    state = {"w": torch.ones(1), "o": Object(), "deep": {"l": [1, Object(), torch.ones(2)]}, "keys": {Object: 1, "a": 2}}
    loaded, notes = round_trip(folder, state, objects="skip")
    assert same(loaded, {"w": torch.ones(1), "deep": {"l": [1, torch.ones(2)]}, "keys": {"a": 2}})
    assert len(notes) == 1 and "left out" in notes[0]
    assert "`o`" in notes[0] and "`deep.l.1`" in notes[0] and "Object" in notes[0]


def test_what_an_object_is_made_of_is_kept_of_a_namespace(folder):
    """As an import with objects="skip" does."""
    loaded, notes = round_trip(folder, {"w": torch.ones(1), "args": argparse.Namespace(lr=0.1)}, objects="skip")
    assert same(loaded, {"w": torch.ones(1), "args": {"lr": 0.1}}) and "argparse.Namespace" in notes[0]


def test_objects_can_be_kept_as_text(folder):
    loaded, notes = round_trip(folder, {"w": torch.ones(1), "o": Object(), "l": [Object()]}, objects="str")
    assert same(loaded, {"w": torch.ones(1), "o": "an object", "l": ["an object"]})
    assert notes == [f"`o`, `l.0` ({__name__}.Object): kept as its text, which is what loading returns"]


def test_objects_are_refused_otherwise(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    with pytest.raises(lancekeep.InvalidArgumentError, match=r"`o` \(.*Object\).*objects='skip'"):
        store.save({"w": torch.ones(1), "o": Object()})
    with pytest.raises(lancekeep.InvalidArgumentError, match="objects must be 'refuse', 'skip' or 'str', not 'drop'"):
        store.save({"w": torch.ones(1)}, objects="drop")


# --- dicts without tensors --------------------------------------------------------------------------------------------


def test_a_vocabulary_is_one_row(folder):
    words = {f"word{i}": i for i in range(20_000)}
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save({"stoi": words, "vectors": torch.ones(2), "by id": dict(enumerate(words))})
    assert [info.name for info in store.at()._native.tensors()] == ["stoi", "vectors", "by id"]
    assert store.save({"stoi": words, "vectors": torch.ones(2), "by id": dict(enumerate(words))}).tensors_written == 0
    assert same(store.load(), {"stoi": words, "vectors": torch.ones(2), "by id": dict(enumerate(words))})


def test_a_vocabulary_alone_is_one_row(folder):
    words = {f"word{i}": i for i in range(20_000)}
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(words)
    assert [info.name for info in store.at()._native.tensors()] == ["value", "__tree__"]
    assert same(store.load(), words)


def test_a_tensor_anywhere_inside_splits_a_dict(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    state = {"a": {"b": {"c": [torch.ones(1)]}, "d": {"e": 1}}, "f": {}}
    store.save(state)
    assert [info.name for info in store.at()._native.tensors()] == ["a.b.c.0", "a.d", "f", "__tree__"]
    assert same(store.load(), state)


def test_rows_as_the_first_release_wrote_them_are_loaded(folder):
    """There each item of a dict had rows of its own, and an empty dict had none."""
    from lancekeep import _native
    from lancekeep._store import save_to

    source = _native.PythonSource({}, [])
    tree = b'{"config":{"lr":{"$row":"config.lr"},"empty":{}},"w":{"$row":"w"}}'
    rows = [("config.lr", "json", [], b"0.1"), ("w", "float32", [1], b"\0\0\x80?"), ("__tree__", "tree", [], tree)]
    for name, dtype, shape, data in rows:
        source.add(name, dtype, shape, len(data), None, data)
    save_to(folder / "m.lance", source)
    store = lancekeep.open(folder / "m.lance")
    state = {"config": {"lr": 0.1, "empty": {}}, "w": torch.ones(1)}
    assert same(store.load(), state)
    # A save after the upgrade rewrites values, but no tensor.
    report = store.save(state)
    assert report.bytes_shared == 4 and same(store.load(), state)
