# SPDX-License-Identifier: Apache-2.0
"""State dicts for the plain layout, how the store tool saves them, and how the article loads them."""

from collections import OrderedDict

import lance
import pyarrow as pa
import torch
from store_tool import Tensor

# The schema that the article gives each of its datasets.
SCHEMA = pa.schema([("name", pa.string()), ("value", pa.list_(pa.float64())), ("shape", pa.list_(pa.int64()))])


def network(seed=0):
    """A state dict with the dtypes, shapes and ties of real models; float64 represents every value exactly."""
    generator = torch.Generator().manual_seed(seed)
    floats = lambda *shape: torch.randn(*shape, generator=generator)
    state = OrderedDict({
        "conv.weight": floats(32, 3, 7, 7),
        "conv.bias": floats(64).to(torch.float16),
        "bn.num_batches_tracked": torch.tensor(1000 + seed),
        "bn.running_var": floats(64).to(torch.bfloat16),
        "mask": torch.rand(7, generator=generator) > 0.5,
        "empty": torch.empty(0, 4),
        "also.empty": torch.empty(2, 0),
        "chunk": floats(2048),
        "a.bit.more": floats(2049),
        "wide": floats(100, 300).to(torch.float64),
        "quarter": floats(16).to(torch.float8_e4m3fn),
        "odd": torch.tensor([float("inf"), -0.0, 5e-324, 2.0**1023], dtype=torch.float64),
    })
    state["lm_head.weight"] = state["conv.weight"]
    state["last"] = torch.arange(300, dtype=torch.int16).reshape(3, 4, 25)
    return state


def many_small(count=3000):
    """Scalars, vectors of a few values and empty tensors in turn."""
    return OrderedDict((f"t{i}", torch.full((i % 4,) if i % 5 else (), i / 3)) for i in range(count))


def tensors(state):
    """The tensors for the store tool to save; a tensor that occurs twice is tied."""
    rows, names = [], {}
    for name, tensor in state.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        content = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        rows.append(Tensor(name, dtype, tuple(tensor.shape), content, names.get(id(tensor))))
        names.setdefault(id(tensor), name)
    return rows


def load(path, version=1):
    """Loads as the article does: every row becomes a list of Python floats, and the list becomes a float64 tensor."""
    dataset = lance.dataset(str(path), version=version)
    rows = dataset.take(range(dataset.count_rows())).to_pylist()
    return OrderedDict(
        (row["name"], torch.tensor(row["value"], dtype=torch.float64).reshape(row["shape"])) for row in rows
    )


def check(found, state):
    """Checks that each tensor was found as float64, bit for bit, in the same order."""
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert found[name].shape == tensor.shape, name
        wanted = tensor.to(torch.float64).reshape(-1).view(torch.int64)
        assert torch.equal(found[name].reshape(-1).view(torch.int64), wanted), name
