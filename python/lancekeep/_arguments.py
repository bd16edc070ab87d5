# SPDX-License-Identifier: Apache-2.0
"""Arguments of several public functions: their types, and the functions that check and convert them."""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Number
from typing import TYPE_CHECKING, Any, TypedDict, Union

from . import _native
from ._errors import InvalidArgumentError, NotFoundError, UnsupportedError, WrongTypeError
from ._framework import is_numpy, is_torch

if TYPE_CHECKING:
    import datetime

MOST_VERSIONS = 2**64 - 1  # no version has a greater number

PathLike = Union[str, "os.PathLike[str]"]
Ref = Union[int, str, None]  # a version's number, a tag, or None for the latest version
Duration = Union["datetime.timedelta", float]  # a float is in seconds
Names = Union[str, Iterable[str], Callable[[str], bool]]  # which rows to load: see Store.load
Watch = Callable[[int, int, str], object]  # called with bytes done, bytes in total, and a tensor's name
ProgressLike = Union[bool, Watch, None]  # True draws a bar on stderr, if tqdm is installed


class FileOptions(TypedDict, total=False):
    """Keyword arguments of every function that saves a version. :meth:`Store.save` documents them."""

    message: str
    tag: str | None
    move_tag: bool
    durable: bool
    progress: ProgressLike


class SaveOptions(FileOptions, total=False):
    """Keyword arguments of :meth:`Store.save`, :meth:`Store.replace` and :func:`lancekeep.import_file`."""

    metadata: Mapping[str, str | float] | None
    layout: str | None


@contextlib.contextmanager
def save_options(
    title: str,
    *,
    message: str = "",
    metadata: Mapping[str, str | float] | None = None,
    tag: str | None = None,
    move_tag: bool = False,
    layout: str | None = None,
    durable: bool = True,
    progress: ProgressLike = None,
) -> Iterator[_native.SaveOptions]:
    """The options of one save, checked. A progress bar, called ``title``, lives as long as the context."""
    if tag == "":
        raise InvalidArgumentError("a tag name cannot be empty")
    if move_tag and tag is None:
        raise InvalidArgumentError("move_tag needs a tag: tag='best', move_tag=True")
    if layout == "recipe":
        warnings.warn("layout='recipe' is deprecated; use layout='plain'", DeprecationWarning, stacklevel=5)
        layout = "plain"
    with watching(progress, title) as watch:
        texts = checked_text("message", message), checked_text("tag", tag or "")
        layout = None if layout is None else checked_text("layout", layout)
        facts = checked_metadata(metadata)
        yield _native.SaveOptions(texts[0], facts, texts[1], bool(move_tag), layout, bool(durable), watch)


def path_text(path: PathLike) -> str:
    """A path as text. Raises WrongTypeError."""
    try:
        return os.fsdecode(path)
    except TypeError as error:
        raise WrongTypeError(f"a path is a str or a pathlib.Path, not {path!r}") from error


def checked_text(what: str, text: Any) -> str:
    if not isinstance(text, str):
        raise WrongTypeError(f"{what} must be a str, not {text!r}")
    return str.__str__(text)


def checked_count(what: str, count: Any) -> int | None:
    """A number of versions; what is larger than any number of versions is as good as the largest."""
    if count is None:
        return None
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise WrongTypeError(f"{what} must be an int, not {count!r}")
    if count.__index__() < 0:
        raise InvalidArgumentError(f"{what} must be ≥ 0, got {count}")
    return min(int(count.__index__()), MOST_VERSIONS)


def checked_metadata(metadata: Mapping[str, Any] | None, numbers: bool = True) -> dict[str, str]:
    """The metadata as text. With ``numbers``, numbers and booleans are taken too, as ``str()`` writes them."""
    kinds = "str or numbers" if numbers else "str"
    if not isinstance(metadata or {}, Mapping):
        raise WrongTypeError(f"metadata must be a dict of str to {kinds}, such as {{'epoch': '3'}}; found {metadata!r}")
    texts = {}
    for key, value in (metadata or {}).items():
        if isinstance(key, str) and isinstance(value, str):
            texts[str.__str__(key)] = str.__str__(value)
        elif isinstance(key, str) and numbers and (isinstance(value, Number) or is_numpy(value, "number")):
            texts[str.__str__(key)] = str(value)
        else:
            raise WrongTypeError(
                f"metadata must be a dict of str to {kinds}, such as {{'epoch': '3'}}; found {key!r}: {value!r}"
            )
    return texts


