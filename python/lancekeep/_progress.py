# SPDX-License-Identifier: Apache-2.0
"""``progress=``: None, a callable, or True for a bar on stderr – tqdm's, where it is installed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def watch(progress: Any, what: str) -> Iterator[Callable[[int, int, str], None] | None]:
    if progress is None or progress is False:
        yield None
    elif callable(progress):
        yield progress
    else:
        with _bar(what) as update:
            yield update


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int, str], None] | None]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    with tqdm(desc=what, unit="B", unit_scale=True, unit_divisor=1000) as bar:

        def update(done: int, total: int, tensor: str) -> None:
            bar.total = total or None
            bar.set_postfix_str(tensor, refresh=False)
            bar.update(done - bar.n)

        yield update
