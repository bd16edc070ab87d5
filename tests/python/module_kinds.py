# SPDX-License-Identifier: Apache-2.0
"""Modules of every kind that torch knows: plain, hooked, wrapped, lazy, with extra state, with old files to adapt.

KINDS has, by name, a function that makes one such module with random values. Two modules of a kind fit each other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch.nn.utils import parametrizations, prune

Hook = Callable[..., None]


def net(seed: int = 0) -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))


def clone(module, state_dict, prefix, local_metadata) -> None:
    for name in list(state_dict):
        state_dict[name] = state_dict[name].detach().clone()


def halve(module, state_dict, prefix, local_metadata) -> None:
    for name in list(state_dict):
        state_dict[name] = state_dict[name] / 2


def double(module, state_dict, prefix, *rest) -> None:
    for name in list(state_dict):
        state_dict[name] = state_dict[name] * 2


def rename(module, state_dict, prefix, *rest) -> None:
    for name in list(state_dict):
        state_dict["old." + name] = state_dict.pop(name)


def rename_back(module, state_dict, prefix, *rest) -> None:
    for name in list(state_dict):
        state_dict[name.removeprefix("old.")] = state_dict.pop(name)


def hooked(inner: bool = False, save: Hook | None = None, load: Hook | None = None, after: bool = False):
    module = net()
    place = module[1] if inner else module
    if save:
        place.register_state_dict_post_hook(save)
    if load:
        place.register_load_state_dict_pre_hook(load)
    if after:
        place.register_load_state_dict_post_hook(lambda module, keys: note_loaded(module))
    return module


def note_loaded(module) -> None:
    module.loads = getattr(module, "loads", 0) + 1


class TensorExtra(torch.nn.Linear):
    def __init__(self):
        super().__init__(3, 2)
        self.scale = torch.rand(())

    def get_extra_state(self):
        return self.scale.reshape(1)

    def set_extra_state(self, state):
        self.scale = state.reshape(()).clone()


class DictExtra(TensorExtra):
    def get_extra_state(self):
        return {"scale": self.scale.clone(), "recipe": "fp8", "steps": [1, 2]}

    def set_extra_state(self, state):
        assert state["recipe"] == "fp8" and state["steps"] == [1, 2]
        self.scale = state["scale"].clone()


class ValueExtra(TensorExtra):
    def get_extra_state(self):
        return float(self.scale)

    def set_extra_state(self, state):
        self.scale = torch.tensor(state)


class NoneExtra(torch.nn.Linear):
    def __init__(self):
        super().__init__(3, 2)

    def get_extra_state(self):
        return None

    def set_extra_state(self, state):
        assert state is None


class OwnSave(torch.nn.Linear):
    """Packs its weight, as quantized layers do."""

    def __init__(self):
        super().__init__(3, 2)

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        destination[prefix + "packed"] = torch.cat([self.weight.detach().flatten(), self.bias.detach()])

    def _load_from_state_dict(self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
        if prefix + "packed" not in state_dict:
            missing.append(prefix + "packed")
            return
        packed = state_dict[prefix + "packed"]
        with torch.no_grad():
            self.weight.copy_(packed[:6].view(2, 3))
            self.bias.copy_(packed[6:])


class OwnStateDict(torch.nn.Module):
    """Is saved and loaded as what it wraps."""

    def __init__(self):
        super().__init__()
        self.inner = net()

    def state_dict(self, *args, **kwargs):
        return {name: tensor.clone() for name, tensor in self.inner.state_dict(*args, **kwargs).items()}

    def load_state_dict(self, state_dict, strict=True):
        self.inner.load_state_dict(state_dict, strict)  # returns nothing


class OwnLoad(OwnStateDict):
    """Takes no ``strict``."""

    def load_state_dict(self, state_dict):
        return self.inner.load_state_dict(state_dict)


class Grows(torch.nn.Module):
    """Takes the size of its buffer from what is loaded, as observers do."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.empty(0))

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        self.seen.resize_(state_dict[prefix + "seen"].shape)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class Metric(torch.nn.Module):
    """Saves its states only if they are persistent, as torchmetrics does; they are attributes, not buffers."""

    def __init__(self):
        super().__init__()
        self.total, self.persistent = torch.rand(2), True

    def state_dict(self, destination=None, prefix="", keep_vars=False):
        destination = super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)
        if self.persistent:
            destination[prefix + "total"] = self.total.clone()
        return destination

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        if prefix + "total" in state_dict:
            self.total = state_dict.pop(prefix + "total").clone()
        super()._load_from_state_dict(state_dict, prefix, *rest)


