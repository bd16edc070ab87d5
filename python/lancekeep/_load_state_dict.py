# SPDX-License-Identifier: Apache-2.0
"""Loads a version into a module by the module's own rules: with its ``load_state_dict``, hooks and extra state."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

import torch

from . import _torch
from ._errors import InvalidArgumentError, listed
from ._load import Loader
from ._name_difference import advice, quoted
from ._own_tensors import PLAIN, is_inherited, own_entries
from ._selection import Selection, is_extra_state


class Place(NamedTuple):
    """A parameter or a persistent buffer in the module that owns it."""

    owner: torch.nn.Module
    tensor: torch.Tensor


def load_by_own_rules(selection: Selection, module: torch.nn.Module, strict: bool) -> tuple[list[str], list[str]]:
    """Returns the missing and the unexpected names, as ``load_state_dict`` reports them."""
    entries = entries_for(selection, module)
    own = dict(places(module))
    require_memory(entries, own, module)
    add_tied(entries, own)
    all_missing, unexpected = call(selection, module, entries, strict and selection.is_all)
    missing = [name for name in all_missing if selection.picks(name)]
    names = f"missing in the version: {quoted(missing)}; unexpected in it: {quoted(unexpected)}"
    if entries.keys() <= set(unexpected) and (entries or missing):
        raise InvalidArgumentError(
            f"the target and version {selection.number} have no name in common, so nothing was loaded; {names}"
            f"{hint(selection, module)}"
        )
    if strict and (missing or unexpected):
        raise InvalidArgumentError(
            f"the target and version {selection.number} have different tensors; {names}; what both have was loaded"
            f"{hint(selection, module)}"
        )
    if empty := [name for name, place in places(module) if place.tensor.is_meta and name not in all_missing]:
        raise InvalidArgumentError(
            f"{quoted(empty)} of the target {is_or_are(empty)} still on the meta device, and got no values."
            f" {meta_advice(module)}"
        )
    return missing, unexpected


def hint(selection: Selection, module: torch.nn.Module) -> str:
    try:
        names = module.state_dict().keys()
    except Exception:  # of the module's own code; the error that is being reported matters more
        return ""
    common = any(name in names for name in selection.tensors)
    text = advice(selection.names_to_compare(common), names, module)
    return f". {text[0].upper()}{text[1:]}" if text else ""


def call(
    selection: Selection, module: torch.nn.Module, entries: OrderedDict[str, Any], strict: bool
) -> tuple[list[str], list[str]]:
    load: Any = module.load_state_dict
    if getattr(load, "__func__", None) is torch.nn.Module.load_state_dict:
        strict = False  # it loads the same; the caller reports what differs
    takes = inspect.signature(load).parameters.values()
    options = {"strict": strict}
    if not any(each.name == "strict" or each.kind is each.VAR_KEYWORD for each in takes):
        if not strict:
            kind = type(module).__name__
            raise InvalidArgumentError(f"the target's own {kind}.load_state_dict() lacks strict=; nothing was loaded")
        options = {}
    try:
        result = load(entries, **options)
    except Exception as error:
        raise_with_hint(error, selection, module, entries)
    if hasattr(result, "missing_keys") and hasattr(result, "unexpected_keys"):
        return list(result.missing_keys), list(result.unexpected_keys)
    names = module.state_dict().keys()  # its own load_state_dict() reports nothing
    return [name for name in names if name not in entries], [name for name in entries if name not in names]


def raise_with_hint(
    error: Exception, selection: Selection, module: torch.nn.Module, entries: Mapping[str, Any]
) -> NoReturn:
    """torch's own error, in our words; an error of a hook as it is, unless a difference of names explains it."""
    text = hint(selection, module)
    if isinstance(error, RuntimeError) and "loading state_dict" in str(error):
        first, *lines = [line.strip() for line in str(error).splitlines()]
        raise InvalidArgumentError(
            f"version {selection.number} does not fit the target: {listed(lines, '; ') if lines else first}. What fits may"
            f" have been loaded, by the target's own rules{text}"
        ) from error
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str) and error.args[0] not in entries:
        raise InvalidArgumentError(
            f"the target's own rules need {quoted(error.args)}, which version {selection.number} lacks; what was loaded"
            f" before has changed{text}"
        ) from error
    if text and not isinstance(error, InvalidArgumentError):
        what = f"{type(error).__name__}: {error}"
        raise InvalidArgumentError(f"loading version {selection.number} by the target's own rules: {what}{text}") from error
    raise error


