# SPDX-License-Identifier: Apache-2.0
"""Every relative link of every page points to a file or folder that exists, and every #anchor to a heading."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
NOT_OURS = {"build", "node_modules", "shared"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in NOT_OURS for part in path.relative_to(ROOT).parts)
)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)
EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:")  # https:, mailto:


def links_of(text: str) -> list[str]:
    found = [inline or reference for inline, reference in LINK.findall(CODE.sub("", FENCED.sub("", text)))]
    return [unquote(link) for link in found if not EXTERNAL.match(link)]


def anchors_of(text: str) -> set[str]:
    """As GitHub makes them: in lower case, with hyphens for spaces, without punctuation; a repeated one ends in -1."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCED.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = next(i for i in range(len(found) + 1) if (f"{anchor}-{i}" if i else anchor) not in found)
        found.add(f"{anchor}-{number}" if number else anchor)
    return found


def dead_links(page: Path) -> list[str]:
    dead = []
    for link in links_of(page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text())):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_are_alive(page):
    assert dead_links(page) == []


def test_pages_and_links_are_found():
    """The tests above would pass if they found no pages or no links."""
    assert {ROOT / "README.md", ROOT / "docs" / "tutorial.md", ROOT / "docs" / "format" / "table.md"} <= set(PAGES)
    assert sum(len(links_of(page.read_text())) for page in PAGES) > 20


def test_dead_links_are_reported(tmp_path):
    (tmp_path / "page.md").write_text(
        "# A `b`, c!\n## Again\n## Again\n[a](#a-b-c) [b](#again-1) [c](page.md#again)\n`[no](link)`\n"
        "```\n[none](either)\n```\n[d](gone.md) [e](#nowhere) [f](page.md#again-2) [g](https://example.org/gone)\n"
    )
    assert dead_links(tmp_path / "page.md") == ["gone.md", "#nowhere", "page.md#again-2"]
