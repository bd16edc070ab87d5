# SPDX-License-Identifier: Apache-2.0
"""The three functions of the published recipe, with its names and defaults: change the import line and nothing else."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any

from ._store import IncompatibleKeys, PathLike, Ref, Store, open


def save_model(state_dict: Any, file_name: PathLike, version: bool = False) -> None:
    """Saves a state dict. With ``version``, as a new version of what is at ``file_name``; else in place of all of it.

    Where nothing is, both make version 1. Replacing is one step: readers see the old store or the new one.
    """
    if version:
        open(os.fspath(file_name), create=True).save(state_dict)
    else:
        Store.replace(file_name, state_dict)


def load_state_dict(file_name: PathLike, version: Ref = 1, map_location: Any = None) -> OrderedDict[str, Any]:
    """The weights of a version, in their own dtypes, by name; on ``map_location``, a device, where one is given."""
    return OrderedDict(open(file_name).load(version, device=map_location))


def load_model(model: Any, file_name: PathLike, version: Ref = 1, map_location: Any = None) -> IncompatibleKeys:
    """Loads a version's weights into a model; where the names are not the same, an error says which and nothing changes.

    ``map_location`` moves the model there first; without it, weights go where the model's own memory is.
    """
    if map_location is not None:
        model.to(map_location)
    return open(file_name).load_into(model, version)
