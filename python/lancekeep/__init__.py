# SPDX-License-Identifier: Apache-2.0
"""Lancekeep keeps the weights of a model as a Lance dataset: a row per tensor, a version per save.

    import lancekeep

    store = lancekeep.open("model.lance", create=True)
    store.save(model.state_dict(), message="epoch 3", tag="best")
    store.load_into(model, "best")

``save_model``, ``load_model`` and ``load_state_dict`` are the functions of the published recipe. ``lancekeep.torch`` and
``lancekeep.numpy`` have the functions of safetensors. Neither torch nor NumPy is imported before it is needed.
"""

from ._errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptError,
    Error,
    InvalidArgumentError,
    NotFoundError,
    OutOfSpaceError,
    StorageError,
    UnsafeError,
    UnsupportedError,
)
from ._native import (
    ChangeFigures,
    Diff,
    GcReport,
    SaveReport,
    TensorChange,
    TensorInfo,
    VerifyFinding,
    VerifyReport,
    VersionInfo,
    __version__,
)
from ._recipe import load_model, load_state_dict, save_model
from ._store import IncompatibleKeys, Store, open
from ._version import Slice, Version

__all__ = [
    "AlreadyExistsError",
    "ChangeFigures",
    "ConflictError",
    "CorruptError",
    "Diff",
    "Error",
    "GcReport",
    "IncompatibleKeys",
    "InvalidArgumentError",
    "NotFoundError",
    "OutOfSpaceError",
    "SaveReport",
    "Slice",
    "StorageError",
    "Store",
    "TensorChange",
    "TensorInfo",
    "UnsafeError",
    "UnsupportedError",
    "VerifyFinding",
    "VerifyReport",
    "Version",
    "VersionInfo",
    "__version__",
    "load_model",
    "load_state_dict",
    "open",
    "save_model",
]
