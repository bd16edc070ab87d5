# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # more than any of these tests needs


@contextmanager
def quick_folder():
    """A temporary folder, in memory if there is room: fsync is free there, and gigabytes are deleted at once."""
    there = os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="lancekeep-", dir=SHARED_MEMORY if there else None) as name:
        yield Path(name)
