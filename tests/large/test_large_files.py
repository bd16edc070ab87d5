# SPDX-License-Identifier: Apache-2.0
"""The command imports and exports a checkpoint and a safetensors file of 1 GiB (10 GiB with LANCEKEEP_TRUST=1).

The peak memory of each step is asserted. It includes mapped pages, so only streaming stays far below a file's size.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import sparse_files
from measure import STREAM_KIB, measured

COMMAND = Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"
GIB = 10 if os.environ.get("LANCEKEEP_TRUST") else 1
FILES = {"checkpoint.pt": sparse_files.write_checkpoint, "model.safetensors": sparse_files.write_safetensors}


@pytest.mark.parametrize("name", FILES)
def test_a_file_passes_through_little_memory(folder, say, name):
    file, store, exported = folder / name, folder / "m.lance", folder / "out.safetensors"
    names = FILES[name](file, GIB)
    assert file.stat().st_size >= GIB << 30
    peaks = {
        "import": measured(COMMAND, "import", file, store, "--quiet"),
        "import again": measured(COMMAND, "import", file, store, "--quiet"),
        "export": measured(COMMAND, "export", store, exported, "--quiet"),
    }
    say(f"{GIB} GiB, {name}, peak memory in KiB: {peaks}")
    assert max(peaks.values()) < STREAM_KIB
    found = sparse_files.read_marks(exported)
    assert sorted(found) == sorted(names)
    for index, tensor in enumerate(names):
        assert np.array_equal(found[tensor], sparse_files.mark(index)), tensor
