# SPDX-License-Identifier: Apache-2.0
"""Loads a version into existing tensors, without a second copy of the weights at any time."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from . import _torch
from ._arguments import Names
from ._errors import InvalidArgumentError, listed
from ._load import reader
from ._load_state_dict import load_by_own_rules, require_no_meta
from ._name_difference import advice, quoted
from ._native import TensorInfo
from ._own_tensors import OwnTensors, own_tensors
from ._selection import Selection
from ._version import Version


def load_into(
    version: Version, target: Any, strict: bool, names: Names | None = None, prefix: str = ""
) -> tuple[list[str], list[str]]:
    """Returns the names that the version lacks, and the names that the target lacks."""
    selection = Selection(version, names, prefix)
    if not isinstance(target, torch.nn.Module):
        return load_tensors(selection, targets_of(target), strict)
    own = own_tensors(target)
    if own is None or needs_adapting(selection, own, strict):
        return load_by_own_rules(selection, target, strict)
    return load_tensors(selection, own.tensors, strict, target)


def needs_adapting(selection: Selection, own: OwnTensors, strict: bool) -> bool:
    """Whether the version is an old file that torch's own modules adapt, so that only torch can load it."""
    missing = {name for name in own.tensors if name not in selection.tensors}
    unexpected = selection.tensors.keys() - own.tensors.keys()
    scalars = any(
        tensor.ndim == 0 and name in selection.tensors and selection.tensors[name].shape == (1,)
        for name, tensor in own.tensors.items()
    )
    if own.adapts and (missing or unexpected):
        return not strict or (missing <= own.added and not unexpected) or scalars
    return scalars


def load_tensors(
    selection: Selection, targets: Mapping[str, torch.Tensor], strict: bool, module: torch.nn.Module | None = None
) -> tuple[list[str], list[str]]:
    """Reads into the targets' own memory. ``module`` is what they belong to, if it is a module."""
    common = {name: tensor for name, tensor in targets.items() if name in selection.tensors}
    missing = [name for name in targets if name not in common and selection.picks(name)]
    missing = without_covered(missing, targets, common)
    rows = [*selection.tensors, *(selection.extra_state if module is not None else [])]
    unexpected = [name for name in rows if name not in targets]
    require_names(selection, targets, (missing, unexpected), strict, module)
    found = {selection.tensors[name].name: tensor.detach() for name, tensor in common.items()}
    version = selection.version
    plain = version.info.layout == "plain"
    require_targets(found, version, plain, module)
    with torch.no_grad():
        (convert_all if plain else read_all)(version, found)
    torch.autograd.graph.increment_version([tensor for tensor in found.values() if not tensor.is_inference()])
    return missing, unexpected


