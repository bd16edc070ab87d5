# SPDX-License-Identifier: Apache-2.0
"""Picks the rows of a version to be loaded into a target: ``prefix=`` and ``names=`` of ``Store.load_into``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ._arguments import Names, name_filter
from ._errors import InvalidArgumentError, NotFoundError
from ._name_difference import quoted
from ._native import TensorInfo
from ._version import Version


class Selection:
    """The rows of one version whose names start with ``prefix`` and, without it, match ``names``."""

    def __init__(self, version: Version, names: Names | None = None, prefix: str = ""):
        if not isinstance(prefix, str):
            raise InvalidArgumentError(f"prefix must be a str such as 'model.', not {prefix!r}")
        if names is not None and not isinstance(names, str) and not callable(names):
            names = list(names)
        self.version = Version(version._native, "pt")
        self.number = version.number
        self.prefix = prefix
        self.is_all = names is None
        self.picks = (lambda name: True) if names is None else name_filter(names)
        self.all_names = list(version)
        rows = [info for info in version._native.tensors() if info.dtype != "tree"]
        if prefix and not any(info.name.startswith(prefix) for info in rows):
            there = quoted(info.name for info in rows)
            raise InvalidArgumentError(f"no name in version {self.number} starts with {prefix!r}; its names are {there}")
        picked = [info for info in rows if info.name.startswith(prefix) and self.picks(info.name[len(prefix) :])]
        self.tensors: dict[str, TensorInfo] = {info.name[len(prefix) :]: info for info in picked if info.is_tensor}
        self.extra_state = [
            info.name[len(prefix) :] for info in picked if not info.is_tensor and is_extra_state(info.name)
        ]
        self._require_listed(names)

    def names_to_compare(self, common: bool) -> list[str]:
        """The names that a hint about a difference looks at; ``common``: whether the prefix that was given fits."""
        return [*self.tensors] if self.prefix and common else self.all_names

    def _require_listed(self, names: Names | None) -> None:
        """Names that are listed one by one must all exist; a pattern must match something."""
        if names is None:
            return
        if not isinstance(names, str) and not callable(names):
            missing = [name for name in names if name not in self.tensors and name not in self.extra_state]
            if missing:
                full = quoted(self.prefix + name for name in missing)
                raise NotFoundError(f"version {self.number} has no tensor {full}")
        elif not self.tensors and not self.extra_state:
            raise InvalidArgumentError(f"names={names!r} picks no tensor of version {self.number}; nothing was loaded")

    def apply(self, state: Mapping[Any, Any]) -> OrderedDict[str, Any]:
        """The picked entries of a state, which may be nested, without the prefix. Module versions are kept."""
        inside = strip(state, self.prefix)
        chosen = OrderedDict((name, value) for name, value in inside.items() if self.picks(name))
        if hasattr(inside, "_metadata"):
            chosen._metadata = inside._metadata  # type: ignore[attr-defined]
        return chosen


def strip(state: Mapping[Any, Any], prefix: str) -> OrderedDict[str, Any]:
    """The entries whose path of keys, joined with dots, starts with the prefix, by the rest of their path."""
    found: OrderedDict[str, Any] = OrderedDict()
    metadata = strip_metadata(getattr(state, "_metadata", None), prefix)
    for key, value in state.items():
        if not isinstance(key, str):
            continue
        if key.startswith(prefix):
            found[key[len(prefix) :]] = value
        elif isinstance(value, dict) and prefix.startswith(f"{key}."):
            inside = strip(value, prefix[len(key) + 1 :])
            found.update(inside)
            metadata = getattr(inside, "_metadata", metadata)
    if metadata is not None:
        found._metadata = metadata  # type: ignore[attr-defined]
    return found


def strip_metadata(metadata: Mapping[str, Any] | None, prefix: str) -> OrderedDict[str, Any] | None:
    """torch's versions of the modules under a prefix. The keys are paths of modules, without a dot at the end."""
    if metadata is None:
        return None
    inside = [item for item in metadata.items() if not prefix or f"{item[0]}.".startswith(prefix)]
    return OrderedDict((path[len(prefix) :], versions) for path, versions in inside)


def is_extra_state(name: str) -> bool:
    """Whether a name is that of what a module's ``get_extra_state`` returned, or of a part of it."""
    return "._extra_state." in f".{name}."
