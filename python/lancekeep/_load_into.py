# SPDX-License-Identifier: Apache-2.0
"""A version into tensors that exist: no second copy of the weights at any time."""

from __future__ import annotations

from typing import Any

import torch

from . import _state, _torch
from ._errors import InvalidArgumentError
from ._version import Version


def load_into(version: Version, target: Any, strict: bool) -> tuple[list[str], list[str]]:
    """Returns names that the version lacks, and those that the target lacks."""
    targets = _state.plain_state(target)
    if not isinstance(targets, dict) or not all(isinstance(value, torch.Tensor) for value in targets.values()):
        raise InvalidArgumentError("the target must be a torch.nn.Module or a dict of tensors by name")
    missing = [name for name in targets if name not in version]
    unexpected = [name for name in version if name not in targets]
    if strict and (missing or unexpected):
        raise InvalidArgumentError(
            f"the target and version {version.number} do not have the same tensors; missing in the version:"
            f" {', '.join(missing) or 'none'}; unexpected in it: {', '.join(unexpected) or 'none'}; nothing was loaded"
        )
    found = {name: tensor for name, tensor in targets.items() if name in version}
    _torch.require_targets(found, version)
    direct = {name: tensor.detach() for name, tensor in found.items() if _torch.takes_bytes(tensor, version[name].dtype)}
    version._native.read_all([(name, tensor.data_ptr(), tensor.nbytes) for name, tensor in direct.items() if tensor.nbytes])
    with torch.no_grad():
        for name in found.keys() - direct.keys():
            _fill(version, name, found[name])
    return missing, unexpected


def _fill(version: Version, name: str, target: torch.Tensor) -> None:
    info = version[name]

    def read(offset: int, address: int, count: int) -> None:
        version._native.read_into(name, offset, address, count)

    _torch.copy_into(target.detach(), info.dtype, info.nbytes, read, lambda: version.get_tensor(name))
