# SPDX-License-Identifier: Apache-2.0
"""The functions of the published article, rewritten with pylance. Tests compare the package with them."""

import shutil
from collections import OrderedDict
from pathlib import Path

import lance
import pyarrow as pa
import torch

SCHEMA = pa.schema([("name", pa.string()), ("value", pa.list_(pa.float64())), ("shape", pa.list_(pa.int64()))])


def rows(state_dict):
    for name, tensor in state_dict.items():
        columns = [[name], [tensor.flatten().tolist()], [list(tensor.size())]]
        yield pa.record_batch([pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA)], schema=SCHEMA)


def save_model(state_dict, file_name, version=False):
    reader = pa.RecordBatchReader.from_batches(SCHEMA, rows(state_dict))
    there = Path(file_name).exists()
    if there and not version:
        shutil.rmtree(file_name)
        there = False
    lance.write_dataset(reader, file_name, schema=SCHEMA, mode="overwrite" if there else "create")


def load_state_dict(file_name, version=1, map_location=None):
    dataset = lance.dataset(file_name, version=version)
    weights = dataset.take(list(range(dataset.count_rows()))).to_pylist()
    return OrderedDict(
        (row["name"], torch.tensor(row["value"], dtype=torch.float64).reshape(row["shape"]).to(map_location)) for row in weights
    )


def load_model(model, file_name, version=1, map_location=None):
    model.load_state_dict(load_state_dict(file_name, version=version, map_location=map_location))
