# SPDX-License-Identifier: Apache-2.0
"""Lancekeep keeps the weights of a model as a Lance dataset: a row per tensor, a version per save.

    import lancekeep

    store = lancekeep.open("model.lance", create=True)
    store.save(model.state_dict(), message="epoch 3", tag="best")
    store.load_into(model, "best")

``save_model``, ``load_model`` and ``load_state_dict`` are the functions of the published recipe. ``lancekeep.torch``
and ``lancekeep.numpy`` have the functions of safetensors. Neither torch nor NumPy is imported before it is needed.
"""

import importlib
from types import ModuleType

from . import _native
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
from ._files import export_file, import_file
from ._native import (
    ChangeFigures,
    Diff,
    DiskUsage,
    ExportReport,
    GcReport,
    SaveReport,
    TensorChange,
    TensorInfo,
    VerifyFinding,
    VerifyReport,
    VersionInfo,
    VersionUsage,
)
from ._plain import load_model, load_state_dict, save_model
from ._store import IncompatibleKeys, Store, open
from ._version import Slice, Version

__all__ = [
    "AlreadyExistsError",
    "ChangeFigures",
    "ConflictError",
    "CorruptError",
    "Diff",
    "DiskUsage",
    "Error",
    "ExportReport",
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
    "VersionUsage",
    "__version__",
    "export_file",
    "import_file",
    "load_model",
    "load_state_dict",
    "open",
    "save_model",
]

__version__ = _native.version()


def __getattr__(name: str) -> ModuleType:
    """``lancekeep.torch`` and ``lancekeep.numpy``, imported when asked for."""
    if name in ("torch", "numpy"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
