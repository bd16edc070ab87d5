# SPDX-License-Identifier: Apache-2.0
"""Lance datasets of the kinds that people have, made by pylance."""

import lance
import numpy as np
import pyarrow as pa

HOW_TO_CONVERT = (
    'lance.write_dataset(lance.dataset(old).scanner(blob_handling="all_binary").to_table(), new, '
    'data_storage_version="2.1")'
)


def plain_table(weights):
    """Writes {name: array} as the article writes a state dict: all numbers as float64."""
    return pa.table({
        "name": pa.array(list(weights), pa.string()),
        "value": pa.array([np.asarray(value, np.float64).ravel() for value in weights.values()], pa.list_(pa.float64())),
        "shape": pa.array([list(np.shape(value)) for value in weights.values()], pa.list_(pa.int64())),
    })


def save_plain(path, weights, mode="overwrite", version="2.1", message=None):
    properties = {"__lance_commit_message": message} if message else None
    return lance.write_dataset(plain_table(weights), str(path), mode=mode, data_storage_version=version,
                               transaction_properties=properties)


def load_plain(path, version=None):
    """The article's loader, which turns lists of Python floats into arrays."""
    rows = lance.dataset(str(path), version=version).to_table().to_pylist()
    return {row["name"]: np.array(row["value"], np.float64).reshape(row["shape"]) for row in rows}


def save_blobs_of_the_second_kind(path):
    blobs = lance.blob_array([b"hello", b"x" * 100_000])
    return lance.write_dataset(pa.table({"id": [1, 2], "image": blobs}), str(path), data_storage_version="2.2")
