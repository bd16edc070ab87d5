# SPDX-License-Identifier: Apache-2.0
"""``progress=``: None, a callable, or True for a bar on stderr – tqdm's, where it is installed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Union

Watch = Callable[[int, int, str], object]
ProgressLike = Union[bool, Watch, None]


@contextlib.contextmanager
def watch(progress: ProgressLike, what: str) -> Iterator[Watch | None]:
    """What the library is to call with bytes done, bytes in all, and a tensor's name."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        with _bar(what) as update:
            yield update
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress is True, a callable or None, not {progress!r}")


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Watch | None]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    with tqdm(desc=what, unit="B", unit_scale=True) as bar:

        def update(done: int, total: int, tensor: str) -> None:
            bar.total = total or None
            bar.set_postfix_str(tensor, refresh=False)
            bar.update(done - bar.n)

        yield update
        bar.update((bar.total or bar.n) - bar.n)  # what was shared was not written