def targets_of(target: Any) -> dict[str, torch.Tensor]:
    if not isinstance(target, Mapping):
        own = "; pass what load() returns to its own load_state_dict()" if hasattr(target, "load_state_dict") else ""
        raise InvalidArgumentError(
            f"the target must be a torch.nn.Module, or a dict of tensors by name, not {type(target).__name__}{own}"
        )
    others = [name for name, value in target.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise InvalidArgumentError(
            f"the target has values that are not tensors: {quoted(others)}; load_into() needs a torch.nn.Module or a dict of"
            " tensors. For anything else, pass the result of load() to the target's load_state_dict()"
        )
    return dict(target)


def without_covered(
    missing: list[str], targets: Mapping[str, torch.Tensor], loaded: Mapping[str, torch.Tensor]
) -> list[str]:
    """The missing names, except those of tied tensors: their memory is filled under another name."""
    if not missing:
        return []
    filled: dict[str, list[tuple[int, int]]] = {}
    for tensor in loaded.values():
        if has_memory(tensor):
            storage, begin, end = _torch.extent(tensor)
            if end - begin == tensor.nbytes:
                filled.setdefault(storage, []).append((begin, end))

    def is_covered(tensor: torch.Tensor) -> bool:
        if not has_memory(tensor):
            return False
        storage, begin, end = _torch.extent(tensor)
        return any(start <= begin and end <= stop for start, stop in filled.get(storage, []))

    return [name for name in missing if not is_covered(targets[name])]


def has_memory(tensor: torch.Tensor) -> bool:
    return tensor.layout == torch.strided and not tensor.is_meta and not tensor.is_nested and tensor.nbytes > 0


# --- checks, all before the first target is changed -------------------------------------------------------------------


def require_names(
    selection: Selection,
    targets: Mapping[str, torch.Tensor],
    differences: tuple[list[str], list[str]],
    strict: bool,
    module: torch.nn.Module | None,
) -> None:
    """With ``strict``, both must have the same names; without, at least one in common."""
    missing, unexpected = differences
    common = targets.keys() & selection.tensors.keys()
    if not (missing or unexpected) or (not strict and (common or not targets)):
        return
    have = "have different tensors" if common else "have no name in common"
    text = advice(selection.names_to_compare(bool(common)), targets.keys(), module)
    if not text and common:
        text = "pass strict=False to load the tensors that both have"
    raise InvalidArgumentError(
        f"the target and version {selection.number} {have}; missing in the version: {quoted(missing)}; unexpected in"
        f" it: {quoted(unexpected)}; nothing was loaded" + (f". {text[0].upper()}{text[1:]}" if text else "")
    )


def require_targets(
    targets: dict[str, torch.Tensor], version: Version, plain: bool, module: torch.nn.Module | None
) -> None:
    require_no_meta([name for name, target in targets.items() if target.is_meta], module)
    problems = []
    for name, target in targets.items():
        problem = target_problem(target, version[name], plain)
        if problem:
            problems.append(f"`{name}` {problem}")
    if problems:
        raise InvalidArgumentError(f"{listed(problems, '; ')}; nothing was loaded")


def target_problem(target: torch.Tensor, info: TensorInfo, plain: bool) -> str | None:
    if why := _torch.why_unsupported(target):
        return f"of the target {why}"
    if target.shape != info.shape:
        return f"has shape {list(info.shape)} in the store and {list(target.shape)} in the target"
    if not target.is_contiguous() and repeats_itself(target):
        return "of the target is expanded: several of its elements share one place in memory"
    dtype = _torch.dtype_name(target)
    if not plain and dtype != info.dtype and not converts(_torch.dtype_of(info.dtype, info.name), target.dtype):
        return f"is {info.dtype} in the store and {dtype} in the target, and torch cannot convert it"
    return None


def repeats_itself(tensor: torch.Tensor) -> bool:
    """Whether several elements share one place in memory."""
    return any(stride == 0 and size > 1 for size, stride in zip(tensor.shape, tensor.stride()))


@functools.lru_cache(maxsize=None)
def converts(of: torch.dtype, to: torch.dtype) -> bool:
    """Whether torch can convert ``of`` to ``to``. It lacks kernels for some pairs, so this converts one value."""

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
    """For a plain dataset: decodes each file once, and converts values to the targets' dtypes while decoding."""
    places = {
        name: target if _torch.is_plain(target) else torch.empty(target.shape, dtype=target.dtype, device="cpu")
        for name, target in targets.items()
    }
    read_at_once(version, places)
    for name, target in targets.items():
        if places[name] is not target:
            target.copy_(places[name])


def read_at_once(version: Version, targets: dict[str, torch.Tensor]) -> None:
    """Reads with several threads. Targets that share memory are read in order, so that the last one wins."""
    wanted: dict[tuple[int, int], tuple[str, int, int, str]] = {}  # by place; of two with the same place, the last
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
    """The places, as (address, bytes), that overlap another place."""
    found = set()
    farthest = (0, 0)  # of the earlier places, the one that ends last
    for place in sorted(places):
        if place[0] < sum(farthest):
            found |= {place, farthest}
        farthest = max(farthest, place, key=sum)
    return found


def fill(version: Version, info: TensorInfo, target: torch.Tensor) -> None:
    """Fills a target that cannot be read into directly: on a device, strided, or of another dtype."""
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
