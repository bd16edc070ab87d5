# SPDX-License-Identifier: Apache-2.0
"""Loaded tensors are memory-mapped, privately writable, and valid as long as they are referenced."""

import gc
import hashlib
import os
from pathlib import Path

import lancekeep
import lancekeep.numpy
import numpy as np
import pytest
import torch
from programs import output_of


def model(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {f"layer.{i}": torch.randn(300, 10 + i, generator=generator) for i in range(5)}


def mapped(path: Path) -> list[str]:
    """Mappings of files below a path, including deleted files."""
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if f" {path}/" in line]


def digest(path: Path) -> dict[str, str]:
    files = (file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture
def store(folder):
    store = lancekeep.open(folder / "m.lance", create=True)
    store.save(model(1), durable=False)
    return store


def test_a_tensor_outlives_its_store(store):
    path = Path(store.path)
    tensor = store.load()["layer.3"]
    assert len(mapped(path)) >= 1
    del store
    gc.collect()
    assert torch.equal(tensor, model(1)["layer.3"])
    view = tensor[5:, ::2]
    del tensor
    gc.collect()
    assert torch.equal(view, model(1)["layer.3"][5:, ::2])


def test_the_last_tensor_releases_the_mapping(folder):
    lancekeep.open(folder / "m.lance", create=True).save(model(1), durable=False)
    tensors = lancekeep.open(folder / "m.lance").load()
    assert mapped(folder)
    kept = tensors.pop("layer.1")
    del tensors
    gc.collect()
    assert mapped(folder)
    del kept
    gc.collect()
    assert mapped(folder) == []


def test_an_array_outlives_its_store(store):
    array = lancekeep.numpy.load_file(store.path)["layer.2"][3:]
    del store
    gc.collect()
    np.testing.assert_array_equal(array, model(1)["layer.2"][3:].numpy())


def test_a_version_outlives_its_store(store):
    version = store.at()
    part = version.get_slice("layer.0")
    del store
    gc.collect()
    assert torch.equal(version.get_tensor("layer.4"), model(1)["layer.4"])
    del version
    gc.collect()
    assert torch.equal(part[7:9], model(1)["layer.0"][7:9])


def test_a_file_outlives_gc_while_mapped(store):
    tensors = store.load()
    file, _, _ = store.at().locate("layer.0")
    store.save(model(2), durable=False)
    assert store.gc(keep_last=1, orphans_older_than=0).versions_removed == [1]
    assert not os.path.exists(file)
    assert all(torch.equal(tensors[name], tensor) for name, tensor in model(1).items())
    assert all(torch.equal(tensor, model(2)[name]) for name, tensor in store.load().items())


def test_a_file_outlives_the_replacement_of_its_store(store):
    tensors = store.load()
    lancekeep.save_model(model(2), store.path)
    assert all(torch.equal(tensors[name], tensor) for name, tensor in model(1).items())
    assert torch.equal(lancekeep.open(store.path).load()["layer.0"], model(2)["layer.0"])


def test_writing_to_a_tensor_never_changes_the_file(store):
    before = digest(Path(store.path))
    tensors = store.load()
    for tensor in tensors.values():
        tensor.mul_(2).add_(1)
    assert torch.equal(tensors["layer.2"], model(1)["layer.2"] * 2 + 1)
    assert digest(Path(store.path)) == before
    assert all(torch.equal(tensor, model(1)[name]) for name, tensor in lancekeep.open(store.path).load().items())
    assert store.verify(all=True).ok


def test_writing_to_an_array_never_changes_the_file(store):
    before = digest(Path(store.path))
    array = lancekeep.numpy.load_file(store.path)["layer.2"]
    array[:] = 0
    assert digest(Path(store.path)) == before


def test_written_values_are_saved(store):
    """A save takes the bytes in memory, not those of the file that the tensor is mapped from."""
    tensors = store.load()
    tensors["layer.1"][0, 0] = 42
    report = store.save(tensors, durable=False)
    assert (report.tensors_written, report.tensors_kept) == (1, 4)
    assert store.load()["layer.1"][0, 0] == 42
    assert torch.equal(store.load(1)["layer.1"], model(1)["layer.1"])


def test_values_start_at_multiples_of_256(store):
    version = store.at()
    for name, tensor in store.load().items():
        assert tensor.data_ptr() % 256 == 0, name
        assert version.locate(name)[1] % 256 == 0, name


def test_locate_returns_where_the_bytes_are(store):
    for name, tensor in model(1).items():
        path, offset, length = store.at().locate(name)
        with open(path, "rb") as file:
            file.seek(offset)
            assert file.read(length) == tensor.numpy().tobytes()


# --- only what is requested is read ------------------------------------------------------------------------------------

PAGES = """
import lancekeep, torch
version = lancekeep.open(folder).at()
big = version["big"].nbytes
before = status("VmRSS")
part = version.get_slice("big")[1000:1002]
assert part.shape == (2, 4096) and part[0, 0] == 1000 and part[1, 5] == 1001
loaded = version.load()
output(big=big, grown=status("VmRSS") - before, kept=part.untyped_storage().nbytes())
"""


def test_a_slice_reads_only_its_rows(folder):
    big = torch.arange(4096, dtype=torch.float32).view(-1, 1).expand(4096, 4096)
    lancekeep.open(folder / "m.lance", create=True).save({"big": big}, durable=False)
    found = output_of(PAGES, folder / "m.lance")
    assert found["kept"] == 2 * 4096 * 4
    assert found["big"] == 64 << 20
    assert found["grown"] < found["big"] / 8
