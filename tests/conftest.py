# SPDX-License-Identifier: Apache-2.0
"""What several folders of tests share: pylance.py and store_tool.py are found from each, and figures are printed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def say(capsys):
    def print_through(text):
        with capsys.disabled():
            print("\n" + text, end="")

    return print_through
