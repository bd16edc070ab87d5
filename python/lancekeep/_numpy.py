# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays as bytes and back; dtypes that NumPy lacks are those of the package ml_dtypes, where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from ._errors import UnsupportedError

PLAIN = {
    "bool": "?",
    **{f"{sign}int{8 * width}": f"<{'u' if sign else 'i'}{width}" for sign in ("", "u") for width in (1, 2, 4, 8)},
    **{f"float{8 * width}": f"<f{width}" for width in (2, 4, 8)},
    "complex64": "<c8",
    "complex128": "<c16",
}
# torch's name → ml_dtypes' name
EXTENDED = {
    "bfloat16": "bfloat16",
    "float8_e4m3fn": "float8_e4m3fn",
    "float8_e4m3fnuz": "float8_e4m3fnuz",
    "float8_e5m2": "float8_e5m2",
    "float8_e5m2fnuz": "float8_e5m2fnuz",
    "float8_e8m0fnu": "float8_e8m0fnu",
}


def dtype_of(name: str, tensor: str) -> numpy.dtype:
    if name in PLAIN:
        return numpy.dtype(PLAIN[name])
    if name not in EXTENDED:
        raise UnsupportedError(f"tensor `{tensor}` has dtype {name}, which NumPy does not have; load it with framework='pt'")
    try:
        import ml_dtypes
    except ImportError as error:
        raise UnsupportedError(
            f"tensor `{tensor}` has dtype {name}, which NumPy has by the package ml_dtypes: pip install ml_dtypes"
        ) from error
    return numpy.dtype(getattr(ml_dtypes, EXTENDED[name]))


def dtype_name(array: numpy.ndarray) -> str | None:
    """torch's name for the array's dtype; None: it has none."""
    little = array.dtype.newbyteorder("<")
    for name, descr in PLAIN.items():
        if little == numpy.dtype(descr):
            return name
    return array.dtype.name if array.dtype.name in EXTENDED else None


def refusal(array: numpy.ndarray) -> str | None:
    if dtype_name(array) is None:
        return f"has the NumPy dtype {array.dtype}; kept are numbers and bool"
    return None


def values(array: numpy.ndarray) -> Any:
    """What a PythonSource takes: little-endian bytes in row-major order, gathered only where they lie otherwise."""
    if array.size == 0:
        return b""
    if array.flags.c_contiguous and array.dtype.byteorder in "<=|":
        return array.view(numpy.uint8).data if array.ndim else array.reshape(1).view(numpy.uint8).data
    return lambda: [numpy.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).reshape(-1).view(numpy.uint8).data]


from_capsule = None  # NumPy reads buffers as fast


def from_values(name: str, dtype: str, shape: Sequence[int], values: Any) -> numpy.ndarray:
    """An array on these very bytes, which it keeps."""
    kind = dtype_of(dtype, name)
    if values is None:
        return numpy.empty(shape, dtype=kind)
    return numpy.frombuffer(values, dtype=kind).reshape(shape)
