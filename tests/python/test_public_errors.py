# SPDX-License-Identifier: Apache-2.0
"""Each error as a Python program sees it: its class, the matching built-in exception, and a text that says what is wrong."""

from pathlib import Path

import lancekeep
import lancekeep.numpy
import lancekeep.torch
import numpy as np
import pytest
import torch
from programs import output_of

CLASSES = {
    "NotFoundError": (FileNotFoundError, KeyError),
    "AlreadyExistsError": (FileExistsError,),
    "InvalidArgumentError": (ValueError,),
    "CorruptError": (ValueError,),
    "UnsupportedError": (ValueError,),
    "UnsafeError": (ValueError,),
    "ConflictError": (RuntimeError,),
    "OutOfSpaceError": (OSError,),
    "StorageError": (OSError,),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes(name):
    kind = getattr(lancekeep, name)
    assert issubclass(kind, (lancekeep.Error,)) and all(issubclass(kind, base) for base in CLASSES[name])


@pytest.fixture
def store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save({"layer.0": torch.arange(12.0).view(3, 4), "layer.1": torch.ones(2)}, tag="base", durable=False)
    return store


def raised(kind, call, *words):
    """The error that a call raises; its text has each of the words, and is one line without quotes around it."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    text = str(error)
    assert isinstance(error, lancekeep.Error)
    assert all(word in text for word in words), text
    assert text == error.args[0] and "\n" not in text
    return error


# --- not found --------------------------------------------------------------------------------------------------------


def test_no_store(folder):
    error = raised(lancekeep.NotFoundError, lambda: lancekeep.open(folder / "nowhere"), "nowhere")
    assert isinstance(error, FileNotFoundError) and error.code == "not_found"
    assert error.file == str(folder / "nowhere") and error.offset is None


def test_no_version(store):
    raised(lancekeep.NotFoundError, lambda: store.load(7), "version 7")
    raised(lancekeep.NotFoundError, lambda: lancekeep.load_state_dict(store.path, version=7), "version 7")


def test_a_version_that_was_removed(store):
    for i in range(3):
        store.save({"w": torch.full((2,), i)}, durable=False)
    store.untag("base")
    store.gc(keep_last=2, orphans_older_than=0)
    error = raised(lancekeep.NotFoundError, lambda: lancekeep.load_state_dict(store.path), "version 1")
    assert "removed" in str(error) and "3" in str(error) and "4" in str(error)


def test_no_tag(store):
    raised(lancekeep.NotFoundError, lambda: store.load("best"), "best")
    raised(lancekeep.NotFoundError, lambda: store.untag("best"), "best")


def test_no_tensor(store):
    version = store.at()
    for call in (lambda: version["w"], lambda: version.get_tensor("w"), lambda: version.get_slice("w"), lambda: version.locate("w")):
        assert isinstance(raised(lancekeep.NotFoundError, call, "`w`", "version 1"), KeyError)
    error = raised(lancekeep.NotFoundError, lambda: store.load(names=["layer.0", "a", "b"]), "`a`", "`b`")
    assert "layer.0" not in str(error)
    assert "w" not in version and version.get("w") is None


# --- invalid arguments ------------------------------------------------------------------------------------------------


def test_a_path_with_something_else(folder):
    (folder / "file").write_text("not a store")
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("mine")
    for path in ("file", "notes"):
        raised(lancekeep.InvalidArgumentError, lambda: lancekeep.open(folder / path), path)
        raised(lancekeep.InvalidArgumentError, lambda: lancekeep.open(folder / path, create=True), path)
        raised(lancekeep.InvalidArgumentError, lambda: lancekeep.save_model({"w": torch.ones(1)}, folder / path), path)
    assert (folder / "file").read_text() == "not a store" and (folder / "notes" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("version", [-1, 1.5, True, object(), b"best", [1]])
def test_invalid_versions(store, version):
    raised(lancekeep.InvalidArgumentError, lambda: store.load(version), "a number, a tag or None")


def test_version_numbers_of_numpy_and_torch(store):
    assert store.at(np.int64(1)).number == store.at(torch.tensor(1)).number == 1


def test_unknown_framework(store):
    raised(lancekeep.InvalidArgumentError, lambda: lancekeep.open(store.path, framework="jax").load(), "'jax'", "'pt'", "'np'")


def test_arrays_on_a_device(store):
    raised(lancekeep.InvalidArgumentError, lambda: lancekeep.open(store.path, framework="np").load(device="cuda"), "cuda")


@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_dtypes_that_numpy_lacks(folder):
    lancekeep.open(folder / "m.lance", create=True).save({"w": torch.zeros(3, dtype=torch.complex32)}, durable=False)
    load = lancekeep.open(folder / "m.lance", framework="np").load
    raised(lancekeep.UnsupportedError, load, "`w`", "complex32", "framework='pt'")


def test_gc_without_a_limit(store):
    raised(lancekeep.InvalidArgumentError, lambda: store.gc(), "keep_last")


def test_gc_with_a_limit_beyond_all_numbers(store):
    assert store.gc(keep_last=10**30).versions_removed == []


def test_an_error_about_a_lone_surrogate_can_be_printed(store):
    with pytest.raises(lancekeep.NotFoundError) as error:
        store.load(names=["\ud800"])
    assert "\\ud800" in str(error.value).encode().decode()


def test_a_tag_that_exists(store):
    before = files(store)
    raised(lancekeep.AlreadyExistsError, lambda: store.tag("base"), "base")
    raised(lancekeep.AlreadyExistsError, lambda: store.save({"w": torch.ones(2)}, tag="base"), "base")
    assert files(store) == before


@pytest.mark.parametrize("name", ["", "7", "latest", ".hidden", "a/b", "x" * 129, "a.lock", "späte", "a b"])
def test_invalid_tag_names(store, name):
    raised(lancekeep.InvalidArgumentError, lambda: store.tag(name), name[:20])


def test_a_tag_that_another_writer_moved(store):
    store.save({"w": torch.ones(2)}, durable=False)
    raised(lancekeep.ConflictError, lambda: store.tag("base", 2, expected=2), "base")


@pytest.mark.parametrize("key", ["lancekeep.table", "__lance_commit_message"])
def test_reserved_metadata(store, key):
    raised(lancekeep.InvalidArgumentError, lambda: store.save({"w": torch.ones(2)}, metadata={key: "x"}), key)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.31, "0.31"), (3, "3"), (True, "True"), (np.float32(0.5), "0.5"), (np.int64(7), "7"), (np.str_("a"), "a")],
)
def test_numbers_in_metadata_are_kept_as_text(store, value, text):
    store.save({"w": torch.ones(2)}, metadata={"loss": value})
    assert store.versions()[-1].metadata == {"loss": text}


# What is called, and what the text says. Each is a lancekeep.Error and a TypeError.
WRONG_TYPES = {
    "message": (lambda s: s.save({}, message=3), "message must be a str, not 3"),
    "tag": (lambda s: s.save({}, tag=3), "tag must be a str, not 3"),
    "layout": (lambda s: s.save({}, layout=3), "layout must be a str, not 3"),
    "metadata": (lambda s: s.save({}, metadata="loss"), "metadata must be a dict of str to str or numbers"),
    "progress": (lambda s: s.save({}, progress=3), "progress must be True, a callable or None, not 3"),
    "tag's name": (lambda s: s.tag(3), "a tag's name must be a str, not 3"),
    "removed tag": (lambda s: s.untag(3), "a tag's name must be a str, not 3"),
    "expected": (lambda s: s.tag("base", expected="1"), "expected must be an int, not '1'"),
    "keep_last": (lambda s: s.gc(keep_last=1.5), "keep_last must be an int, not 1.5"),
    "older_than": (lambda s: s.gc(older_than="1d"), "older_than must be a number of seconds or a timedelta, not '1d'"),
    "names": (lambda s: s.load(names=3), "names must be a str, an iterable of str, or a callable, not 3"),
    "a name": (lambda s: s.load(names=[3]), "a name must be a str, not 3"),
    "path": (lambda s: lancekeep.open(3), "a path is a str or a pathlib.Path, not 3"),
    "tensors": (lambda s: lancekeep.torch.save_file("notadict", s.path), "expected a dict of str to torch.Tensor, found str"),
    "a list": (lambda s: lancekeep.torch.save_file([torch.ones(1)], s.path), "found list"),
    "arrays": (lambda s: lancekeep.numpy.save_file(3, s.path), "expected a dict of str to numpy.ndarray, found int"),
}


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_arguments_of_the_wrong_type(store, name):
    call, text = WRONG_TYPES[name]
    error = raised(lancekeep.InvalidArgumentError, lambda: call(store), text)
    assert isinstance(error, TypeError) and len(store) == 1


NEEDS_A_DEVICE = "device= needs a torch.device or its name, such as 'cuda:0'"


@pytest.mark.parametrize(
    ("device", "kind", "words"),
    [
        (lambda storage, place: storage, lancekeep.InvalidArgumentError, f"{NEEDS_A_DEVICE}, not a function"),
        ({"cuda:0": "cpu"}, lancekeep.InvalidArgumentError, f"{NEEDS_A_DEVICE}, not a dict"),
        ("nowhere", lancekeep.InvalidArgumentError, "'nowhere' is not a device"),
        ("mps", lancekeep.UnsupportedError, "the device 'mps' cannot be used here"),
        ("xla", lancekeep.UnsupportedError, "the device 'xla' cannot be used here"),
    ],
)
def test_devices(store, device, kind, words):
    raised(kind, lambda: store.load(device=device), words)
    raised(kind, lambda: store.at().get_tensor("layer.0", device), words)


def test_a_device_that_is_not_there(store):
    name = f"cuda:{torch.cuda.device_count()}"
    raised(lancekeep.UnsupportedError, lambda: store.load(device=name), f"the device '{name}' cannot be used here")


def test_huge_numbers(store):
    assert store.gc(keep_last=10**30).versions_removed == []
    raised(lancekeep.NotFoundError, lambda: store.load(10**30), "does not exist")


def test_an_error_about_a_name_that_cannot_be_printed(store):
    with pytest.raises(lancekeep.NotFoundError) as caught:
        store.at()["\udcff"]
    str(caught.value).encode()
    assert "\\udcff" in str(caught.value)


@pytest.mark.parametrize("metadata", [{3: "epoch"}, {"epoch": None}, {"epoch": b"3"}, {"epoch": [3]}])
def test_metadata_is_text(store, metadata):
    before = files(store)
    with pytest.raises(TypeError, match="metadata must be a dict of str to str"):
        store.save({"w": torch.ones(2)}, metadata=metadata)
    assert files(store) == before


# --- load_into: nothing is changed ------------------------------------------------------------------------------------

TARGETS = {
    "missing": ({"layer.0": (3, 4)}, ["layer.1"]),
    "unexpected": ({"layer.0": (3, 4), "layer.1": (2,), "w": (1,)}, ["w"]),
    "shapes": ({"layer.0": (4, 3), "layer.1": (2, 1)}, ["`layer.0`", "[3, 4]", "[4, 3]", "`layer.1`"]),
}


@pytest.mark.parametrize("what", TARGETS)
def test_targets_that_do_not_fit(store, what):
    shapes, words = TARGETS[what]
    target = {name: torch.full(shape, 7.0) for name, shape in shapes.items()}
    raised(lancekeep.InvalidArgumentError, lambda: store.load_into(target), "othing was loaded", *words)
    assert all(bool((tensor == 7).all()) for tensor in target.values())


def test_invalid_targets(store):
    raised(lancekeep.InvalidArgumentError, lambda: store.load_into([torch.ones(2)]), "torch.nn.Module")
    raised(lancekeep.InvalidArgumentError, lambda: store.load_into({"layer.1": 3}, strict=False), "torch.nn.Module")


def test_load_model_with_another_model(store):
    model = torch.nn.Linear(4, 3)
    before = model.weight.detach().clone()
    raised(lancekeep.InvalidArgumentError, lambda: lancekeep.load_model(model, store.path), "weight", "layer.0")
    assert torch.equal(model.weight, before)


# --- what cannot be kept is named before anything is written ----------------------------------------------------------


class Own:
    pass


def ring():
    inner: list = [torch.ones(1)]
    inner.append(inner)
    return inner


def deep():
    state: list = []
    for _ in range(1000):
        state = [state]
    return state


def quantized():
    return torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)


NOT_KEPT = {
    "an object": (lambda: Own(), ["`bad.deep.0`", "Own"]),
    "a function": (lambda: len, ["`bad.deep.0`", "function"]),
    "a class": (lambda: Own, ["`bad.deep.0`", "the class", "Own"]),
    "a key": (lambda: {Own: torch.ones(2)}, ["`bad.deep.0.", "a key of type the class", "Own"]),
    "a ring": (ring, ["`bad.deep.0", "holds itself"]),
    "a depth": (deep, ["nested more than"]),
    "sparse": (lambda: torch.ones(3).to_sparse(), ["`bad.deep.0`", "sparse_coo", "to_dense"]),
    "sparse rows": (lambda: torch.ones(3, 3).to_sparse_csr(), ["`bad.deep.0`", "sparse_csr"]),
    "quantized": (quantized, ["`bad.deep.0`", "quantized", "int_repr"]),
    "nested": (lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), ["`bad.deep.0`", "nested"]),
    "meta": (lambda: torch.ones(3, device="meta"), ["`bad.deep.0`", "meta device"]),
    "objects in an array": (lambda: np.array([object()]), ["`bad.deep.0`", "object"]),
    "text in an array": (lambda: np.array(["text"]), ["`bad.deep.0`", "<U4"]),
    "dates in an array": (lambda: np.array(["2024-01-01"], dtype="datetime64[D]"), ["`bad.deep.0`", "datetime64"]),
    "long floats": (lambda: np.zeros(3, dtype=np.longdouble), ["`bad.deep.0`", "float128"]),
    "records": (lambda: np.zeros(3, dtype=[("a", "f4")]), ["`bad.deep.0`"]),
}


def files(store) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(Path(store.path).rglob("*")) if file.is_file()}


@pytest.mark.filterwarnings("ignore:Sparse CSR", "ignore:The PyTorch API of nested", "ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("what", NOT_KEPT)
def test_what_cannot_be_kept(store, what):
    make, words = NOT_KEPT[what]
    before = files(store)
    state = {"fine": torch.ones(1000), "bad": {"deep": [make(), torch.ones(1)]}}
    raised(lancekeep.InvalidArgumentError, lambda: store.save(state), "othing was written", *words)
    raised(lancekeep.InvalidArgumentError, lambda: lancekeep.save_model(state, store.path), "othing was written", *words)
    assert files(store) == before
    nowhere = Path(store.path).with_name("new.lance")
    raised(lancekeep.InvalidArgumentError, lambda: lancekeep.save_model(state, nowhere, version=True), *words)
    assert not nowhere.exists()


def test_everything_that_cannot_be_kept_is_named(store):
    state = {"a": Own(), "b": torch.ones(2).to_sparse(), "c": {"d": Own()}}
    error = raised(lancekeep.InvalidArgumentError, lambda: store.save(state), "`a`", "`c.d`")
    assert "Own" in str(error)
    many = {f"w{i}": Own() for i in range(50)}
    assert "and 40 more" in str(raised(lancekeep.InvalidArgumentError, lambda: store.save(many)))


# --- damage, and failures of the operating system -----------------------------------------------------------------------


def data_file(store) -> Path:
    return Path(store.at().locate("layer.0")[0])


def test_a_data_file_that_is_gone(store):
    file = data_file(store)
    file.unlink()
    error = raised(lancekeep.Error, lambda: lancekeep.open(store.path).load(), file.name)
    assert error.file is not None and Path(error.file).name == file.name


def test_a_torn_data_file(store):
    file = data_file(store)
    file.write_bytes(file.read_bytes()[:100])
    error = raised(lancekeep.CorruptError, lambda: lancekeep.open(store.path).load(), file.name)
    assert isinstance(error, ValueError) and error.code == "corrupt"


def test_a_manifest_of_zeros(store):
    [manifest] = (Path(store.path) / "_versions").glob("*.manifest")
    manifest.write_bytes(bytes(manifest.stat().st_size))
    error = raised(lancekeep.CorruptError, lambda: lancekeep.open(store.path).at(1))
    assert Path(error.file).name == manifest.name and type(error.offset) in (int, type(None))


def test_damaged_values_are_findings(store):
    path, offset, _ = store.at().locate("layer.0")
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\xff")
    report = store.verify()
    [finding] = report.findings
    assert not report.ok and finding.tensor == "layer.0" and Path(finding.file).name == Path(path).name


FULL = """
import lancekeep, resource, signal, torch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = lancekeep.open(folder)
before = sorted(map(str, folder.rglob("*")))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    store.save({"w": torch.ones(1 << 20)})
except lancekeep.Error as error:
    output(kind=type(error).__name__, natural=isinstance(error, OSError), text=str(error), versions=len(store.versions()),
         left=sorted(set(map(str, folder.rglob("*"))) - set(before)))
"""


def test_a_file_that_may_not_grow(store):
    found = output_of(FULL, store.path)
    assert found["kind"] in ("OutOfSpaceError", "StorageError") and found["natural"]
    assert "data" in found["text"] and found["versions"] == 1 and found["left"] == []


def test_a_store_that_was_replaced(store):
    lancekeep.save_model({"w": torch.ones(2)}, store.path)
    raised(lancekeep.ConflictError, lambda: store.save({"w": torch.zeros(2)}), "replaced")
    assert torch.equal(lancekeep.open(store.path).load()["w"], torch.ones(2))
