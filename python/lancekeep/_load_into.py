# SPDX-License-Identifier: Apache-2.0
"""A version into tensors that exist: no second copy of the weights at any time."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from . import _torch
from ._errors import InvalidArgumentError
from ._load import reader
from ._native import TensorInfo
from ._version import Version

MOST_NAMED = 10


def load_into(version: Version, target: Any, strict: bool) -> tuple[list[str], list[str]]:
    """Returns names that the version lacks, and those that the target lacks."""
    targets = targets_of(target)
    missing = [name for name in targets if name not in version]
    unexpected = [name for name in version if name not in targets]
    if strict and (missing or unexpected):
        raise InvalidArgumentError(
            f"the target and version {version.number} do not have the same tensors; missing in the version:"
            f" {listed(missing)}; unexpected in it: {listed(unexpected)}; nothing was loaded. With strict=False, what both"
            " have is"
        )
    found = {name: tensor.detach() for name, tensor in targets.items() if name in version}
    encoded = version.info.layout == "plain"
    require_targets(found, version, encoded)
    with torch.no_grad():
        (convert_all if encoded else read_all)(version, found)
    torch.autograd.graph.increment_version(found.values())
    return missing, unexpected


def targets_of(target: Any) -> dict[str, torch.Tensor]:
    targets = target.state_dict() if isinstance(target, torch.nn.Module) else target
    if not isinstance(targets, Mapping):
        raise InvalidArgumentError(
            f"the target must be a torch.nn.Module, or a dict of tensors by name, not {type(target).__name__}"
        )
    others = [name for name, value in targets.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise InvalidArgumentError(
            f"the target holds {listed(others)}, which is no tensor, but a torch.nn.Module or a dict of tensors is read into;"
            " of others, use load(), and the target's load_state_dict()"
        )
    return dict(targets)


def listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (", ".join(f"`{name}`" for name in names[:MOST_NAMED]) or "none") + more


# --- what can be wrong, told before the first one is changed ------------------------------------------------------------


def require_targets(targets: dict[str, torch.Tensor], version: Version, encoded: bool) -> None:
    problems = []
    for name, target in targets.items():
        problem = target_problem(target, version[name], encoded)
        if problem:
            problems.append(f"`{name}` {problem}")
    if problems:
        more = f"; and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        raise InvalidArgumentError("; ".join(problems[:MOST_NAMED]) + more + "; nothing was loaded")


def target_problem(target: torch.Tensor, info: TensorInfo, encoded: bool) -> str | None:
    if why := _torch.refusal(target):
        return f"of the target {why}"
    if target.shape != info.shape:
        return f"has shape {list(info.shape)} in the store and {list(target.shape)} in the target"
    if not target.is_contiguous() and repeats_itself(target):
        return "of the target is expanded: elements of it are one in memory"
    dtype = _torch.dtype_name(target)
    if not encoded and dtype != info.dtype and not converts(_torch.dtype_of(info.dtype, info.name), target.dtype):
        return f"is {info.dtype} in the store and {dtype} in the target, and torch does not convert it"
    return None


def repeats_itself(tensor: torch.Tensor) -> bool:
    return any(stride == 0 and size > 1 for size, stride in zip(tensor.shape, tensor.stride()))


@functools.lru_cache(maxsize=None)
def converts(of: torch.dtype, to: torch.dtype) -> bool:
    """torch lacks a kernel for some pairs of dtypes; one value is tried."""

    def one(dtype: torch.dtype) -> torch.Tensor:
        return torch.zeros(1, dtype=_torch.BITS[dtype.itemsize], device="cpu").view(dtype)

    try:
        one(to).copy_(one(of))
    except (RuntimeError, NotImplementedError):
        return False
    return True


# --- the values -------------------------------------------------------------------------------------------------------


def read_all(version: Version, targets: dict[str, torch.Tensor]) -> None:
    direct: dict[str, torch.Tensor] = {}
    others: dict[str, torch.Tensor] = {}
    for name, target in targets.items():
        takes_bytes = _torch.dtype_name(target) == version[name].dtype and _torch.is_plain(target)
        (direct if takes_bytes else others)[name] = target
    read_at_once(version, direct)
    for name, target in others.items():
        fill(version, version[name], target)


def convert_all(version: Version, targets: dict[str, torch.Tensor]) -> None:
    """Values of the recipe's layout become what the targets are while they are decoded, each file of them once."""
    places = {
        name: target if _torch.is_plain(target) else torch.empty(target.shape, dtype=target.dtype, device="cpu")
        for name, target in targets.items()
    }
    read_at_once(version, places)
    for name, target in targets.items():
        if places[name] is not target:
            target.copy_(places[name])


def read_at_once(version: Version, targets: dict[str, torch.Tensor]) -> None:
    """By several threads, but for targets that share memory: of those the last one wins, as if each were copied."""
    wanted: dict[tuple[int, int], tuple[str, int, int, str]] = {}  # by place; of two in one place, the last
    for name, tensor in targets.items():
        if nbytes := tensor.nbytes:
            place = (tensor.data_ptr(), nbytes)
            wanted.pop(place, None)
            wanted[place] = (name, *place, _torch.dtype_name(tensor))
    shared = overlapping(wanted)
    native = version._native
    native.read_all([request for place, request in wanted.items() if place not in shared])
    for place in wanted:
        if place in shared:
            native.read_all([wanted[place]])


def overlapping(places: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those (address, bytes) that reach into others."""
    found = set()
    farthest = (0, 0)  # of those before, the one that reaches farthest
    for place in sorted(places):
        if place[0] < sum(farthest):
            found |= {place, farthest}
        farthest = max(farthest, place, key=sum)
    return found


def fill(version: Version, info: TensorInfo, target: torch.Tensor) -> None:
    """A target that does not take the bytes as they are: on a device, strided, or of another dtype."""
    same = _torch.dtype_name(target) == info.dtype and not target.is_conj() and not target.is_neg()
    if not target.is_cpu:
        read = reader(version._native, info.name)
        if same and target.is_contiguous():
            _torch.stage(target, info.nbytes, read)
        else:
            target.copy_(_torch.to_device(info.name, info.dtype, info.shape, info.nbytes, read, target.device))
    elif same:
        target.view(_torch.BITS[target.element_size()]).copy_(_torch.bits(version.get_tensor(info.name)))
    else:
        target.copy_(version.get_tensor(info.name))
