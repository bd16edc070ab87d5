# SPDX-License-Identifier: Apache-2.0
"""Makes the datasets of pylance-OLD.tar.xz with an old pylance, and packs them.

    python make_old_datasets.py ARCHIVE

Needs only pylance (0.39.0, 0.30.0) and its pyarrow. With 0.39.0, it also changes the native store of tests/compat.
"""

import sys
import tarfile
import tempfile
from pathlib import Path

import lance
import pyarrow as pa

STORES = Path(__file__).parents[1] / "compat" / "stores-597f5d6.tar.xz"
BLOB = {"lance-encoding:blob": "true"}


def plain(seed: float) -> pa.Table:
    """A model as the article keeps it: names, values, shapes."""
    return pa.table({
        "name": ["conv.weight", "conv.bias", "head", "scale"],
        "value": pa.array(
            [[seed + i / 8 for i in range(6)], [seed, -0.0], [1e-300 * seed] * 3, [seed]], pa.list_(pa.float64())
        ),
        "shape": pa.array([[2, 3], [2], [3], []], pa.list_(pa.int64())),
    })


def make_plain(path: Path) -> None:
    """Four versions: saved, saved again, a row more, a row fewer. Version 2 is tagged."""
    lance.write_dataset(plain(1), path)
    lance.write_dataset(plain(2), path, mode="overwrite")
    lance.write_dataset(plain(3).slice(3, 1).set_column(0, "name", [["extra"]]), path, mode="append")
    lance.dataset(path).delete("name = 'head'")
    lance.dataset(path).tags.create("best", 2)


def change_native(path: Path) -> None:
    """On top of a store of Lancekeep: a row more (version 6), a row fewer (7), a setting (8), version 2 again (9)."""
    fields = [
        pa.field("name", pa.string()), pa.field("dtype", pa.string()), pa.field("shape", pa.list_(pa.int64())),
        pa.field("value", pa.large_binary(), metadata=BLOB), pa.field("ordinal", pa.int64()),
        pa.field("hash", pa.string()), pa.field("tied_to", pa.string()),
    ]
    row = [["extra"], ["uint8"], [[3]], [b"abc"], [1 << 40], [None], [None]]
    table = pa.table([pa.array(column, field.type) for column, field in zip(row, fields)], schema=pa.schema(fields))
    lance.write_dataset(table, path, mode="append")
    lance.dataset(path).delete("name = 'mask'")
    dataset = lance.dataset(path)
    dataset.update_config({"old": "true"}) if hasattr(dataset, "update_config") else None
    lance.dataset(path, version=2).restore()


def main(archive: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_plain(Path(folder, "plain.lance"))
        lance.write_dataset(plain(1), Path(folder, "legacy.lance"), data_storage_version="legacy")
        if lance.__version__ == "0.39.0":
            with tarfile.open(STORES) as stores:
                stores.extractall(folder, [m for m in stores if m.name.removeprefix("./").startswith("native.lance")])
            change_native(Path(folder, "native.lance"))
        with tarfile.open(archive, "w:xz") as packed:
            for path in sorted(Path(folder).iterdir()):
                packed.add(path, path.name)


if __name__ == "__main__":
    main(sys.argv[1])
