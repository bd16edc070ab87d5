# SPDX-License-Identifier: Apache-2.0
"""We read bit for bit what torch and safetensors write, and safetensors reads what we write.

LANCEKEEP_BUILD is the build folder, which must contain lancekeep_list_tensors.
"""

import collections
import json
import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

sys.path.insert(0, str(Path(__file__).parent))
import make_checkpoints  # noqa: E402
from expected_rows import bytes_of  # noqa: E402

warnings.filterwarnings("ignore", message="ComplexHalf|torch.quantize_per_tensor")


def find_tool() -> Path:
    folder = os.environ.get("LANCEKEEP_BUILD")
    assert folder, "set LANCEKEEP_BUILD to the build folder"
    found = sorted(Path(folder).rglob("lancekeep_list_tensors"))
    assert found, f"no lancekeep_list_tensors in {folder}"
    return found[0]


def run(*args) -> tuple[int, list[dict]]:
    done = subprocess.run([find_tool(), *map(str, args)], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def listing(path: Path, folder: Path) -> tuple[list[dict], dict, list[str]]:
    """Tensors (with their bytes under "data"), metadata and notes."""
    folder.mkdir()
    code, lines = run(path, folder)
    assert code == 0, lines
    *tensors, metadata, notes = lines
    for index, tensor in enumerate(tensors):
        tensor["data"] = (folder / str(index)).read_bytes()
    return tensors, metadata["metadata"], notes["notes"]


def error(path: Path) -> dict:
    code, lines = run(path)
    assert code == 1, lines
    return lines[-1]


def assert_same(tensors: list[dict], expected: dict) -> None:
    assert [tensor["name"] for tensor in tensors] == list(expected)
    for tensor in tensors:
        want = expected[tensor["name"]]
        assert tensor["dtype"] == str(want.dtype)[6:], tensor["name"]
        assert tensor["shape"] == list(want.shape), tensor["name"]
        assert len(tensor["data"]) == tensor["nbytes"], tensor["name"]
        assert tensor["data"] == bytes_of(want), tensor["name"]


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", make_checkpoints.CHECKPOINTS)
def test_torch_files_are_read_bit_for_bit(tmp_path: Path, name: str, zip_form: bool) -> None:
    path = make_checkpoints.write(tmp_path, name, zip_form)
    expected = make_checkpoints.CHECKPOINTS[name]()
    if not (name == "dtypes" and not zip_form):  # torch cannot read its own untyped storages in the legacy form
        expected = torch.load(path, weights_only=True)
    tensors, metadata, _ = listing(path, tmp_path / "out")
    assert_same(tensors, expected)
    versions = {"lancekeep.state_dicts"} if isinstance(expected, collections.OrderedDict) else set()
    assert metadata.keys() == versions


def test_every_dtype_that_torch_saves_is_read(tmp_path: Path) -> None:
    tensors, _, _ = listing(make_checkpoints.write(tmp_path, "dtypes", True), tmp_path / "out")
    unsaved = make_checkpoints.NOT_SAVED
    assert len(tensors) == len(make_checkpoints.all_dtypes()) - len(unsaved) == 32
    for name in unsaved:
        with pytest.raises(KeyError):
            torch.save(torch.zeros(1, dtype=torch.uint8).view(getattr(torch, name)), tmp_path / "x")


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
def test_ties_and_overlaps(tmp_path: Path, zip_form: bool) -> None:
    tensors, _, notes = listing(make_checkpoints.write(tmp_path, "ties", zip_form), tmp_path / "out")
    tied = {tensor["name"]: tensor["tied_to"] for tensor in tensors if tensor["tied_to"] is not None}
    assert tied == {"head.weight": 0, "head.data": 0}
    assert len(notes) == 3
    assert "`embed.weight` and `head.transposed`" in notes[0]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
def test_every_pickle_protocol_is_read(tmp_path: Path, protocol: int, zip_form: bool) -> None:
    path = tmp_path / "m.pth"
    saved = make_checkpoints.module()
    torch.save(saved, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zip_form)
    assert_same(listing(path, tmp_path / "out")[0], saved)


def test_a_state_dict_as_python_2_pickled_it(tmp_path: Path) -> None:
    class Pairs(collections.OrderedDict):
        def __reduce__(self):
            return collections.OrderedDict, ([[key, value] for key, value in self.items()],)

    path = tmp_path / "m.pth"
    torch.save(Pairs(a=torch.ones(2), b=torch.zeros(3)), path)
    assert_same(listing(path, tmp_path / "out")[0], {"a": torch.ones(2), "b": torch.zeros(3)})


class RunsCode:
    def __reduce__(self):
        return os.system, ("touch was_run",)


REFUSED = {
    "code": (lambda: {"a": RunsCode()}, "unsafe", ".system`"),
    "module": (lambda: torch.nn.Linear(2, 2), "unsafe", "save model.state_dict()"),
    "storage": (lambda: {"a": torch.ones(1).untyped_storage()}, "unsupported", "the entry `a` is a storage; save a tensor instead"),
    "sparse": (lambda: {"a": torch.eye(2).to_sparse()}, "unsupported", "to_dense"),
    "quantized": (
        lambda: {"a": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, "unsupported", "dequantize",
    ),
    "meta": (lambda: {"a": torch.ones(2, device="meta")}, "unsupported", "_rebuild_meta_tensor_no_storage"),
}  # fmt: skip


@pytest.mark.parametrize("zip_form", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_files_that_are_not_plain_data_are_rejected(tmp_path: Path, monkeypatch, name: str, zip_form: bool) -> None:
    monkeypatch.chdir(tmp_path)
    make, code, part = REFUSED[name]
    torch.save(make(), "m.pth", _use_new_zipfile_serialization=zip_form)
    found = error(tmp_path / "m.pth")
    assert found["error"] == code
    assert part in found["message"]
    assert not (tmp_path / "was_run").exists()


def test_other_files_are_rejected_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    assert "torch.jit.load" in error(path)["message"]
    path.write_bytes(pickle.dumps({"a": 1}, protocol=2))
    assert "not a file of torch.save" in error(path)["message"]
    torch.save(make_checkpoints.module(), tmp_path / "plain.pth")
    with zipfile.ZipFile(tmp_path / "plain.pth") as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in plain.namelist():
            out.writestr(name, plain.read(name))
    assert "is compressed" in error(path)["message"]


def test_a_zip_that_python_stored_is_read(tmp_path: Path) -> None:
    saved = make_checkpoints.module()
    torch.save(saved, tmp_path / "plain.pth")
    path = tmp_path / "m.pth"
    with zipfile.ZipFile(tmp_path / "plain.pth") as plain, zipfile.ZipFile(path, "w") as out:
        for name in plain.namelist():
            out.writestr(name, plain.read(name))
    assert_same(listing(path, tmp_path / "out")[0], saved)


def in_safetensors() -> dict:
    """A tensor of every dtype that both torch and safetensors have."""
    found = {}
    for index, (name, dtype) in enumerate(make_checkpoints.all_dtypes().items()):
        tensor = make_checkpoints.random_tensor(dtype, (3, 2), index)
        try:
            safetensors.torch.save({name: tensor})
        except (KeyError, ValueError, RuntimeError, safetensors.SafetensorError):
            continue
        found[name] = tensor
    return found


def test_safetensors_files_are_read_bit_for_bit(tmp_path: Path) -> None:
    saved = in_safetensors() | {"scalar": torch.tensor(1.0), "empty": torch.empty(0, 4)}
    assert len(saved) == 22  # 20 dtypes of safetensors are torch's
    path = tmp_path / "m.safetensors"
    safetensors.torch.save_file(saved, path, metadata={"format": "pt", "a": "Grüße"})
    tensors, metadata, _ = listing(path, tmp_path / "out")
    assert_same(sorted(tensors, key=lambda t: list(saved).index(t["name"])), saved)
    assert metadata == {"format": "pt", "a": "Grüße"}


@pytest.mark.parametrize("name", ["views", "ties", "small", "module", "big"])
def test_safetensors_reads_what_we_write(tmp_path: Path, name: str) -> None:
    source = make_checkpoints.write(tmp_path, name, True)
    target = tmp_path / "m.safetensors"
    expected = make_checkpoints.CHECKPOINTS[name]()
    if name == "views":
        expected.pop("wide")  # complex128
        torch.save(expected, source)
    code, lines = run("--to-safetensors", source, target)
    assert code == 0, lines
    assert lines[0]["bytes_written"] == target.stat().st_size
    tied = {"head.weight": "embed.weight", "head.data": "embed.weight"} if name == "ties" else {}
    for key in tied:
        del expected[key]
    loaded = safetensors.torch.load_file(target)
    assert {key: (value.dtype, value.shape, bytes_of(value)) for key, value in loaded.items()} == {
        key: (value.dtype, value.shape, bytes_of(value)) for key, value in expected.items()
    }
    assert (lines[0]["not_kept"], len(lines[0]["notes"])) == ([], 1 if tied else 0)
    tensors, metadata, _ = listing(target, tmp_path / "out")
    assert_same(tensors, expected)
    assert {key: metadata.get(key) for key in tied} == tied


def test_every_dtype_of_safetensors_is_written(tmp_path: Path) -> None:
    saved = in_safetensors()
    torch.save(saved, tmp_path / "m.pth")
    code, lines = run("--to-safetensors", tmp_path / "m.pth", tmp_path / "m.safetensors")
    assert code == 0, lines
    with safetensors.safe_open(tmp_path / "m.safetensors", "pt") as file:
        for name, tensor in saved.items():
            assert file.get_tensor(name).dtype == tensor.dtype
            assert bytes_of(file.get_tensor(name)) == bytes_of(tensor), name


def test_dtypes_that_safetensors_lacks_are_named(tmp_path: Path) -> None:
    path = make_checkpoints.write(tmp_path, "dtypes", True)
    code, lines = run("--to-safetensors", path, tmp_path / "m.safetensors")
    assert code == 1
    assert lines[0]["error"] == "unsupported"
    assert "`complex128` (complex128 [3, 2])" in lines[0]["message"]
    assert not (tmp_path / "m.safetensors").exists()
