# SPDX-License-Identifier: Apache-2.0
"""The code blocks of a page. As a program: prints the C++ blocks as one source file.

    blocks.py PAGE > tutorial.cc
"""

import re
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(\w*)$")


class Block(NamedTuple):
    language: str
    line: int  # number of the text's first line in the page
    text: str


def blocks_of(page: Path) -> list[Block]:
    found, opened = [], None
    lines = page.read_text().splitlines()
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if fence and opened is None:
            opened = (fence[1], number + 1)
        elif fence:
            assert not fence[1], f"{page}:{number}: a block begins inside the block of line {opened[1]}"
            language, first = opened
            found.append(Block(language, first, "\n".join(lines[first - 1 : number - 1]) + "\n"))
            opened = None
    assert opened is None, f"{page}: the block of line {opened} does not end"
    return found


def cpp_program(page: Path) -> str:
    """The blocks that begin with an #include, then a main() with all others, in order."""
    blocks = [block for block in blocks_of(page) if block.language == "cpp"]
    placed = {True: [], False: []}
    for block in blocks:
        placed[block.text.startswith("#include")].append(f'#line {block.line} "{page.name}"\n{block.text}')
    return "\n".join(placed[True]) + "\nint main() {\n" + textwrap.indent("\n".join(placed[False]), "  ") + "}\n"


if __name__ == "__main__":
    print(cpp_program(Path(sys.argv[1])), end="")
