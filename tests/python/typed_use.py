# SPDX-License-Identifier: Apache-2.0
"""How a typed program uses the package. mypy checks this file; it never runs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import numpy
import torch
from typing_extensions import assert_type

import lancekeep
import lancekeep.numpy
import lancekeep.torch


def versions_in(path: Path, model: torch.nn.Module) -> lancekeep.Store:
    store = lancekeep.open(path, create=True)
    assert_type(store, lancekeep.Store)
    report = store.save(model.state_dict(), message="epoch 3", metadata={"epoch": "3"}, tag="best", durable=False)
    assert_type(report, lancekeep.SaveReport)
    assert_type(report.version, int)
    assert_type(report.bytes_written, int)
    assert_type(report.notes, list[str])
    store.save({"model": model, "step": 3, "rates": [0.1, None]}, progress=lambda done, total, name: print(name))
    assert_type(store.restore("best"), int)
    assert_type(store.tags(), dict[str, int])
    assert_type(store.tag("best", 3, force=True), int)
    return store


def versions_out(store: lancekeep.Store, model: torch.nn.Module) -> None:
    version = store.at("best")
    assert_type(version, lancekeep.Version)
    mapping: Mapping[str, lancekeep.TensorInfo] = version
    assert_type(mapping["w"].shape, tuple[int, ...])
    assert_type(version["w"].dtype, str)
    assert_type(version["w"].tied_to, str | None)
    assert_type(version.locate("w"), tuple[str, int, int])
    assert_type(version.get_slice("w"), lancekeep.Slice)
    assert_type(version.info, lancekeep.VersionInfo)
    assert_type(store.load_into(model), lancekeep.IncompatibleKeys)
    missing, unexpected = store.load_into(model.state_dict(), 3, strict=False)
    store.load_into(model, "best", names="*.bias", prefix="model.")
    assert_type(missing, list[str])
    store.load(names=["w"])
    store.load("best", names=lambda name: name.startswith("head."), device="cuda")
    for info in store.versions():
        assert_type(info.number, int)
        assert_type(info.time, datetime.datetime)
        assert_type(info.metadata, dict[str, str])


def care(store: lancekeep.Store) -> bool:
    difference = store.diff(1, "best", norms=True)
    assert_type(difference.added, list[lancekeep.TensorInfo])
    for change in difference.changed:
        assert_type(change.norms, lancekeep.ChangeNorms | None)
        if change.norms is not None:
            assert_type(change.norms.l2, float)
    store.gc(keep_last=3, older_than=datetime.timedelta(days=7), dry_run=True)
    assert_type(store.gc(keep_last=3).versions_removed, list[int])
    report = store.verify(all=True)
    assert_type(report.findings, list[lancekeep.VerifyFinding])
    assert_type(store.disk_usage(), lancekeep.DiskUsage)
    return report.ok


def as_safetensors(path: Path, model: torch.nn.Module) -> None:
    lancekeep.torch.save_file({"w": torch.ones(3)}, path, {"format": "pt"}, message="typed")
    assert_type(lancekeep.torch.load_file(path, "cpu", version=1), dict[str, torch.Tensor])
    lancekeep.torch.save_model(model, path)
    lancekeep.torch.load_model(model, path)
    lancekeep.numpy.save_file({"w": numpy.ones(3)}, path)
    lancekeep.numpy.load_file(path)
    with lancekeep.torch.safe_open(path, framework="pt", device="cpu") as file:
        assert_type(file.keys(), list[str])
        assert_type(file.metadata(), dict[str, str] | None)


def as_in_the_article(path: Path, model: torch.nn.Module) -> None:
    lancekeep.save_model(model.state_dict(), path, version=True)
    lancekeep.load_model(model, path, version=2, map_location="cpu")
    lancekeep.load_state_dict(path, version=2)


def save_with_options(store: lancekeep.Store, state: object, **options: Unpack[lancekeep.SaveOptions]) -> int:
    return store.save(state, **options).version


def errors(path: Path) -> str:
    try:
        lancekeep.open(path)
    except lancekeep.NotFoundError as error:
        assert_type(error.code, str)
        assert_type(error.file, str | None)
        assert_type(error.offset, int | None)
        return str(error)
    except (lancekeep.Error, FileNotFoundError, KeyError, ValueError):
        return "another"
    return ""
