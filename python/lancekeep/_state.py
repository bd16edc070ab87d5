# SPDX-License-Identifier: Apache-2.0
"""Between what a user saves or loads – a state dict, a training checkpoint – and the rows of a version."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterable
from typing import Any

from . import _json, _native, _tree
from ._errors import CorruptError, InvalidArgumentError, UnsupportedError


CAPSULE = type(datetime.datetime_CAPI)


def is_tensor(value: Any) -> bool:
    return _json.is_torch(value, "Tensor")


def is_array(value: Any) -> bool:
    return _json.is_numpy(value, "ndarray")


def adaptor(value: Any) -> Any:
    """The module that knows the bytes of a tensor or an array."""
    if is_tensor(value):
        from . import _torch

        return _torch
    from . import _numpy

    return _numpy


def source_of(state: Any) -> _native.PythonSource:
    """A state as something to save. Raises InvalidArgumentError, which names what cannot be kept; copies nothing."""
    rows = _tree.flatten(state, is_tensor, is_array)
    problems = [f"`{name}` {why}" for name, value in rows.tensors if (why := _refusal(value))]
    if problems:
        raise InvalidArgumentError("; ".join(problems) + "; nothing was written")
    source = _native.PythonSource({}, _overlaps(rows.tensors))
    ties: dict[Any, int] = {}
    for index, (name, value) in enumerate(rows.tensors):
        _add(source, name, value, _tie(ties, value, index))
    if rows.tree is not None:
        source.add(_tree.tree_name(rows), "tree", [], len(rows.tree), None, rows.tree)
    return source


def _refusal(value: Any) -> str | None:
    return None if isinstance(value, bytes) else adaptor(value).refusal(value)


def _tie(ties: dict[Any, int], value: Any, index: int) -> int | None:
    if not is_tensor(value):
        return None
    key = adaptor(value).tie_key(value)
    first = ties.setdefault(key, index) if key is not None else index
    return first if first != index else None


def _add(source: _native.PythonSource, name: str, value: Any, tied_to: int | None) -> None:
    if isinstance(value, bytes):
        source.add(name, "json", [], len(value), None, value)
    elif is_tensor(value):
        module = adaptor(value)
        source.add(name, module.dtype_name(value.dtype), list(value.shape), value.nbytes, tied_to, module.values(value))
    else:
        module = adaptor(value)
        source.add(name, module.dtype_name(value), list(value.shape), value.nbytes, None, module.values(value))


def _overlaps(rows: list[tuple[str, Any]]) -> list[str]:
    """Tensors that share memory without being one another are saved in full, each; that is worth a word."""
    extents = []
    seen = set()
    for index, (name, value) in enumerate(rows):
        if not is_tensor(value) or value.numel() == 0:
            continue
        module = adaptor(value)
        key = module.tie_key(value)
        if key not in seen:
            seen.add(key)
            storage, begin, end = module.extent(value)
            extents.append((str(storage), begin, end, index, name))
    extents.sort()
    notes = []
    for before, here in zip(extents, extents[1:]):
        if before[0] == here[0] and here[1] < before[2]:
            first, second = sorted((before, here), key=lambda each: each[3])
            notes.append(f"{first[4]} and {second[4]} share memory without being the same tensor; both are saved in full")
    return notes


# --- and back ---------------------------------------------------------------------------------------------------


class Loader:
    """Makes tensors or arrays of a version's rows; ties stay ties."""

    def __init__(self, version: _native.Version, framework: str, device: Any = None):
        self.version = version
        self.framework = framework
        self.device = device if device is not None and device.type != "cpu" else None
        self.module = _framework(framework)
        self.placed: dict[str, Any] = {}

    def rows(self, names: Iterable[str] | None) -> dict[str, Any]:
        """Each of these rows – None: of all but the tree's – as what it stands for, in this order."""
        if self.device is None:
            return self._mapped(None if names is None else list(names))
        return {row[0]: self._read(*row) for row in self.version.rows(names, False, False)}

    # Loading a model is this loop: what can be said of a tensor in one call is not said in two.
    def _mapped(self, names: list[str] | None) -> dict[str, Any]:
        from_capsule = self.module.from_capsule
        made: dict[str, Any] = {}
        for name, dtype, shape, nbytes, tied_to, values in self.version.rows(names, True, from_capsule is not None):
            if tied_to is not None and tied_to in made and self._tied(name, tied_to):
                made[name] = made[tied_to]
            elif type(values) is CAPSULE:
                made[name] = from_capsule(values)
            elif dtype == "json":
                made[name] = decode(name, values)
            else:
                made[name] = self.module.from_values(name, dtype, shape, values)
        return made

    def _tied(self, name: str, target: str) -> bool:
        """A tie counts where both are of the same bytes; they are where they lie in the same place."""
        a, b = self.version.find(name), self.version.find(target)
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return False
        here, there = self.version.locate(name), self.version.locate(target)
        return (here.path, here.offset) == (there.path, there.offset) or self.version.equal(name, target)

    def _read(self, name: str, dtype: str, shape: tuple[int, ...], nbytes: int, tied_to: str | None, values: Any) -> Any:
        if dtype == "json":
            return decode(name, values)
        if tied_to in self.placed and self._tied(name, tied_to):
            return self.placed[tied_to]

        def read(offset: int, address: int, count: int) -> None:
            self.version.read_into(name, offset, address, count)

        tensor = self.module.to_device(name, dtype, shape, nbytes, read, self.device)
        self.placed[name] = tensor
        return tensor


def _framework(name: str) -> Any:
    if name in ("pt", "torch", "pytorch"):
        try:
            from . import _torch
        except ModuleNotFoundError as error:
            raise UnsupportedError(
                "torch is not installed: pip install torch, or use lancekeep.open(path, framework='np')"
            ) from error
        return _torch
    if name in ("np", "numpy"):
        try:
            from . import _numpy
        except ModuleNotFoundError as error:
            raise UnsupportedError("NumPy is not installed: pip install numpy") from error
        return _numpy
    raise InvalidArgumentError(f"the framework {name!r} is not known; 'pt' (torch) and 'np' (NumPy) are")


def decode(name: str, values: Any, resolve: Callable[[str, str], Any] | None = None) -> Any:
    try:
        return _json.value_of(b"" if values is None else bytes(values), resolve)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptError(f"the value `{name}` cannot be read: {error}") from error
    except ModuleNotFoundError as error:
        raise UnsupportedError(f"the value `{name}` needs the package {error.name}, which is not installed") from error


def load_whole(version: _native.Version, loader: Loader) -> Any:
    """The state as it was saved."""
    values = loader.rows(None)
    tree = version.tree()
    if tree is None:
        return values

    def resolve(tag: str, name: str) -> Any:
        if name not in values:
            raise KeyError(f"it names a row `{name}`, which the version has not")
        if tag == "$ndarray" and is_tensor(values[name]):
            return _as_array(version, name)
        return values[name]

    return decode(tree, version.values(tree, False), resolve)


def _as_array(version: _native.Version, name: str) -> Any:
    return Loader(version, "np").rows([name])[name]


def plain_state(state: Any) -> Any:
    """A module's state dict; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(state, torch.nn.Module):
        return state.state_dict()
    return state
