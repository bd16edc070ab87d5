# SPDX-License-Identifier: Apache-2.0
"""A model file for the table of cases: how it is made, and what it holds by the word of whoever made the format."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Row = tuple[str, str, list[int], bytes, str | None]  # name, dtype, shape, bytes, tied to


class Case(NamedTuple):
    name: str  # "torch zip: adamw"
    make: Callable[[Path], Path]  # writes into a folder; gives the file to open
    rows: Callable[[Path], list[Row]]  # what torch, safetensors or NumPy read there
    in_order: bool = True  # whether the format has an order
    by_command: bool = True  # also import → export → read again
