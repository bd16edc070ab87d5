# SPDX-License-Identifier: Apache-2.0
"""From what a user saves – a state dict, a training checkpoint – to something that the library can save."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from . import _json, _native, _tree


def is_tensor(value: Any) -> bool:
    return _json.is_torch(value, "Tensor")


def is_array(value: Any) -> bool:
    return _json.is_numpy(value, "ndarray")


def plain_state(state: Any) -> Any:
    """A module's state dict; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(state, torch.nn.Module):
        return state.state_dict()
    return state


def source_of(state: Any, framework: str = "pt") -> _native.PythonSource:
    """A state as something to save. Raises InvalidArgumentError, which names what cannot be kept; copies nothing."""
    kinds = _tree.Kinds(is_tensor, is_array, _refusal, arrays_are_native=framework in ("np", "numpy"))
    rows = _tree.flatten(plain_state(state), kinds)
    source = _native.PythonSource({}, _overlaps(rows.values))
    ties: dict[Any, int] = {}
    staging: dict[bool, Any] = {}
    for index, (name, value) in enumerate(rows.values):
        if isinstance(value, bytes):
            source.add(name, "json", [], len(value), None, value)
        else:
            module = _adaptor(value)
            dtype, shape = module.dtype_name(value), list(value.shape)
            source.add(name, dtype, shape, value.nbytes, _tie(ties, value, index), module.values(value, staging))
    if rows.tree is not None:
        name, text = rows.tree
        source.add(name, "tree", [], len(text), None, text)
    return source


def _adaptor(value: Any) -> ModuleType:
    """The module that knows the bytes of a tensor or an array."""
    if is_tensor(value):
        from . import _torch

        return _torch
    from . import _numpy

    return _numpy


def _refusal(value: Any) -> str | None:
    why: str | None = _adaptor(value).refusal(value)
    return why


def _tie(ties: dict[Any, int], value: Any, index: int) -> int | None:
    """The place of an earlier row that is the same tensor. One without values is tied to none."""
    if value.nbytes == 0:
        return None
    first = ties.setdefault(_adaptor(value).tie_key(value), index)
    return first if first != index else None


def _overlaps(rows: list[tuple[str, Any]]) -> list[str]:
    """Tensors that share memory without being one another are saved in full, each; that is worth a word."""
    extents = []
    seen = set()
    for index, (name, value) in enumerate(rows):
        if isinstance(value, bytes) or not is_tensor(value) or value.nbytes == 0:
            continue
        from . import _torch

        key = _torch.tie_key(value)
        if key not in seen:
            seen.add(key)
            extents.append((*_torch.extent(value), index, name))
    extents.sort()
    notes = []
    farthest = None  # of those before, the one that reaches farthest
    for extent in extents:
        if farthest is not None and extent[0] == farthest[0] and extent[1] < farthest[2]:
            first, second = sorted((farthest, extent), key=lambda each: each[3])
            notes.append(f"`{first[4]}` and `{second[4]}` share memory without being one tensor; both are saved in full")
        if farthest is None or extent[0] != farthest[0] or extent[2] > farthest[2]:
            farthest = extent
    return notes
