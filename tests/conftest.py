# SPDX-License-Identifier: Apache-2.0
"""What several folders of tests share – pylance.py, store_tool.py – is found from each of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
