# SPDX-License-Identifier: Apache-2.0
"""Turns the rows of a version back into what was saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import _json, _native, _state_dicts
from ._errors import CorruptError, UnsupportedError
from ._framework import framework_of, is_tensor


class Loader:
    """Makes tensors or arrays from the rows of one version. Tied rows become one tensor.

    ``framework`` is "pt" or "np". ``device`` is a torch.device; None and the CPU mean memory-mapped tensors.
    """

    def __init__(self, version: _native.Version, framework: str, device: Any = None):
        self.version = version
        self.device: Any = device if device is not None and device.type != "cpu" else None
        self.framework = framework_of(framework)
        self.tensors_only = False
        self.place: Callable[[Any], Any] | None = None  # moves a mapped tensor elsewhere; called once for tied tensors

    def rows(self, names: Sequence[str] | None) -> dict[str, Any]:
        """The values of these rows, in this order; None means all rows except the tree."""
        names = None if names is None else list(names)
        values = self._mapped(names) if self.device is None else self._on_device(names)
        return values if self.place is None else self._placed(values, self.place)

    def tensors(self) -> dict[str, Any]:
        """All tensors, without the rows of other values."""
        self.tensors_only = True
        return self.rows(None)

    def whole(self) -> Any:
        """The state as it was saved."""
        values = self.rows(None)
        tree = self.version.tree()
        state = values if tree is None else self._nested(values, tree)
        return self._with_state_dicts(state)

    def _nested(self, values: dict[str, Any], tree: tuple[str, bytes]) -> Any:

        arrays: dict[int, Any] = {}  # by id() of the tensor that was loaded from the row

        def resolve(tag: str, name: str) -> Any:
            if name not in values:
                raise KeyError(f"it refers to a row `{name}`, which the version does not have")
            value = values[name]
            if tag == "$ndarray" and is_tensor(value):
                if id(value) not in arrays:
                    arrays[id(value)] = Loader(self.version, "np").rows([name])[name]
                return arrays[id(value)]
            return value

        return decode(*tree, resolve)

    def _with_state_dicts(self, state: Any) -> Any:
        """The state, with what torch keeps beside the tensors of its state dicts."""
        text = self.version.state_dicts()
        if not text:
            return state
        try:
            return _state_dicts.apply(text, state)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            where = f"the property {_state_dicts.KEY} of version {self.version.number}"
            raise CorruptError(f"{where} cannot be read: {error}") from error

    # Loading a model spends its time in this loop, so it makes as few calls per tensor as possible.
    def _mapped(self, names: list[str] | None) -> dict[str, Any]:
        from_capsule = self.framework.from_capsule
        form = _native.Form.buffer if from_capsule is None else _native.Form.dlpack
        made: dict[str, Any] = {}
        for name, dtype, shape, nbytes, tied_to, values, is_capsule in self.version.rows(names, form):
            if tied_to is not None and tied_to in made:
                made[name] = made[tied_to]
            elif is_capsule and from_capsule is not None:
                made[name] = from_capsule(values)
            elif dtype == "json":
                if not self.tensors_only:
                    made[name] = decode(name, values)
            else:
                made[name] = self.framework.from_values(name, dtype, shape, nbytes, values)
        return made

    def _placed(self, values: dict[str, Any], place: Callable[[Any], Any]) -> dict[str, Any]:
        tensors = {id(value): value for value in values.values() if is_tensor(value)}
        made = {key: place(value) for key, value in tensors.items()}
        return {name: made.get(id(value), value) for name, value in values.items()}

    def _on_device(self, names: list[str] | None) -> dict[str, Any]:
        from . import _torch

        made: dict[str, Any] = {}
        for name, dtype, shape, nbytes, tied_to, values, _ in self.version.rows(names, _native.Form.none):
            if tied_to is not None and tied_to in made:
                made[name] = made[tied_to]
            elif dtype == "json":
                if not self.tensors_only:
                    made[name] = decode(name, values)
            else:
                read = reader(self.version, name)
                made[name] = _torch.to_device(name, dtype, shape, nbytes, read, self.device)
        return made


def reader(version: _native.Version, name: str) -> Callable[[int, int, int], None]:
    """A function ``read(offset, address, count)``: copies ``count`` bytes of the tensor, from ``offset``, to ``address``."""

    def read(offset: int, address: int, count: int) -> None:
        version.read_into(name, offset, address, count)

    return read


def decode(name: str, text: bytes | None, resolve: Callable[[str, str], Any] | None = None) -> Any:
    """The value of a ``json`` or ``tree`` row. Raises CorruptError, or UnsupportedError if it needs a missing package."""
    try:
        return _json.from_text(text or b"", resolve)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptError(f"the value `{name}` cannot be read: {error}") from error
    except ModuleNotFoundError as error:
        raise UnsupportedError(f"the value `{name}` needs the package {error.name}, which is not installed") from error
