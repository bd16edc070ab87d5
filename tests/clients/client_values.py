# SPDX-License-Identifier: Apache-2.0
"""Compares states of modules bit by bit, whatever is in them."""

import copy
from collections.abc import Mapping

import torch


def snapshot(value):
    """A copy that later changes do not reach."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone() if type(value) in (torch.Tensor, torch.nn.Parameter) else copy.deepcopy(value)
    if isinstance(value, Mapping):
        return {key: snapshot(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(snapshot, value)) if type(value) in (list, tuple) else copy.deepcopy(value)
    return copy.deepcopy(value)


def difference(a, b, path=""):
    """Where and how b differs from a; an empty str if it does not."""
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        return tensor_difference(a, b, path)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            return f"{path or 'the state'}: only in one of both: {sorted(map(str, a.keys() ^ b.keys()))[:5]}"
        return first(difference(a[key], b[key], f"{path}.{key}") for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            return f"{path}: {len(a)} entries, then {len(b)}"
        return first(difference(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b)))
    return "" if type(a) is type(b) and same(a, b) else f"{path}: {a!r:.80} became {b!r:.80}"


def tensor_difference(a, b, path):
    if type_of(a) is not type_of(b):
        return f"{path}: {type(a).__name__} became {type(b).__name__}"
    if hasattr(a, "__tensor_flatten__") and type_of(a) is not torch.Tensor:
        (names, context), (other_names, other_context) = a.__tensor_flatten__(), b.__tensor_flatten__()
        if names != other_names or repr(context) != repr(other_context):
            return f"{path}: {names} {context} became {other_names} {other_context}"
        return first(difference(getattr(a, name), getattr(b, name), f"{path}.{name}") for name in names)
    if a.dtype != b.dtype or a.shape != b.shape or a.is_quantized != b.is_quantized:
        return f"{path}: {a.dtype}{list(a.shape)} became {b.dtype}{list(b.shape)}"
    if a.is_meta and b.is_meta:
        return ""  # they have no values
    if a.is_quantized:
        return tensor_difference(a.int_repr(), b.int_repr(), path) or tensor_difference(
            a.dequantize(), b.dequantize(), path
        )
    return "" if torch.equal(bits(a), bits(b)) else f"{path}: other values"


def type_of(value):
    """A Parameter is kept as the tensor that it is."""
    return torch.Tensor if type(value) is torch.nn.Parameter else type(value)


def bits(tensor):
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return tensor.flatten().view(torch.uint8) if tensor.numel() else torch.empty(0, dtype=torch.uint8)


def same(a, b):
    return a == b or a is b or (a != a and b != b) or repr(a) == repr(b)


def first(differences):
    return next(filter(None, differences), "")
