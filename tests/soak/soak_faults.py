# SPDX-License-Identifier: Apache-2.0
"""Faults on purpose: SOAK_FAULT is one of the soak's five kinds, such as "lost", which must then be counted."""

import os
import random
import time
from pathlib import Path

FAULT = os.environ.get("SOAK_FAULT", "")


class PlantedFault(Exception):
    pass


def planted(*kinds):
    """Within an operation: now and then it fails, or takes longer than an operation may."""
    if FAULT in kinds and random.random() < 0.2:
        if FAULT == "hangs":
            time.sleep(1.2 * float(os.environ["SOAK_HANG"]))
        else:
            raise PlantedFault(FAULT)


def plant(store):
    """In a store that nobody uses, before it is judged."""
    if FAULT == "lost":
        for tag in sorted(Path(store).glob("_refs/tags/keep-*"))[:1]:
            tag.unlink()
    elif FAULT == "damaged":
        newest = max(Path(store).glob("data/*.lance"), key=lambda file: file.stat().st_mtime)
        content = bytearray(newest.read_bytes())
        content[len(content) // 2] ^= 1  # of a value; between values there is padding
        newest.write_bytes(content)
