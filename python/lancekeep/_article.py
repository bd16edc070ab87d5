# SPDX-License-Identifier: Apache-2.0
"""The three functions of the published article, with its names and defaults: a program changes only its import line.

docs/from-the-article.md says what changes for its users.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from ._arguments import PathLike, Ref, device_of, save_options
from ._errors import NotFoundError
from ._state import source_of
from ._store import IncompatibleKeys, Store, open, save_to
from ._version import Version


def save_model(state_dict: Any, file_name: PathLike, version: bool = False) -> None:
    """Saves a state dict as a new version of the store at ``file_name``; without ``version``, in place of that store.

    If there is no store yet, either creates one with version 1. Replacing is one step: readers see the old store or the
    new one. Replacing a store that had several versions, or tags, warns of what is gone. A dataset in the plain layout stays in it, with values as float64; a new store keeps each tensor's dtype.

    Raises the errors of :meth:`Store.save`.
    """
    if version:
        source = source_of(state_dict)
        with save_options("save") as options:
            save_to(file_name, source, options)
    else:
        for note in Store.replace(file_name, state_dict).notes:
            warnings.warn(note, stacklevel=2)


def load_state_dict(file_name: PathLike, version: Ref = 1, map_location: Any = None) -> OrderedDict[str, Any]:
    """The weights of a version by name, in their own dtypes; on the device ``map_location``, if one is given.

    The weights of a plain dataset are float64, as with the article's own function.

    Raises NotFoundError if there is no such store or version.
    """
    return OrderedDict(_open_version(file_name, version).load(device=map_location))


def load_model(model: Any, file_name: PathLike, version: Ref = 1, map_location: Any = None) -> IncompatibleKeys:
    """Loads a version's weights into a model's own tensors, which keep their dtypes and devices.

    ``map_location`` is accepted but has no effect: the article loads the weights to that device before it copies them
    into the model; here they are read straight into the model's memory.

    Raises InvalidArgumentError, with nothing changed, if names or shapes differ; NotFoundError.
    """
    from ._load_into import load_into

    device_of(map_location, "pt")
    return IncompatibleKeys(*load_into(_open_version(file_name, version), model, strict=True))


def _open_version(file_name: PathLike, version: Ref) -> Version:
    store = open(file_name)
    try:
        return store.at(version)
    except NotFoundError as error:
        # The caller may not have asked for version 1: it is the default.
        raise NotFoundError(f"{error}; pass version=… (a number, a tag, or None for the latest)") from None
