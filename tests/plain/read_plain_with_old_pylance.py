# SPDX-License-Identifier: Apache-2.0
"""Run by pylance 1.0.4's own Python: read_plain_with_old_pylance.py DATASET → one JSON document.

For each version, prints the rows as to_table and as take of single rows return them, with a digest of the values' bytes.
"""

import hashlib
import json
import struct
import sys

import lance


def digest(table):
    return [
        [row["name"], row["shape"], hashlib.sha256(struct.pack(f"<{len(row['value'])}d", *row["value"])).hexdigest()]
        for row in table.to_pylist()
    ]


def read(path, version):
    dataset = lance.dataset(path, version=version)
    dataset.validate()
    count = dataset.count_rows()
    singly = [row for i in range(count) for row in digest(dataset.take([i]))]
    return {"to_table": digest(dataset.to_table()), "take": singly}


path = sys.argv[1]
numbers = [version["version"] for version in lance.dataset(path).versions()]
json.dump({"pylance": lance.__version__, "versions": {n: read(path, n) for n in numbers}}, sys.stdout)
