# SPDX-License-Identifier: Apache-2.0
"""The three functions of the published recipe, with its names and defaults: change the import line and nothing else."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ._errors import NotFoundError
from ._files import save_checked
from ._state import source_of
from ._store import IncompatibleKeys, PathLike, Ref, Store, open, save_options
from ._version import Version, device_of


def save_model(state_dict: Any, file_name: PathLike, version: bool = False) -> None:
    """Saves a state dict. With ``version``, as a new version of what is at ``file_name``; else in place of all of it.

    Where nothing is, both make version 1. Replacing is one step: readers see the old store or the new one. A dataset of
    the recipe's layout keeps it, with values as float64; a new one keeps every tensor in its own dtype.

    Raises what :meth:`Store.save` raises.
    """
    if version:
        save_checked(source_of(state_dict), file_name, save_options())
    else:
        Store.replace(file_name, state_dict)


def load_state_dict(file_name: PathLike, version: Ref = 1, map_location: Any = None) -> OrderedDict[str, Any]:
    """The weights of a version, in their own dtypes, by name; on ``map_location``, a device, where one is given.

    Those of a dataset of the recipe's layout are float64, as the recipe loads them.

    Raises NotFoundError where there is no such store or version.
    """
    return OrderedDict(_version_of(file_name, version).load(device=map_location))


def load_model(model: Any, file_name: PathLike, version: Ref = 1, map_location: Any = None) -> IncompatibleKeys:
    """Loads a version's weights into a model's own tensors, which keep their dtypes and devices.

    ``map_location`` is taken for the recipe's sake, where it says on which device the weights are before they are copied
    into the model: here they are read straight into its memory.

    Raises InvalidArgumentError, with nothing changed, where names or shapes are not the same; NotFoundError.
    """
    from ._load_into import load_into

    device_of(map_location, "pt")
    return IncompatibleKeys(*load_into(_version_of(file_name, version), model, strict=True))


def _version_of(file_name: PathLike, version: Ref) -> Version:
    store = open(file_name)
    try:
        return store.at(version)
    except NotFoundError as error:
        # Nobody who relied on the default of 1 has asked for it.
        raise NotFoundError(f"{error}; pass version=… (a number, a tag, or None for the latest)") from None
