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
# Those of ml_dtypes, which has torch's names for them.
EXTENDED = frozenset(
    ("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
)


def dtype_of(name: str, tensor: str) -> numpy.dtype[Any]:
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
    extended: numpy.dtype[Any] = numpy.dtype(getattr(ml_dtypes, name))
    return extended


def dtype_name(array: numpy.ndarray[Any, Any]) -> str:
    return str(_name_of(array.dtype))  # not None, or it was refused


def _name_of(dtype: numpy.dtype[Any]) -> str | None:
    """torch's name for it; None: torch has no such dtype."""
    name = dtype.name
    return name if name in EXTENDED or (name in PLAIN and dtype.newbyteorder("<") == numpy.dtype(PLAIN[name])) else None


def refusal(array: numpy.ndarray[Any, Any]) -> str | None:
    """Why the array's values cannot be kept as plain bytes."""
    if type(array) not in (numpy.ndarray, numpy.memmap):
        return f"is of the class {type(array).__module__}.{type(array).__qualname__}; keep a plain numpy.ndarray"
    if _name_of(array.dtype) is None:
        return f"has the NumPy dtype {array.dtype}; kept are numbers and bool"
    return None


def tie_key(array: numpy.ndarray[Any, Any]) -> Any:
    """Equal for what is one array."""
    return id(array)


def values(array: numpy.ndarray[Any, Any], staging: dict[bool, Any]) -> Any:
    """What a PythonSource takes: little-endian bytes in row-major order, gathered only where they lie otherwise."""
    if array.nbytes == 0:
        return b""
    if array.flags.c_contiguous and array.dtype.newbyteorder("<") == array.dtype:
        return as_bytes(array)
    return lambda: [as_bytes(numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")))]


def as_bytes(array: numpy.ndarray[Any, Any]) -> Any:
    return array.reshape(-1).view(numpy.uint8).data


def part_of(array: numpy.ndarray[Any, Any], index: Any) -> numpy.ndarray[Any, Any]:
    """What the index picks, with memory of its own."""
    return numpy.array(array[index])


from_capsule = None  # NumPy reads buffers as fast


def from_values(name: str, dtype: str, shape: Sequence[int], nbytes: int, values: Any) -> numpy.ndarray[Any, Any]:
    """An array on these very bytes, which it keeps."""
    kind = dtype_of(dtype, name)
    if values is None:
        return numpy.empty(shape, dtype=kind)
    return numpy.frombuffer(values, dtype=kind).reshape(shape)
