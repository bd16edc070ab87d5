# SPDX-License-Identifier: Apache-2.0
"""Turns what a user saves – a state dict, a training checkpoint – into a source that the library can save."""

from __future__ import annotations

import sys
from typing import Any

from . import _native, _state_dicts, _tree
from ._framework import framework_for, is_tensor


def source_of(state: Any, framework: str = "pt", objects: str = "refuse") -> _native.PythonSource:
    """A source with the tensors and values of a state. Copies nothing.

    Raises InvalidArgumentError, which names every value that cannot be kept.

    ``framework`` is "pt" or "np": what a store without a tree returns for the state's tensors. ``objects`` is that of
    :meth:`Store.save`.
    """
    rows = _tree.flatten(_state_of(state), framework == "np", objects)
    metadata = {_state_dicts.KEY: rows.state_dicts} if rows.state_dicts else {}
    source = _native.PythonSource(metadata, [*rows.notes, *_overlaps(rows.values)])
    ties: dict[Any, int] = {}
    staging: dict[bool, Any] = {}
    for index, (name, value) in enumerate(rows.values):
        if isinstance(value, bytes):
            source.add(name, "json", [], len(value), None, value)
        else:
            module = framework_for(value)
            dtype, values = module.dtype_name(value), module.source_values(value, staging)
            source.add(name, dtype, list(value.shape), value.nbytes, _tied_to(ties, value, index), values)
    if rows.tree is not None:
        name, text = rows.tree
        source.add(name, "tree", [], len(text), None, text)
    return source


def _state_of(state: Any) -> Any:
    """A module's state dict; any other state as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(state, torch.nn.Module):
        return state.state_dict()
    return state


def _tied_to(ties: dict[Any, int], value: Any, index: int) -> int | None:
    """The index of an earlier row with the same tensor, or None. An empty tensor is never tied."""
    if value.nbytes == 0:
        return None
    first = ties.setdefault(framework_for(value).tie_key(value), index)
    return first if first != index else None


def _overlaps(rows: list[tuple[str, Any]]) -> list[str]:
    """Notes about tensors that share memory without being tied: each of them is saved in full."""
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
    farthest = None  # of the earlier extents, the one that ends last
    for extent in extents:
        if farthest is not None and extent[0] == farthest[0] and extent[1] < farthest[2]:
            first, second = sorted((farthest, extent), key=lambda each: each[3])
            notes.append(f"`{first[4]}` and `{second[4]}` share memory without being the same tensor; both are saved in full")
        if farthest is None or extent[0] != farthest[0] or extent[2] > farthest[2]:
            farthest = extent
    return notes
