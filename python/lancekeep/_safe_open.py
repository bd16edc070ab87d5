# SPDX-License-Identifier: Apache-2.0
"""``safe_open``, with the interface of safetensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._arguments import PathLike, Ref
from ._errors import InvalidArgumentError
from ._store import open
from ._version import Slice, Version

# safetensors' names for dtypes. src/tensor/dtype_names.h has the same list.
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
    """One tensor, read in part by indexing it. Made by :meth:`safe_open.get_slice`."""

    def get_dtype(self) -> str:
        """safetensors' name for the dtype, such as ``"BF16"``; torch's name if safetensors lacks it."""
        dtype = super().get_dtype()
        return DTYPES.get(dtype, dtype)


class safe_open:  # noqa: N801 – the name in safetensors
    """Opens a version to load its tensors one by one.

    ``with safe_open("model.lance", framework="pt") as f: f.get_tensor("head.weight")``. Tensors are loaded to ``device``.
    ``version`` is a number, a tag, or None for the latest. ``backend`` is accepted because safetensors has it, but has
    no effect. Tensors stay valid after the ``with`` block has ended.
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
        """The open version."""
        if self._open is None:
            raise InvalidArgumentError("the file is closed: its `with` block has ended")
        return self._open

    def keys(self) -> list[str]:
        """Names in model order."""
        return list(self.version)

    def offset_keys(self) -> list[str]:
        """Names in the order of the values on disk, file by file."""
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
        """The metadata of the version; None if it is empty, as in safetensors."""
        return dict(self.version.info.metadata) or None

    def get_tensor(self, name: str) -> Any:
        """See :meth:`Version.get_tensor`."""
        return self.version.get_tensor(name, self._device)

    def get_tensors(self) -> dict[str, Any]:
        """All tensors by name, in model order."""
        return dict(self.version.load(names=list(self.version), device=self._device))

    def get_slice(self, name: str) -> FileSlice:
        """For ``get_slice(name)[3:7]``: reads only the rows that the index needs."""
        return FileSlice(self.version, self.version[name], self._device)
