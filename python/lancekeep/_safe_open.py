# SPDX-License-Identifier: Apache-2.0
"""``safe_open`` as safetensors has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._errors import InvalidArgumentError
from ._store import PathLike, Ref, open
from ._version import Slice, Version


# What safetensors calls the dtypes that it has; src/tensor/dtype_names.h has the same list.
DTYPES = {
    "bool": "BOOL",
    **{f"{kind}int{bits}": f"{kind.upper() or 'I'}{bits}" for kind in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    "bfloat16": "BF16",
    "complex64": "C64",
    "float4_e2m1fn_x2": "F4",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2": "F8_E5M2",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e8m0fnu": "F8_E8M0",
}


class FileSlice(Slice):
    """One tensor, of which an index reads a part. Made by :meth:`safe_open.get_slice`."""

    def get_dtype(self) -> str:
        """safetensors' name for it, such as ``"BF16"``; torch's for a dtype that safetensors lacks."""
        return DTYPES.get(super().get_dtype(), super().get_dtype())


class safe_open:  # noqa: N801 – safetensors' name
    """A version to take tensors from one by one.

    ``with safe_open("model.lance", framework="pt") as f: f.get_tensor("head.weight")``. ``device`` is where tensors are
    to be; ``version`` a number, a tag, or None for the latest; ``backend`` is taken for safetensors' sake. Closing it
    closes no tensor that it gave.
    """

    def __init__(
        self,
        filename: PathLike,
        framework: str = "pt",
        device: Any = "cpu",
        *,
        backend: str = "mmap",
        version: Ref = None,
    ):
        self._open: Version | None = open(filename, framework=framework).at(version)
        self._device = device

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *_: object) -> None:
        self._open = None

    @property
    def version(self) -> Version:
        """The version that is open."""
        if self._open is None:
            raise InvalidArgumentError("it is closed: the `with` that opened it has ended")
        return self._open

    def keys(self) -> list[str]:
        """In model order."""
        return list(self.version)

    def offset_keys(self) -> list[str]:
        """In the order of the values on the disk, file by file."""
        if self.version.info.layout == "plain":
            return self.keys()
        return sorted(self.version, key=lambda name: self.version.locate(name)[:2])

    def __iter__(self) -> Iterator[str]:
        return iter(self.version)

    def __contains__(self, name: object) -> bool:
        return name in self.version

    def __len__(self) -> int:
        return len(self.version)

    def metadata(self) -> dict[str, str] | None:
        """What the save was given; None where that was nothing, as safetensors says it."""
        return dict(self.version.info.metadata) or None

    def get_tensor(self, name: str) -> Any:
        """See :meth:`Version.get_tensor`."""
        return self.version.get_tensor(name, self._device)

    def get_tensors(self) -> dict[str, Any]:
        """All of them by name, in model order."""
        return dict(self.version.load(names=list(self.version), device=self._device))

    def get_slice(self, name: str) -> FileSlice:
        """For ``get_slice(name)[3:7]``: reads the rows that the index needs. ``get_shape()`` and ``get_dtype()`` read none."""
        return FileSlice(self.version, self.version[name], self._device)
