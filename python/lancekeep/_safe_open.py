# SPDX-License-Identifier: Apache-2.0
"""``safe_open`` as safetensors has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._store import PathLike, Ref, open
from ._version import Slice, Version


class safe_open:  # noqa: N801 – safetensors' name
    """A version to take tensors from one by one: ``with safe_open("model.lance", framework="pt") as f: f.get_tensor(...)``."""

    def __init__(self, filename: PathLike, framework: str = "pt", device: Any = "cpu", *, version: Ref = None):
        self._version = open(filename, framework=framework).at(version)
        self._device = device

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def version(self) -> Version:
        return self._version

    def keys(self) -> list[str]:
        """In model order."""
        return list(self._version)

    def offset_keys(self) -> list[str]:
        """In the order of the values on the disk, file by file."""
        return sorted(self._version, key=lambda name: self._version.locate(name)[:2])

    def __iter__(self) -> Iterator[str]:
        return iter(self._version)

    def metadata(self) -> dict[str, str] | None:
        """What the save was given; None where that was nothing, as safetensors says it."""
        return dict(self._version.info.metadata) or None

    def get_tensor(self, name: str) -> Any:
        return self._version.get_tensor(name, self._device)

    def get_slice(self, name: str) -> Slice:
        return self._version.get_slice(name)