class WithMetric(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.metric = net(), Metric()


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(5, 3)
        self.head = torch.nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight


class Tagged(torch.nn.Parameter):
    """A Parameter of a subclass, as bitsandbytes and torchao have."""


class WithSubclass(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = Tagged(torch.rand(3))

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        destination[prefix + "weight"] = torch.Tensor(self.weight.detach().clone().numpy())


class Shared(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.left = net()
        self.right = self.left
        self.register_parameter("nothing", None)
        self.register_buffer("transient", torch.rand(2), persistent=False)
        self.register_buffer("kept", torch.rand(2))


def lazy() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.LazyLinear(4), torch.nn.LazyBatchNorm1d())


def filled_lazy() -> torch.nn.Module:
    module = lazy()
    module(torch.rand(5, 3))
    return module


def grown() -> torch.nn.Module:
    module = Grows()
    module.seen.resize_(7)
    return module


def compiled() -> torch.nn.Module:
    return torch.compile(net())


def patched() -> torch.nn.Module:
    """A state_dict of the instance, as FSDP and torch.distributed.checkpoint set it."""
    module = net()
    plain = module.state_dict
    module.state_dict = lambda *args, **kwargs: {name: tensor.clone() for name, tensor in plain(*args, **kwargs).items()}
    return module


KINDS: dict[str, Callable[[], torch.nn.Module]] = {
    "plain": net,
    "tied": Tied,
    "shared": Shared,
    "compiled": compiled,
    "data parallel": lambda: torch.nn.DataParallel(net()),
    "compiled data parallel": lambda: torch.nn.DataParallel(compiled()),
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(net()),
    "transformer": lambda: torch.nn.TransformerEncoderLayer(4, 2, 8),
    "lstm": lambda: torch.nn.LSTM(3, 4, 2),
    "instance norm": lambda: torch.nn.InstanceNorm1d(4, affine=True, track_running_stats=True),
    "bfloat16": lambda: net().bfloat16(),
    "complex": lambda: torch.nn.Linear(3, 2, dtype=torch.complex64),
    "weight norm": lambda: parametrizations.weight_norm(torch.nn.Linear(3, 2)),
    "spectral norm": lambda: parametrizations.spectral_norm(torch.nn.Linear(3, 2)),
    "orthogonal": lambda: parametrizations.orthogonal(torch.nn.Linear(3, 3)),
    "old spectral norm": lambda: torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2)),
    "pruned": lambda: prune.l1_unstructured(torch.nn.Linear(3, 2), "weight", 0.5),
    "scripted": lambda: torch.jit.script(net()),
    "traced": lambda: torch.jit.trace(net().eval(), torch.rand(2, 3)),
    "symbolically traced": lambda: torch.fx.symbolic_trace(net()),
    "copies": functools.partial(hooked, save=clone),
    "copies of a child": functools.partial(hooked, inner=True, save=clone),
    "halved": functools.partial(hooked, save=halve, load=double),
    "halved only when saved": functools.partial(hooked, save=halve),
    "doubled only when loaded": functools.partial(hooked, load=double),
    "renamed": functools.partial(hooked, save=rename, load=rename_back),
    "called after loading": functools.partial(hooked, after=True),
    "child called after loading": functools.partial(hooked, inner=True, after=True),
    "tensor as extra state": TensorExtra,
    "dict as extra state": DictExtra,
    "value as extra state": ValueExtra,
    "None as extra state": NoneExtra,
    "extra state in a child": lambda: torch.nn.Sequential(net(), DictExtra()),
    "packed": OwnSave,
    "packed child": lambda: torch.nn.ModuleDict({"a": OwnSave(), "b": net()}),
    "own state_dict": OwnStateDict,
    "own load_state_dict": OwnLoad,
    "grows": Grows,
    "metric": WithMetric,
    "parameter subclass": WithSubclass,
    "lazy": lazy,
    "observer": lambda: torch.ao.quantization.MinMaxObserver(),
    "histogram observer": lambda: torch.ao.quantization.HistogramObserver(),
    "fake quantize": lambda: torch.ao.quantization.FakeQuantize(),
    "patched": patched,
}
# What is saved, where it is not made as the target is.
SAVED: dict[str, Callable[[], torch.nn.Module]] = {"lazy": filled_lazy, "grows": grown}


def randomized(module: torch.nn.Module) -> torch.nn.Module:
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if not torch.nn.parameter.is_lazy(tensor):
                tensor.copy_(torch.rand(tensor.shape) * 9 + 1)
    return module


def everything(module: torch.nn.Module) -> dict[str, object]:
    """All values of a module, also those that its state dict hides."""
    found: dict[str, object] = {}
    for path, child in module.named_modules(remove_duplicate=False):
        for name, value in [*child._parameters.items(), *child._buffers.items()]:
            if value is not None and name not in child._non_persistent_buffers_set:
                is_lazy = torch.nn.parameter.is_lazy(value)
                found[f"{path}.{name}"] = None if is_lazy else value.detach().clone()
        for name in ("scale", "total", "loads"):
            if name in vars(child):
                found[f"{path}:{name}"] = vars(child)[name]
    return found
