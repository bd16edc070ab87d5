# SPDX-License-Identifier: Apache-2.0
"""From the rows of a version back to what was saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from . import _json, _native
from ._errors import CorruptError, InvalidArgumentError, UnsupportedError
from ._state import is_tensor


def framework_of(name: str) -> ModuleType:
    """The module that makes tensors or arrays."""
    if name in ("pt", "torch", "pytorch"):
        try:
            from . import _torch
        except ModuleNotFoundError as error:
            raise UnsupportedError(
                f"{error.name} is not installed: pip install torch, or use lancekeep.open(path, framework='np')"
            ) from error
        return _torch
    if name in ("np", "numpy"):
        try:
            from . import _numpy
        except ModuleNotFoundError as error:
            raise UnsupportedError("NumPy is not installed: pip install numpy") from error
        return _numpy
    raise InvalidArgumentError(f"the framework {name!r} is not known; 'pt' (torch) and 'np' (NumPy) are")


class Loader:
    """Makes tensors or arrays of a version's rows; ties stay ties."""

    def __init__(self, version: _native.Version, framework: str, device: Any = None):
        self.version = version
        self.device = device if device is not None and device.type != "cpu" else None
        self.module = framework_of(framework)
        self.skipped: str | None = None  # a dtype

    def rows(self, names: Sequence[str] | None) -> dict[str, Any]:
        """Each of these rows – None: of all but the tree's – as what it stands for, in this order."""
        names = None if names is None else list(names)
        return self._mapped(names) if self.device is None else self._on_device(names)

    def tensors(self) -> dict[str, Any]:
        """All rows but those of values that are no tensors."""
        self.skipped = "json"
        return self.rows(None)

    # Loading a model is this loop: what can be said of a tensor in one call is not said in two.
    def _mapped(self, names: list[str] | None) -> dict[str, Any]:
        from_capsule = self.module.from_capsule
        form = _native.Form.buffer if from_capsule is None else _native.Form.dlpack
        made: dict[str, Any] = {}
        for name, dtype, shape, nbytes, tied_to, values, is_capsule in self.version.rows(names, form):
            if tied_to is not None and tied_to in made:
                made[name] = made[tied_to]
            elif is_capsule:
                made[name] = from_capsule(values)
            elif dtype == "json":
                if dtype != self.skipped:
                    made[name] = decode(name, values)
            else:
                made[name] = self.module.from_values(name, dtype, shape, nbytes, values)
        return made

    def _on_device(self, names: list[str] | None) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, dtype, shape, nbytes, tied_to, values, _ in self.version.rows(names, _native.Form.none):
            if tied_to is not None and tied_to in made:
                made[name] = made[tied_to]
            elif dtype == "json":
                if dtype != self.skipped:
                    made[name] = decode(name, values)
            else:
                read = reader(self.version, name)
                made[name] = self.module.to_device(name, dtype, shape, nbytes, read, self.device)
        return made

    def whole(self) -> Any:
        """The state as it was saved."""
        values = self.rows(None)
        tree = self.version.tree()
        if tree is None:
            return values

        arrays: dict[int, Any] = {}  # by the tensors that they would be

        def resolve(tag: str, name: str) -> Any:
            if name not in values:
                raise KeyError(f"it names a row `{name}`, which the version has not")
            value = values[name]
            if tag == "$ndarray" and is_tensor(value):
                if id(value) not in arrays:
                    arrays[id(value)] = Loader(self.version, "np").rows([name])[name]
                return arrays[id(value)]
            return value

        return decode(*tree, resolve)


def reader(version: _native.Version, name: str) -> Callable[[int, int, int], None]:
    """Reads a part of a tensor's bytes: where it starts, to which address, how many."""

    def read(offset: int, address: int, count: int) -> None:
        version.read_into(name, offset, address, count)

    return read


def decode(name: str, text: bytes | None, resolve: Callable[[str, str], Any] | None = None) -> Any:
    try:
        return _json.value_of(text or b"", resolve)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptError(f"the value `{name}` cannot be read: {error}") from error
    except ModuleNotFoundError as error:
        raise UnsupportedError(f"the value `{name}` needs the package {error.name}, which is not installed") from error
