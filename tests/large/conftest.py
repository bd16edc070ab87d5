# SPDX-License-Identifier: Apache-2.0
import shutil

import pytest


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    shutil.rmtree(tmp_path)  # gigabytes, which pytest would otherwise keep for a while
