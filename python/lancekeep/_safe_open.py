# SPDX-License-Identifier: Apache-2.0
"""``safe_open``, with the interface of safetensors. It opens stores, and model files too."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from ._arguments import PathLike, Ref
from ._errors import InvalidArgumentError, UnsupportedError
from ._model_file import ModelFile, check_backend, open_version
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


# Frameworks whose tensors are made from NumPy arrays, and the function that makes them.
FROM_NUMPY = {
    "jax": ("jax.numpy", "asarray"),
    "flax": ("jax.numpy", "asarray"),
    "mlx": ("mlx.core", "array"),
    "tf": ("tensorflow", "convert_to_tensor"),
    "tensorflow": ("tensorflow", "convert_to_tensor"),
    "paddle": ("paddle", "to_tensor"),
}


def from_numpy(framework: str) -> Callable[[Any], Any] | None:
    """Makes a framework's tensors from arrays; None for torch and NumPy. Raises UnsupportedError if it is not installed."""
    if framework not in FROM_NUMPY:
        return None
    module, function = FROM_NUMPY[framework]
    try:
        make: Callable[[Any], Any] = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        raise UnsupportedError(f"framework={framework!r} needs the package {error.name}, which is not installed") from error
    return make


class FileSlice(Slice):
    """One tensor, read in part by indexing it. Made by :meth:`safe_open.get_slice`."""

    _convert: Callable[[Any], Any] | None = None

    def __getitem__(self, index: Any) -> Any:
        """The indexed part, as :meth:`Slice.__getitem__`, as a tensor of the framework."""
        part = super().__getitem__(index)
        return part if self._convert is None else self._convert(part)

    def get_dtype(self) -> str:
        """safetensors' name for the dtype, such as ``"BF16"``; torch's name if safetensors lacks it."""
        dtype = super().get_dtype()
        return DTYPES.get(dtype, dtype)


class safe_open:  # noqa: N801 – the name in safetensors
    """Opens a version of a store, or a model file, to load its tensors one by one.

    ``with safe_open("model.lance", framework="pt") as f: f.get_tensor("head.weight")``. Tensors are loaded to ``device``.
    ``version`` is a number, a tag, or None for the latest. ``backend`` is accepted because safetensors has it, but has
    no effect. Tensors stay valid after the ``with`` block has ended. Besides ``"pt"`` and ``"np"``, ``framework`` may be
    ``"jax"``, ``"flax"``, ``"mlx"``, ``"tf"`` or ``"paddle"``; then ``device`` has no effect.
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
        check_backend(backend)
        self._convert = from_numpy(framework)
        base = framework if self._convert is None else "np"
        self._open: Version | ModelFile | None = open_version(filename, version, framework=base)
        self._device = device if self._convert is None else None

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *_: object) -> None:
        self._open = None

    @property
    def version(self) -> Version | ModelFile:
        """The open version; for a model file, a mapping like it."""
        if self._open is None:
            raise InvalidArgumentError("the file is closed: its `with` block has ended")
        return self._open

    def keys(self) -> list[str]:
        """Names in model order."""
        return list(self.version)

    def offset_keys(self) -> list[str]:
        """Names in the order of the values on disk, file by file."""
        version = self.version
        if isinstance(version, ModelFile):
            return version.offset_keys()
        if version.info.layout == "plain":
            return self.keys()
        return sorted(version, key=lambda name: version.locate(name)[:2])

    def __iter__(self) -> Iterator[str]:
        return iter(self.version)

    def __contains__(self, name: object) -> bool:
        return name in self.version

    def __len__(self) -> int:
        return len(self.version)

    def metadata(self) -> dict[str, str] | None:
        """The metadata of the version, and the tied names, each with the first name of its tensor; None if it is empty.

        A file of safetensors' ``save_model`` lists tied names in its metadata.
        """
        ties = {name: info.tied_to for name, info in self.version.items() if info.tied_to is not None}
        return {**ties, **self.version.info.metadata} or None

    def get_tensor(self, name: str) -> Any:
        """See :meth:`Version.get_tensor`."""
        tensor = self.version.get_tensor(name, self._device)
        return tensor if self._convert is None else self._convert(tensor)

    def get_tensors(self) -> dict[str, Any]:
        """All tensors by name, in model order."""
        tensors = dict(self.version.load(names=list(self.version), device=self._device))
        return tensors if self._convert is None else {name: self._convert(tensor) for name, tensor in tensors.items()}

    def get_slice(self, name: str) -> FileSlice:
        """For ``get_slice(name)[3:7]``: reads only the rows that the index needs; of a model file, the whole tensor first."""
        version: Any = self.version  # a ModelFile has what a slice needs of a Version
        part = FileSlice(version, version[name], self._device)
        part._convert = self._convert
        return part
