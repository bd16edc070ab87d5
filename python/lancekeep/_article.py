# SPDX-License-Identifier: Apache-2.0
"""The three functions of the published article, with its names and defaults: a program changes only its import line.

docs/from-the-article.md says what changes for its users.
"""

from __future__ import annotations

import os
import warnings
from collections import OrderedDict
from typing import Any

from ._arguments import PathLike, Ref
from ._errors import Error, NotFoundError, listed
from ._state import source_of
from ._store import IncompatibleKeys, Store, open, save_to
from ._version import Version


class _Default(int):
    """A default that can be told from the same number, given by the caller."""


FIRST = _Default(1)
UNSAID: Any = _Default(0)  # false, but not False


def save_model(state_dict: Any, file_name: PathLike, version: bool = UNSAID) -> None:
    """Saves a state dict as a new version of the store at ``file_name``; without ``version``, in place of that store.

    If there is no store yet, either creates one with version 1. Replacing is one step: readers see the old store or the
    new one. A dataset in the plain layout stays in it, with values as float64; a new store keeps each tensor's dtype.

    A warning says what is removed if versions had tags and the caller does not say ``version=False``.

    Raises the errors of :meth:`Store.save`.
    """
    if version:
        save_to(file_name, source_of(state_dict))
        return
    removed = _tagged_versions(file_name) if version is UNSAID else None
    Store.replace(file_name, state_dict)
    if removed is not None:
        warnings.warn(f"{removed}; pass version=True to add a version instead, or version=False to replace them", stacklevel=2)


def _tagged_versions(file_name: PathLike) -> str | None:
    """What replacing the store removes, if a version has a tag; None if there is no such store."""
    try:
        store = open(file_name)
        tags = store.tags()
        versions = len(store.versions()) if tags else 0  # that looks at every file
    except Error:  # nothing is there, or replacing it reports what
        return None
    if not tags:
        return None
    return f"{os.fspath(file_name)}: replaced {versions} version{'s' * (versions != 1)}, with the tags {listed(tags)}"


def load_state_dict(file_name: PathLike, version: Ref = FIRST, map_location: Any = None) -> OrderedDict[str, Any]:
    """The weights of a version by name, in their own dtypes, on the device ``map_location``, if one is given.

    As in ``torch.load``, ``map_location`` may also be a dict such as ``{"cpu": "cuda:0"}``, or a function that is called
    with each storage and ``"cpu"``. The weights of a plain dataset are float64, as with the article's own function.
    Without ``version``, version 1 is loaded, with a warning if there are newer ones.

    Raises NotFoundError if there is no such store or version; UnsupportedError if the device is not available.
    """
    from ._map_location import loader_for

    opened = _open_version(file_name, version)
    state = loader_for(opened._native, map_location).whole()
    return state if isinstance(state, OrderedDict) else OrderedDict(state)


def load_model(model: Any, file_name: PathLike, version: Ref = FIRST, map_location: Any = None) -> IncompatibleKeys:
    """Loads a version's weights into a model's own tensors, which keep their dtypes and devices.

    ``map_location`` is checked but has no effect: the article loads the weights to that device before it copies them
    into the model; here they are read straight into the model's memory. Without ``version``, version 1 is loaded, with a
    warning if there are newer ones. Modules that load by rules of their own do so, as with :meth:`Store.load_into`.

    Raises InvalidArgumentError, with nothing changed, if names or shapes differ; NotFoundError; UnsupportedError if the
    device is not available.
    """
    from ._load_into import load_into
    from ._map_location import mapped_device

    mapped_device(map_location)
    return IncompatibleKeys(*load_into(_open_version(file_name, version), model, strict=True))


def _open_version(file_name: PathLike, version: Ref) -> Version:
    store = open(file_name)
    try:
        found = store.at(version)
    except NotFoundError as error:
        # The caller may not have asked for version 1: it is the default.
        raise NotFoundError(f"{error}; pass version=… (a number, a tag, or None for the latest)") from None
    if version is FIRST:
        _warn_of_newer(store)
    return found


def _warn_of_newer(store: Store) -> None:
    try:
        latest = store.at().number
    except Error:
        return
    if latest > 1:
        warnings.warn(
            f"{store.path}: version 1 is loaded, the default of this function, but the latest is version {latest}; pass"
            " version=None for the latest, or version=1",
            stacklevel=4,
        )
