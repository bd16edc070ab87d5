# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from folders import quick_folder  # noqa: E402

try:
    import lancekeep  # noqa: F401
except ImportError as error:
    raise ImportError("these tests need the installed package: run `make python`, then set PYTHONPATH=build/site") from error


@pytest.fixture
def folder():
    with quick_folder() as path:
        yield path


@pytest.fixture(scope="module")
def module_folder():
    """One folder for all tests of a file."""
    with quick_folder() as path:
        yield path