# --- what load_state_dict() is given ----------------------------------------------------------------------------------


def entries_for(selection: Selection, module: torch.nn.Module) -> OrderedDict[str, Any]:
    """The picked values by name. A nested state is given as it was saved, or, if that matches more names, by row.

    Values without tensors, such as a step count, are left out if the module's state dict has no such name.
    """
    loader = Loader(selection.version._native, "pt")
    whole = loader.whole()
    nested = selection.apply(whole) if isinstance(whole, dict) else OrderedDict()
    if nested and all(isinstance(value, torch.Tensor) for value in nested.values()):
        return nested
    expected = module.state_dict().keys()
    rows = selection.apply(loader.rows(None))
    chosen = max((nested, rows), key=lambda entries: len(expected & entries.keys()))
    for name, value in [*chosen.items()]:
        if name not in expected and not is_extra_state(name) and not has_tensors(value):
            del chosen[name]
    return chosen


def has_tensors(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return isinstance(value, torch.Tensor) or any(map(has_tensors, items))


def add_tied(entries: OrderedDict[str, Any], own: Mapping[str, Place]) -> None:
    """Adds the names that the version lacks, and whose tensor in the target is loaded under another name."""
    plain = {name: place.tensor for name, place in own.items() if type(place.tensor) in PLAIN and place.tensor.nbytes}
    names = {_torch.tie_key(tensor): name for name, tensor in plain.items() if name in entries}
    for name, tensor in plain.items():
        if name not in entries and (other := names.get(_torch.tie_key(tensor))):
            entries[name] = entries[other]


# --- targets without memory -------------------------------------------------------------------------------------------


def places(module: torch.nn.Module, prefix: str = "") -> Iterator[tuple[str, Place]]:
    """The tensors of a module by name, without those that are still lazy."""
    for name, tensor in own_entries(module):
        if isinstance(tensor, torch.Tensor) and not torch.nn.parameter.is_lazy(tensor):
            yield prefix + name, Place(module, tensor)
    for name, child in module._modules.items():
        if child is not None:
            yield from places(child, f"{prefix}{name}.")


def require_memory(entries: Mapping[str, Any], own: Mapping[str, Place], module: torch.nn.Module) -> None:
    """Rejects targets into which torch would copy nothing, or only a part, before the first one is changed."""
    common = {name: place for name, place in own.items() if name in entries}
    meta = [name for name, place in common.items() if place.tensor.is_meta and loads_by_default(place.owner)]
    require_no_meta(meta, module)
    sharded = [name for name, place in common.items() if is_dtensor(place.tensor) and not is_dtensor(entries[name])]
    if sharded:
        raise InvalidArgumentError(
            f"the target is sharded and the version is not: {quoted(sharded)} of the target {is_or_are(sharded)} of the"
            " class DTensor; nothing was loaded. Call torch.distributed.checkpoint.state_dict.set_model_state_dict(model,"
            " store.load(), options=StateDictOptions(full_state_dict=True))"
        )


def require_no_meta(names: list[str], module: torch.nn.Module | None) -> None:
    """Rejects targets on the meta device, into which torch would copy nothing."""
    if names:
        raise InvalidArgumentError(
            f"{quoted(names)} of the target {is_or_are(names)} on the meta device, which has no memory to read into;"
            f" nothing was loaded. {meta_advice(module)}"
        )


def is_or_are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def loads_by_default(owner: torch.nn.Module) -> bool:
    return is_inherited(type(owner), "_load_from_state_dict") and not owner._load_state_dict_pre_hooks


def is_dtensor(value: Any) -> bool:
    return any(kind.__name__ == "DTensor" for kind in type(value).__mro__)


def meta_advice(module: torch.nn.Module | None) -> str:
    text = "Call model.load_state_dict(store.load(), assign=True)"
    if module is not None and any("_hf_hook" in vars(each) for each in module.modules()):
        text += " before accelerate offloads or dispatches the model"
    return text
