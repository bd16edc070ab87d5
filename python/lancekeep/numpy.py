# SPDX-License-Identifier: Apache-2.0
"""The functions of ``safetensors.numpy``, on stores: every save is a version, and costs what changed.

Of the dtypes that NumPy lacks, those of the package ml_dtypes – bfloat16, the kinds of float8 – are there where it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy

from ._errors import InvalidArgumentError
from ._native import SaveReport
from ._safe_open import safe_open
from ._store import PathLike, ProgressLike, Ref, open

__all__ = ["load_file", "safe_open", "save_file"]


def save_file(
    tensors: Mapping[str, numpy.ndarray],
    filename: PathLike,
    metadata: Mapping[str, str] | None = None,
    *,
    message: str = "",
    tag: str | None = None,
    durable: bool = True,
    progress: ProgressLike = None,
) -> SaveReport:
    """Saves arrays by name as a new version of the store ``filename``, which is made where nothing is."""
    for name, array in tensors.items():
        if not isinstance(name, str) or not isinstance(array, numpy.ndarray):
            raise InvalidArgumentError(
                f"save_file takes arrays by name, not {name!r}: {type(array).__name__}; Store.save keeps other values too"
            )
    store = open(filename, create=True)
    return store.save(dict(tensors), message=message, metadata=metadata, tag=tag, durable=durable, progress=progress)


def load_file(filename: PathLike, *, version: Ref = None) -> dict[str, numpy.ndarray]:
    """The tensors of a version by name, in model order, as arrays on the mapped files, copied when written to."""
    at = open(filename, framework="np").at(version)
    return at.load(names=list(at))
