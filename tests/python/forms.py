# SPDX-License-Identifier: Apache-2.0
"""The forms a tensor can have: functions that return tensors of a dtype by name, or None if torch lacks the form."""

import torch
from contents import bits, contents, noise

LARGE = (1 << 20) + 3  # elements: not a multiple of a page or any power of two


def zero_dim(dtype):
    return {"0-dim": noise(dtype, 1).view(())}


def empty(dtype):
    plain = noise(dtype, 0)
    return {"empty": plain, "empty.2": plain.view(3, 0, 2)}


def one_element(dtype):
    return {"one": noise(dtype, 1), "one.3": noise(dtype, 1, seed=1).view(1, 1, 1)}


def large(dtype):
    return {"large": noise(dtype, LARGE)}


def non_contiguous(dtype):
    grid = noise(dtype, 35).view(5, 7)
    return {"transposed": grid.t(), "steps": grid[1:, ::2], "column": grid[:, 3]}


def channels_last(dtype):
    images = noise(dtype, 120).view(bits(dtype)).view(2, 3, 4, 5).to(memory_format=torch.channels_last).view(dtype)
    assert images.is_contiguous(memory_format=torch.channels_last) and not images.is_contiguous()
    volumes = noise(dtype, 120).view(bits(dtype)).view(1, 2, 3, 4, 5).to(memory_format=torch.channels_last_3d).view(dtype)
    return {"channels_last": images, "channels_last_3d": volumes}


def expanded(dtype):
    return {"expanded": noise(dtype, 3).view(3, 1).expand(3, 4), "one, expanded": noise(dtype, 1).expand(5)}


def conj(dtype):
    plain = noise(dtype, 24)
    if not plain.conj().is_conj():
        return None
    return {"conj": plain.conj(), "conj of a transposed": plain.view(4, 6).t().conj()}


def readable(tensor):
    """torch can make a negative view of most dtypes, but can read only some."""
    try:
        return contents(tensor) is not None
    except (NotImplementedError, RuntimeError):
        return False


def neg(dtype):
    plain = noise(dtype, 24)
    found = {"neg": torch._neg_view(plain), "neg of steps": torch._neg_view(plain[::3])}
    if dtype.is_complex:
        found["neg of conj"] = torch._neg_view(plain.conj())
    elif dtype in (torch.float16, torch.float32, torch.float64):  # the way users get one
        found["imag of conj"] = noise(dtype.to_complex(), 12).conj().imag
    assert all(tensor.is_neg() for tensor in found.values())
    return {name: tensor for name, tensor in found.items() if readable(tensor)} or None


def tied(dtype):
    one = noise(dtype, 12).view(3, 4)
    return {"tied": one, "tied.2": one, "tied.3": one.view(3, 4)}


def view(dtype):
    base = noise(dtype, 30)
    return {"base": base, "view": base[7:20], "grid": base[:20].view(4, 5), "element": base[3]}


def parameter(dtype):
    trains = dtype.is_floating_point or dtype.is_complex
    values = noise(dtype, 21).view(3, 7)
    return {
        "parameter": torch.nn.Parameter(values, requires_grad=trains),
        "frozen": torch.nn.Parameter(values.t(), requires_grad=False),
    }


FORMS = {
    "0-dim": zero_dim,
    "empty": empty,
    "one element": one_element,
    "large": large,
    "non-contiguous": non_contiguous,
    "channels_last": channels_last,
    "expanded": expanded,
    "conj": conj,
    "neg": neg,
    "tied": tied,
    "view": view,
    "Parameter": parameter,
}
