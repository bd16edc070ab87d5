# SPDX-License-Identifier: Apache-2.0
"""Stores and versions as tables in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from ._native import TensorInfo, VersionInfo

MOST_ROWS = 50


def table(title: str, head: Sequence[str], rows: Sequence[Iterable[object]]) -> str:
    """A table of the first rows, and how many more there are."""

    def row(cells: Iterable[object], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    more = f"<p>… and {len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    body = "".join(row(cells, "td") for cells in rows[:MOST_ROWS])
    return f"<p>{html.escape(title)}</p><table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>{more}"


def of_versions(title: str, infos: list[VersionInfo]) -> str:
    """The versions of a store, newest first."""
    head = ("version", "time", "message", "tags", "rows", "bytes", "added")
    rows = [
        (info.number, info.time.strftime("%Y-%m-%d %H:%M:%S"), info.damage or info.message, ", ".join(info.tags))
        + (info.tensors, f"{info.bytes_total:,}", f"{info.bytes_added:,}")
        for info in reversed(infos)
    ]
    return table(title, head, rows)


def of_tensors(title: str, infos: Iterable[TensorInfo]) -> str:
    head = ("tensor", "dtype", "shape", "bytes", "tied to")
    rows = [(info.name, info.dtype, list(info.shape), f"{info.nbytes:,}", info.tied_to or "") for info in infos]
    return table(title, head, rows)
