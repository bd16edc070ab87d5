# SPDX-License-Identifier: Apache-2.0
"""Version control for model weights: every save is a version, and unchanged tensors are stored once.

    import lancekeep

    store = lancekeep.open("model.lance", create=True)
    store.save(model.state_dict(), message="epoch 3", tag="best")
    store.load_into(model, "best")

A store is a folder with a Lance dataset, one row per tensor. ``save_model``, ``load_model`` and ``load_state_dict`` are the
functions of the published article (docs/from-the-article.md). ``lancekeep.torch`` and ``lancekeep.numpy`` have the functions
of safetensors. torch and NumPy are imported only when they are needed.
"""

import importlib
from types import ModuleType

from . import _native
from ._arguments import SaveOptions
from ._article import load_model, load_state_dict, save_model
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
    ChangeNorms,
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
from ._store import IncompatibleKeys, Store, open
from ._version import Slice, Version

__all__ = [
    "AlreadyExistsError",
    "ChangeNorms",
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
    "SaveOptions",
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
    """Imports ``lancekeep.torch``, ``lancekeep.numpy`` and ``lancekeep.safetensors`` when they are first used."""
    if name in ("torch", "numpy", "safetensors"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
