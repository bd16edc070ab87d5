# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def starts(tmp_path_factory):
    from operations import prepare

    folder = tmp_path_factory.mktemp("starts")
    prepare(folder)
    return folder
