# SPDX-License-Identifier: Apache-2.0
"""A store of 1 GiB in processes that may have 300 MiB beyond what torch takes: in parts, it is loaded all the same.

What the limit counts is memory of the process's own: pages of a file that were only read are the system's, which drops
them when it needs to; those of mappings that can be written to count from the start.
"""

import os

import lancekeep
import pytest
import torch
from programs import told

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
tell(found=[tensor.view(-1)[-1].item() for tensor in loaded.values()])
"""

ONE_BY_ONE = """
target = torch.zeros(16, 1 << 20)
found = []
for name in names:
    store.load_into({name: target}, strict=False)
    found.append([target.min().item(), target.max().item()])
tell(found=found)
"""

TENSOR_BY_TENSOR = """
found = []
for name in names:
    tensor = lancekeep.open(folder).at().get_tensor(name)
    found.append([tensor[0, 0].item(), tensor[-1, -1].item()])
    del tensor
tell(found=found)
"""

SLICES = "tell(found=[lancekeep.open(folder).at().get_slice(name)[3:5].sum().item() for name in names])"

ALL_AT_ONCE = """
try:
    model = [torch.zeros(16, 1 << 20) for _ in names]
    tell(found="no limit")
except RuntimeError as error:
    tell(found=type(error).__name__)
"""

SAVED_IN_PIECES = """
report = lancekeep.open(folder.with_name("m2.lance"), create=True).save(
    {str(i): torch.full((1, 1 << 20), i, dtype=torch.float32).expand(16, 1 << 20) for i in range(16)}, durable=False
)
tell(found=report.bytes_total)
"""


@pytest.fixture(scope="module")
def large(module_folder):
    
    path = module_folder / "m.lance"
    state = {f"layer.{i}": torch.full((1, 1), i, dtype=torch.float32).expand(16, 1 << 20) for i in range(TENSORS)}
    assert lancekeep.open(path, create=True).save(state, durable=False).bytes_total == TENSORS * EACH
    return path


def found(program: str, path: os.PathLike) -> object:
    return told(LIMITED + program, path)["found"]


def test_the_limit_is_one(large):
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
    """Of expanded tensors, which take 4 MiB each in memory."""
    assert found(SAVED_IN_PIECES, large) == TENSORS * EACH
