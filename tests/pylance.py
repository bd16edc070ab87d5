# SPDX-License-Identifier: Apache-2.0
"""What pylance does to a store, and what it must find there."""

from datetime import timedelta

import lance
import pyarrow as pa

BLOB = {"lance-encoding:blob": "true"}


def rows(dataset, columns=None):
    """All rows in model order, values as bytes; rows without an ordinal come last, in row order."""
    table = dataset.scanner(columns=columns, blob_handling="all_binary").to_table()
    return sorted(table.to_pylist(), key=lambda row: (row["ordinal"] is None, row["ordinal"] or 0))


def check_version(store, tensors, version=None):
    """pylance finds these, each a (name, dtype, shape, bytes, …), in this order, and both ways to the bytes."""
    dataset = lance.dataset(str(store), version=version)
    dataset.validate()
    found = rows(dataset)
    assert dataset.count_rows() == len(tensors) == len(found)
    for row, (name, dtype, shape, content, *_) in zip(found, tensors):
        assert (row["name"], row["dtype"], row["shape"]) == (name, dtype, list(shape))
        assert row["value"] == content, name
    check_blobs(dataset, {name: content for name, _, _, content, *_ in tensors})
    return dataset


def check_blobs(dataset, contents):
    names = dataset.to_table(columns=["name"])["name"].to_pylist()
    indices = list(range(0, len(names), max(1, len(names) // 50)))
    if not indices:
        return
    for index, blob in zip(indices, dataset.take_blobs("value", indices=indices), strict=True):
        assert blob.read() == contents[names[index]], names[index]


def append_row(store, name, dtype, shape, content, ordinal):
    """A row of pylance's own, without the columns that it need not know; returns the dataset."""
    fields = [
        pa.field("name", pa.string()),
        pa.field("dtype", pa.string()),
        pa.field("shape", pa.list_(pa.int64())),
        pa.field("value", pa.large_binary(), metadata=BLOB),
        pa.field("ordinal", pa.int64()),
    ]
    columns = [[name], [dtype], [list(shape)], [content], [ordinal]]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, fields)]
    return lance.write_dataset(pa.table(arrays, schema=pa.schema(fields)), str(store), mode="append")


def delete_row(store, name):
    quoted = name.replace("'", "''")
    lance.dataset(str(store)).delete(f"name = '{quoted}'")


def set_tag(store, name, version, is_new):
    tags = lance.dataset(str(store)).tags
    (tags.create if is_new else tags.update)(name, version)


def compact(store):
    """One fragment of all; returns the version before and after, the same where there is nothing to do."""
    dataset = lance.dataset(str(store))
    before = dataset.version
    dataset.optimize.compact_files()
    return before, dataset.version


def clean_up(store):
    dataset = lance.dataset(str(store))
    return dataset.cleanup_old_versions(
        older_than=timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False
    )
