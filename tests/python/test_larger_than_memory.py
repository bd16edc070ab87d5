# SPDX-License-Identifier: Apache-2.0
"""A store of 1 GiB, loaded in parts by processes that may use 300 MiB more than torch itself.

The limit counts private memory: pages of a file that were only read belong to the system's cache and do not count; writable
mappings count from the start.
"""

import os

import lancekeep
import pytest
import torch
from programs import output_of

TENSORS, EACH = 16, 64 << 20  # bytes

LIMITED = """
import resource
import lancekeep, torch

torch.set_num_threads(1)
torch.zeros(1 << 20).add_(1).sum()
store = lancekeep.open(folder)
version = store.at()
names = list(version)
limit = status("VmData") + (300 << 20)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
"""

SUBSET = """
assert store.at()["layer.3"].nbytes == 64 << 20
loaded = lancekeep.open(folder).load(names=["layer.3", "layer.9"])
output(found=[tensor.view(-1)[-1].item() for tensor in loaded.values()])
"""

ONE_BY_ONE = """
target = torch.zeros(16, 1 << 20)
found = []
for name in names:
    store.load_into({name: target}, strict=False)
    found.append([target.min().item(), target.max().item()])
output(found=found)
"""

TENSOR_BY_TENSOR = """
found = []
for name in names:
    tensor = lancekeep.open(folder).at().get_tensor(name)
    found.append([tensor[0, 0].item(), tensor[-1, -1].item()])
    del tensor
output(found=found)
"""

SLICES = "output(found=[lancekeep.open(folder).at().get_slice(name)[3:5].sum().item() for name in names])"

ALL_AT_ONCE = """
try:
    model = [torch.zeros(16, 1 << 20) for _ in names]
    output(found="no limit")
except RuntimeError as error:
    output(found=type(error).__name__)
"""

SAVED_IN_PIECES = """
report = lancekeep.open(folder.with_name("m2.lance"), create=True).save(
    {str(i): torch.full((1, 1 << 20), i, dtype=torch.float32).expand(16, 1 << 20) for i in range(16)}, durable=False
)
output(found=report.bytes_total)
"""


@pytest.fixture(scope="module")
def large(module_folder):
    path = module_folder / "m.lance"
    state = {f"layer.{i}": torch.full((1, 1), i, dtype=torch.float32).expand(16, 1 << 20) for i in range(TENSORS)}
    assert lancekeep.open(path, create=True).save(state, durable=False).bytes_total == TENSORS * EACH
    return path


def found(program: str, path: os.PathLike) -> object:
    return output_of(LIMITED + program, path)["found"]


def test_the_limit_has_an_effect(large):
    assert found(ALL_AT_ONCE, large) == "RuntimeError"


def test_a_subset(large):
    assert found(SUBSET, large) == [3, 9]


def test_load_into_tensor_by_tensor(large):
    assert found(ONE_BY_ONE, large) == [[i, i] for i in range(TENSORS)]


def test_get_tensor_by_tensor(large):
    assert found(TENSOR_BY_TENSOR, large) == [[i, i] for i in range(TENSORS)]


def test_slices(large):
    assert found(SLICES, large) == [2 * (1 << 20) * i for i in range(TENSORS)]


def test_a_save_gathers_in_pieces(large):
    """The tensors are expanded, so that each takes 4 MiB in memory."""
    assert found(SAVED_IN_PIECES, large) == TENSORS * EACH
