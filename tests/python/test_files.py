# SPDX-License-Identifier: Apache-2.0
"""Model files of other formats, imported and exported."""

import lancekeep
import numpy as np
import pytest
import safetensors.torch
import torch
from equality import same

TENSORS = {"b": torch.arange(6.0).view(2, 3), "a": torch.ones(4, dtype=torch.bfloat16)}


def test_safetensors_files_are_imported_and_exported(folder):
    safetensors.torch.save_file(TENSORS, folder / "in.safetensors", metadata={"epoch": "3", "format": "pt"})
    report = lancekeep.import_file(
        folder / "in.safetensors", folder / "m.lance", message="imported", metadata={"epoch": "4"}, tag="first"
    )
    assert report.version == 1
    at = lancekeep.open(folder / "m.lance").at("first")
    assert (at.info.message, at.info.metadata) == ("imported", {"epoch": "4", "format": "pt"})
    written = lancekeep.export_file(folder / "m.lance", folder / "out.safetensors", "first")
    assert (written.tensors, written.files) == (2, [folder / "out.safetensors"])
    found = safetensors.torch.load_file(folder / "out.safetensors")
    assert all(same(found[name], TENSORS[name]) for name in TENSORS)


def test_npz_files_are_imported_and_exported(folder):
    np.savez(folder / "in.npz", x=np.arange(3), y=np.ones((2, 2)))
    lancekeep.import_file(folder / "in.npz", folder / "m.lance")
    lancekeep.export_file(folder / "m.lance", folder / "out.npz")
    assert same(dict(np.load(folder / "out.npz")), {"x": np.arange(3), "y": np.ones((2, 2))})


def test_large_models_become_several_files(folder):
    lancekeep.open(folder / "m.lance", create=True).save({name: torch.ones(100) for name in "abc"})
    written = lancekeep.export_file(folder / "m.lance", folder / "out.safetensors", max_shard_bytes=900)
    assert [path.name for path in written.files] == [
        "out-00001-of-00002.safetensors", "out-00002-of-00002.safetensors", "out.safetensors.index.json"
    ]  # fmt: skip
    lancekeep.import_file(written.files[-1], folder / "again.lance")
    assert len(lancekeep.open(folder / "again.lance").at()) == 3


def test_a_checkpoint_becomes_a_model_file(folder):
    model = torch.nn.Linear(3, 2)
    lancekeep.open(folder / "c.lance", create=True).save({"model": model.state_dict(), "epoch": 3})
    report = lancekeep.export_file(folder / "c.lance", folder / "m.safetensors", strip_prefix="model.")
    assert (report.tensors, report.not_kept) == (2, [])
    torch.nn.Linear(3, 2).load_state_dict(safetensors.torch.load_file(folder / "m.safetensors"))
    with pytest.raises(lancekeep.NotFoundError, match="names start with `model.`"):
        lancekeep.export_file(folder / "c.lance", folder / "n.safetensors", strip_prefix="net.")


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)
        self.head = torch.nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight


def test_tied_models_are_exported_for_safetensors(folder):
    saved, loaded = Tied(), Tied()
    lancekeep.open(folder / "m.lance", create=True).save(saved, metadata={"loss": "0.3"})
    lancekeep.export_file(folder / "m.lance", folder / "m.safetensors")
    safetensors.torch.load_model(loaded, folder / "m.safetensors")
    assert torch.equal(loaded.head.weight, saved.head.weight)
    with safetensors.safe_open(folder / "m.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt", "loss": "0.3", "head.weight": "embed.weight"}
    lancekeep.export_file(folder / "m.lance", folder / "all.safetensors", all_names=True)
    assert safetensors.torch.load_file(folder / "all.safetensors").keys() == saved.state_dict().keys()


@pytest.mark.parametrize("name", ["m.safetensors", "m.pth", "m.npz"])
def test_a_store_is_not_called_like_a_file(folder, name):
    safetensors.torch.save_file(TENSORS, folder / "in.safetensors")
    for save in (
        lambda path: lancekeep.import_file(folder / "in.safetensors", path),
        lambda path: lancekeep.open(path, create=True),
        lambda path: lancekeep.save_model(TENSORS, path),
        lambda path: lancekeep.save_model(TENSORS, path, version=True),
        lambda path: lancekeep.Store.replace(path, TENSORS),
        lambda path: lancekeep.torch.save_file(TENSORS, path),
    ):
        with pytest.raises(lancekeep.InvalidArgumentError, match="is the name of a file"):
            save(folder / name)
    assert not (folder / name).exists()


def test_a_model_file_is_not_a_store(folder):
    safetensors.torch.save_file(TENSORS, folder / "in.safetensors")
    with pytest.raises(lancekeep.InvalidArgumentError, match="a safetensors file; to save it as a version of a store"):
        lancekeep.open(folder / "in.safetensors")


def test_a_pickle_that_runs_code_makes_no_store(folder):
    class Bomb:
        def __reduce__(self):
            return (print, ("boom",))

    torch.save({"w": Bomb()}, folder / "bomb.pt")
    with pytest.raises(lancekeep.UnsafeError):
        lancekeep.import_file(folder / "bomb.pt", folder / "m.lance")
    with pytest.raises(FileNotFoundError):
        lancekeep.import_file(folder / "none.pt", folder / "m.lance")
    assert not (folder / "m.lance").exists()


def test_a_format_that_lacks_a_dtype_says_so(folder):
    lancekeep.open(folder / "m.lance", create=True).save({"c": torch.ones(2, dtype=torch.complex128)})
    with pytest.raises(lancekeep.UnsupportedError, match="`c`"):
        lancekeep.export_file(folder / "m.lance", folder / "out.safetensors")
    with pytest.raises(lancekeep.InvalidArgumentError):
        lancekeep.export_file(folder / "m.lance", folder / "out.txt")
