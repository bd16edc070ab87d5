# SPDX-License-Identifier: Apache-2.0
"""``map_location`` of ``torch.load``, for weights that were not saved with a device: each counts as one on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import _native
from ._arguments import device_of, is_function
from ._errors import InvalidArgumentError, UnsupportedError
from ._load import Loader


def loader_for(version: _native.Version, map_location: Any) -> Loader:
    """Loads to where ``map_location`` says: a device, a dict of devices by device, or a function of a storage."""
    if not is_function(map_location):
        return Loader(version, "pt", mapped_device(map_location))
    loader = Loader(version, "pt")
    loader.place = placing(map_location)
    return loader


def mapped_device(map_location: Any) -> Any:
    """The device; None if ``map_location`` is a function, or None. Raises if the device is not available."""
    if is_function(map_location):
        return None
    if isinstance(map_location, Mapping):
        map_location = map_location.get("cpu", "cpu")
    return device_of(map_location, "pt")


def placing(map_location: Callable[[Any, str], Any]) -> Callable[[Any], Any]:
    """A function that moves a tensor as ``torch.load`` does: it calls ``map_location(storage, "cpu")``."""
    import torch

    from ._torch import BITS

    def place(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        try:
            moved = map_location(storage, "cpu")
        except Exception as error:  # of many types, if the function uses a device that is not there
            raise UnsupportedError(f"map_location raised {type(error).__name__}: {error}") from error
        if moved is None or moved is storage:
            return tensor
        moved = getattr(moved, "_untyped_storage", moved)
        if not isinstance(moved, torch.UntypedStorage) or moved.nbytes() < storage.nbytes():
            raise InvalidArgumentError(f"map_location must return None or the storage on a device, not {moved!r}")
        bits = torch.empty(0, dtype=BITS[tensor.element_size()], device=moved.device)
        return bits.set_(moved, tensor.storage_offset(), tensor.shape, tensor.stride()).view(tensor.dtype)

    return place
