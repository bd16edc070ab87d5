# SPDX-License-Identifier: Apache-2.0
"""pylance 1.0.4, the oldest release that knows the format, reads every version that Lancekeep writes."""

import hashlib
import json
import subprocess
from pathlib import Path

from models import ROOT, dtype_name, large, network, raw, save

PYTHON = ROOT / ".venv-pylance-1.0.4" / "bin" / "python"


def read(store):
    assert PYTHON.exists(), "pylance 1.0.4 is missing: run `make setup`"
    script = Path(__file__).with_name("read_with_old_pylance.py")
    done = subprocess.run([PYTHON, script, store], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pylance"] == "1.0.4"
    return found["versions"]


def check(rows, state):
    assert [row["name"] for row in rows] == list(state)
    for row, tensor in zip(rows, state.values()):
        assert (row["dtype"], row["shape"]) == (dtype_name(tensor), list(tensor.shape))
        assert row["sha256"] == hashlib.sha256(raw(tensor)).hexdigest(), row["name"]


def test_both_versions(tmp_path):
    store = tmp_path / "model.lance"
    save(network(1), store, tmp_path, "--tag", "base")
    save(network(2), store, tmp_path)
    versions = read(store)
    assert list(versions) == ["1", "2"]
    check(versions["1"], network(1))
    check(versions["2"], network(2))


def test_five_thousand_tensors(tmp_path):
    store = tmp_path / "large.lance"
    save(large(), store, tmp_path)
    check(read(store)["1"], large())
