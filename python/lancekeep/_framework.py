# SPDX-License-Identifier: Apache-2.0
"""torch and NumPy as two implementations of one interface, imported only when they are needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ._errors import InvalidArgumentError, UnsupportedError


class Framework(Protocol):
    """What the modules ``_torch`` and ``_numpy`` provide. A tensor is a torch.Tensor, or a numpy.ndarray."""

    from_capsule: Callable[[Any], Any] | None
    """Makes a tensor from a DLPack capsule; None if the framework reads buffers just as fast."""

    def dtype_name(self, tensor: Any, /) -> str:
        """torch's name for the tensor's dtype, such as ``"bfloat16"``."""

    def why_unsupported(self, tensor: Any, /) -> str | None:
        """Why the tensor's values cannot be kept as plain bytes; None if they can."""

    def plain(self, tensor: Any, /) -> Any:
        """The tensor as one of the framework's own class, with the same memory; the tensor itself if it is one.

        Call only if why_unsupported() is None.
        """

    def tie_key(self, tensor: Any, /) -> Any:
        """A key that is equal for tied tensors, which have the same elements in the same memory."""

    def source_values(self, tensor: Any, staging: dict[bool, Any], /) -> Any:
        """The values for ``PythonSource.add``: a buffer, or a callable that returns buffers of at most 16 MiB.

        ``staging`` is one dict for all tensors of a source; the callables keep their scratch memory in it.
        """

    def from_values(self, name: str, dtype: str, shape: Sequence[int], nbytes: int, values: Any, /) -> Any:
        """A tensor that shares the memory of the buffer ``values`` and keeps it alive; None means no bytes.

        Raises UnsupportedError if the framework lacks the dtype; the text names the tensor ``name``.
        """

    def part_of(self, tensor: Any, index: Any, /) -> Any:
        """``tensor[index]``, copied into its own memory."""


def framework_name(name: str) -> str:
    """"pt" for torch, "np" for NumPy, under any of their names. Imports neither."""
    if name in ("pt", "torch", "pytorch"):
        return "pt"
    if name in ("np", "numpy"):
        return "np"
    raise InvalidArgumentError(f"unknown framework {name!r}; use 'pt' (torch) or 'np' (NumPy)")


def framework_of(name: str) -> Framework:
    """Imports the framework called "pt" or "np". Raises UnsupportedError if it is not installed."""
    if framework_name(name) == "pt":
        try:
            from . import _torch
        except ModuleNotFoundError as error:
            raise UnsupportedError(
                f"{error.name} is not installed: pip install torch, or use lancekeep.open(path, framework='np')"
            ) from error
        return _torch
    try:
        from . import _numpy
    except ModuleNotFoundError as error:
        raise UnsupportedError("NumPy is not installed: pip install numpy") from error
    return _numpy


def framework_for(value: Any) -> Framework:
    """The framework of a tensor or an array."""
    return framework_of("pt" if is_tensor(value) else "np")


def is_torch(value: Any, name: str) -> bool:
    """Whether the value is an instance of torch's class ``name``. Does not import torch."""
    kind = getattr(sys.modules.get("torch"), name, None)
    return kind is not None and isinstance(value, kind)


def is_numpy(value: Any, name: str) -> bool:
    """Whether the value is an instance of NumPy's class ``name``. Does not import NumPy."""
    kind = getattr(sys.modules.get("numpy"), name, None)
    return kind is not None and isinstance(value, kind)


def is_tensor(value: Any) -> bool:
    return is_torch(value, "Tensor")


def is_array(value: Any) -> bool:
    return is_numpy(value, "ndarray")
