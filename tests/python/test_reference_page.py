# SPDX-License-Identifier: Apache-2.0
"""The code of docs/python.md runs, from top to bottom."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_code_of_the_page_works(folder, monkeypatch):
    monkeypatch.chdir(folder)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 7
    exec(compile("".join(blocks), PAGE.name, "exec"), {})
    assert (folder / "again.lance").is_dir()