def checked_ref(version: Ref) -> int | str | None:
    if version is None or isinstance(version, str):
        return version
    if isinstance(version, bool) or not hasattr(version, "__index__") or version.__index__() < 0:
        raise InvalidArgumentError(f"a version is a number, a tag or None, not {version!r}")
    if version.__index__() > MOST_VERSIONS:
        raise NotFoundError(f"version {version} does not exist")
    return version.__index__()


def name_filter(names: Names) -> Callable[[str], bool]:
    """Whether ``names`` picks a name. :meth:`Store.load` says what each type of ``names`` means."""
    if isinstance(names, str):
        if any(special in names for special in "*?["):
            return lambda name: fnmatch.fnmatchcase(name, names)
        return lambda name: name.startswith(names)
    return names if callable(names) else frozenset(names).__contains__


def seconds(name: str, duration: Duration | None) -> float | None:
    """A duration argument called ``name``, in seconds."""
    if duration is None:
        return None
    if isinstance(duration, bool) or not (isinstance(duration, (int, float)) or hasattr(duration, "total_seconds")):
        raise WrongTypeError(f"{name} must be a number of seconds or a timedelta, not {duration!r}")
    count = duration if isinstance(duration, (int, float)) else duration.total_seconds()
    if not count >= 0:
        raise InvalidArgumentError(f"{name} must be ≥ 0, got {duration!r}")
    return count


def device_of(device: Any, framework: str) -> Any:
    """The device as a torch.device; None if tensors stay memory-mapped. ``framework`` is "pt" or "np".

    Raises InvalidArgumentError for something that is not a device, UnsupportedError for one that is not available.
    """
    if device is None:
        return None
    if framework == "np":
        if str(device) != "cpu":
            raise InvalidArgumentError(f"NumPy arrays are always on the CPU; the device {str(device)!r} was requested")
        return None
    import torch

    if is_function(device) or isinstance(device, Mapping):
        kind = type(device).__name__
        raise InvalidArgumentError(f"device= needs a torch.device or its name, such as 'cuda:0', not a {kind}")
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise InvalidArgumentError(
            f"{device!r} is not a device: {str(error).splitlines()[0]}; a device is 'cpu', 'cuda', 'cuda:1' or a torch.device"
        ) from error
    if found.type not in ("cpu", "meta"):
        require_available(found)
    return found


def is_function(device: Any) -> bool:
    """Whether it is a function. A torch.device can be called, too: it is a decorator."""
    return callable(device) and not is_torch(device, "device")


@functools.cache
def require_available(device: Any) -> None:
    """Raises UnsupportedError if this torch, on this machine, cannot make a tensor on the device."""
    import torch

    try:
        torch.empty(1, device=device)
    except Exception as error:  # AssertionError, NotImplementedError, ImportError and more, depending on the device
        why = str(error).strip().splitlines()[0]
        raise UnsupportedError(f"the device '{device}' cannot be used here: {why}. Choose another, such as 'cpu'") from error


def dtype_text(dtype: Any) -> str:
    """torch's name for a dtype, given as a torch dtype, a NumPy dtype or a name; empty for None."""
    if dtype is None:
        return ""
    torch = sys.modules.get("torch")
    if isinstance(dtype, str) or (torch is not None and isinstance(dtype, torch.dtype)):
        return str(dtype).removeprefix("torch.")
    import numpy

    try:
        return str(numpy.dtype(dtype).name)
    except TypeError as error:
        raise InvalidArgumentError(f"{dtype!r} is not a dtype; pass torch.float32, 'float32' or the like") from error


# --- progress ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def watching(progress: ProgressLike, title: str) -> Iterator[Watch | None]:
    """The callable that the library calls with progress, or None. ``title`` is the title of the bar."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        with progress_bar(title) as update:
            yield update
    elif callable(progress):
        yield progress
    else:
        raise WrongTypeError(f"progress must be True, a callable or None, not {progress!r}")


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Watch | None]:
    """A function that updates tqdm's bar on stderr; None if tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    with tqdm(desc=title, unit="B", unit_scale=True) as bar:

        def update(done: int, total: int, tensor: str) -> None:
            bar.total = total or None
            bar.set_postfix_str(tensor, refresh=False)
            bar.update(done - bar.n)

        yield update
        bar.update((bar.total or bar.n) - bar.n)  # shared tensors were not written
