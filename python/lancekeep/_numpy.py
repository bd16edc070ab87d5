# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays as bytes and back. Implements ``Framework``; dtypes that NumPy lacks come from the package ml_dtypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ._errors import UnsupportedError

# NumPy's own dtypes, by torch's name.
OWN = {
    "bool": "?",
    **{f"{sign}int{8 * width}": f"<{'u' if sign else 'i'}{width}" for sign in ("", "u") for width in (1, 2, 4, 8)},
    **{f"float{8 * width}": f"<f{width}" for width in (2, 4, 8)},
    "complex64": "<c8",
    "complex128": "<c16",
}
# The dtypes of ml_dtypes, which have the same names in torch.
EXTENDED = frozenset(
    ("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
)


def dtype_of(name: str, tensor: str) -> numpy.dtype[Any]:
    if name in OWN:
        return numpy.dtype(OWN[name])
    if name not in EXTENDED:
        raise UnsupportedError(f"tensor `{tensor}` has dtype {name}, which NumPy lacks; load it with framework='pt'")
    try:
        import ml_dtypes
    except ImportError as error:
        raise UnsupportedError(
            f"tensor `{tensor}` has dtype {name}, which NumPy supports through the package ml_dtypes: pip install ml_dtypes"
        ) from error
    extended: numpy.dtype[Any] = numpy.dtype(getattr(ml_dtypes, name))
    return extended


def dtype_name(array: numpy.ndarray[Any, Any]) -> str:
    """torch's name for the array's dtype. Call only if why_unsupported() is None."""
    return str(_name_of(array.dtype))


def _name_of(dtype: numpy.dtype[Any]) -> str | None:
    """torch's name for the dtype; None if torch has no such dtype."""
    name = dtype.name
    return name if name in EXTENDED or (name in OWN and dtype.newbyteorder("<") == numpy.dtype(OWN[name])) else None


def why_unsupported(array: numpy.ndarray[Any, Any]) -> str | None:
    """Why the array's values cannot be kept as plain bytes; None if they can."""
    if isinstance(array, numpy.ma.MaskedArray):
        return "is a masked array; keep its data and its mask, as two arrays"
    if _name_of(array.dtype) is None:
        return f"has the NumPy dtype {array.dtype}; only numbers and bool can be kept as an array; keep its tolist()"
    return None


def plain(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """The array as a numpy.ndarray. A class of its own, and what it has beside the numbers, are not kept."""
    return array if type(array) in (numpy.ndarray, numpy.memmap) else array.view(numpy.ndarray)


def tie_key(array: numpy.ndarray[Any, Any]) -> Any:
    """A key that is equal only for the same array object."""
    return id(array)


def source_values(array: numpy.ndarray[Any, Any], staging: dict[bool, Any]) -> Any:
    """Little-endian bytes in row-major order: the array's own memory, or a copy made on request if its layout differs."""
    if array.nbytes == 0:
        return b""
    if array.flags.c_contiguous and array.dtype.newbyteorder("<") == array.dtype:
        return as_bytes(array)
    return lambda: [as_bytes(numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")))]


def as_bytes(array: numpy.ndarray[Any, Any]) -> Any:
    """The memory of a contiguous array, as a buffer of bytes."""
    return array.reshape(-1).view(numpy.uint8).data


def part_of(array: numpy.ndarray[Any, Any], index: Any) -> numpy.ndarray[Any, Any]:
    """``array[index]``, copied into its own memory."""
    return numpy.array(array[index])


from_capsule: Callable[[Any], Any] | None = None  # NumPy reads buffers just as fast


def from_values(name: str, dtype: str, shape: Sequence[int], nbytes: int, values: Any) -> numpy.ndarray[Any, Any]:
    """An array that shares the memory of the buffer ``values``, and keeps it alive."""
    kind = dtype_of(dtype, name)
    if values is None:
        return numpy.empty(shape, dtype=kind)
    return numpy.frombuffer(values, dtype=kind).reshape(shape)
