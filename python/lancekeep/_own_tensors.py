# SPDX-License-Identifier: Apache-2.0
"""Finds the modules whose tensors can be read into directly, with the same result as torch's ``load_state_dict``.

These are modules of which nobody has changed how they are saved or loaded: every entry of their state dict is a
parameter or a buffer itself, and loading copies into it. Any other module – with hooks, extra state, lazy or sharded
parameters, its own ``state_dict`` – may return copies or expect other names, so only its own ``load_state_dict`` may
load it.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

METHODS = (
    "state_dict",
    "load_state_dict",
    "_save_to_state_dict",
    "_load_from_state_dict",
    "get_extra_state",
    "set_extra_state",
    "__getattribute__",
)
HOOKS = (
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
PLAIN = {torch.Tensor, torch.nn.Parameter, getattr(torch.nn, "Buffer", torch.Tensor)}
DICTS = {dict, collections.OrderedDict}

# torch's own methods that only adapt old files. With the names of today, they do what the default does.
ADAPTERS = {_NormBase._load_from_state_dict, _InstanceNorm._load_from_state_dict}


class OwnTensors(NamedTuple):
    """The parameters and buffers of a module, by their names in its state dict."""

    tensors: dict[str, torch.Tensor]
    added: set[str]  # names that old files lack and torch then fills in: BatchNorm's num_batches_tracked
    adapts: bool  # whether a module inside has one of ADAPTERS


def own_tensors(module: torch.nn.Module) -> OwnTensors | None:
    """What loading the module would fill; None if only its own ``load_state_dict`` can know.

    That is also so where loading replaces the parameters (``set_swap_module_params_on_conversion``).
    """
    if torch.__future__.get_swap_module_params_on_conversion() or is_patched():
        return None
    own = OwnTensors({}, set(), adapts=has_adapters(module))
    return own if add_tensors(module, "", own) else None


def add_tensors(module: torch.nn.Module, prefix: str, own: OwnTensors) -> bool:
    """Adds the tensors of a module and its children, in the order of its state dict. False if one is special."""
    if not is_default(module):
        return False
    for name, tensor in own_entries(module):
        if tensor is None:
            continue
        if type(tensor) not in PLAIN:
            return False
        own.tensors[prefix + name] = tensor
    if isinstance(module, _NormBase) and module.track_running_stats:
        own.added.add(prefix + "num_batches_tracked")
    return all(
        child is None or add_tensors(child, f"{prefix}{name}.", own) for name, child in module._modules.items()
    )


def own_entries(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor | None]]:
    """The parameters and persistent buffers of a module, without its children, in the order of its state dict."""
    yield from module._parameters.items()
    for name, buffer in module._buffers.items():
        if name not in module._non_persistent_buffers_set:
            yield name, buffer


def is_default(module: torch.nn.Module) -> bool:
    """Whether the module itself, apart from its children, is saved and loaded as torch does by default."""
    of_instance = vars(module)
    if any(name in of_instance or not is_inherited(type(module), name) for name in METHODS):
        return False
    if any(of_instance.get(name) for name in HOOKS):
        return False
    return all(type(of_instance.get(name)) in DICTS for name in ("_parameters", "_buffers", "_modules"))


def is_patched() -> bool:
    """Whether a library has put functions of its own in the place of torch's."""
    torchs = torch.nn.Module.named_modules.__code__.co_filename
    methods = [getattr(torch.nn.Module, name) for name in METHODS if name != "__getattribute__"]
    codes = [getattr(method, "__code__", None) for method in methods]
    return any(code is None or code.co_filename != torchs for code in codes)


def is_inherited(kind: type, name: str) -> bool:
    method: Any = getattr(kind, name, None)
    return method is getattr(torch.nn.Module, name) or (name == "_load_from_state_dict" and method in ADAPTERS)


def has_adapters(module: torch.nn.Module) -> bool:
    return any(getattr(type(each), "_load_from_state_dict", None) in ADAPTERS for each in module.modules())
