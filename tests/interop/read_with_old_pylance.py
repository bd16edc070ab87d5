# SPDX-License-Identifier: Apache-2.0
"""Run by the Python of pylance 1.0.4: read_with_old_pylance.py STORE → one JSON document.

For each version, prints the rows with the small columns, and a hex digest of each value's bytes, read with take_blobs.
"""

import hashlib
import json
import sys

import lance


def read(store, version):
    dataset = lance.dataset(store, version=version)
    columns = ["name", "dtype", "shape", "ordinal", "hash", "tied_to"]
    found = dataset.to_table(columns=columns).to_pylist()
    blobs = dataset.take_blobs("value", indices=list(range(len(found))))
    for row, blob in zip(found, blobs):
        row["sha256"] = hashlib.sha256(blob.read()).hexdigest()
    return sorted(found, key=lambda row: row["ordinal"])


store = sys.argv[1]
numbers = [version["version"] for version in lance.dataset(store).versions()]
json.dump({"pylance": lance.__version__, "versions": {n: read(store, n) for n in numbers}}, sys.stdout)
