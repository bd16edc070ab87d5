# SPDX-License-Identifier: Apache-2.0
"""verify accepts every change that pylance makes to a store, and finds damage that pylance does not notice."""

import json

import lance
import pytest
import torch
from models import append_row, clean_up, lancekeep, large, network, raw, save


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "model.lance"
    save(network(1), path, tmp_path, "-m", "first", "--tag", "base")
    save(network(2), path, tmp_path, "-m", "second")
    return path


def verify(store, *options, status=0):
    return json.loads(lancekeep("verify", store, "--json", *options, status=status))


def append(store):
    append_row(store, f"extra.{lance.dataset(str(store)).version}", torch.arange(6, dtype=torch.uint8), 1 << 40)


def delete(store):
    lance.dataset(str(store)).delete("name = 'conv.bias'")


def delete_target(store):
    lance.dataset(str(store)).delete("name = 'embedding.weight'")


def compact(store):
    append(store)
    lance.dataset(str(store)).delete("name like 'extra%'")
    lance.dataset(str(store)).optimize.compact_files()


def restore(store):
    lance.dataset(str(store), version=1).restore()


def tag(store):
    lance.dataset(str(store)).tags.create("from-pylance", 2)


def add_column(store):
    lance.dataset(str(store)).add_columns({"note": "'mine'"})


@pytest.mark.parametrize(
    "steps",
    [[append], [delete], [delete_target], [compact], [restore], [tag], [add_column], [clean_up],
     [append, delete, compact, tag, clean_up, append], [delete, compact, add_column, restore, delete_target]],
    ids=lambda steps: "-".join(step.__name__ for step in steps),
)
def test_accepts_what_pylance_makes(store, steps):
    for step in steps:
        step(store)
    report = verify(store, "--all")
    assert report["findings"] == []
    made = [v["version"] for v in lance.dataset(str(store)).versions() if v["version"] > 2]
    for version in made:
        assert any(f"version {version} was made by pylance" in note for note in report["notes"])


def test_rows_that_pylance_wrote_are_noted(store):
    append(store)
    report = verify(store)
    assert report["tensors"] == len(network(2))
    assert "1 tensor of version 3 has no hash (written by pylance): its value is not covered" in report["notes"]


def test_a_tie_whose_target_is_gone_is_noted(store):
    delete_target(store)
    report = verify(store)
    assert report["tensors"] == len(network(2)) - 1
    assert any("`lm_head.weight`" in note and "tied to `embedding.weight`" in note for note in report["notes"])


def test_thousands_of_tensors_after_pylance(tmp_path):
    store = tmp_path / "large.lance"
    save(large(2000), store, tmp_path)
    compact(store)
    delete(store)
    assert verify(store, "--all")["findings"] == []


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("compacted", [False, True])
def test_a_flipped_bit_that_pylance_does_not_notice(store, compacted):
    if compacted:
        compact(store)
    value = raw(network(2)["wide"])
    newest = lance.dataset(str(store))
    names = {file.path for fragment in newest.get_fragments() for file in fragment.data_files()}
    [(path, offset)] = [(p, at) for p in (store / "data" / name for name in names)
                        if (at := p.read_bytes().find(value)) >= 0]
    flip(path, offset + 9)
    dataset = lance.dataset(str(store))
    dataset.validate()
    table = dataset.scanner(blob_handling="all_binary").to_table().to_pylist()
    assert next(row["value"] for row in table if row["name"] == "wide") != value
    report = verify(store, status=1)
    [finding] = report["findings"]
    assert (finding["tensor"], finding["file"], finding["offset"]) == ("wide", str(path), offset)
    assert finding["version"] == report["version"] == dataset.version


def test_damage_that_versions_share_is_found_once(store):
    append(store)
    append(store)
    path, offset = next((p, at) for p in (store / "data").iterdir()
                        if (at := p.read_bytes().find(raw(network(2)["wide"]))) >= 0)
    flip(path, offset)
    [finding] = verify(store, "--all", status=1)["findings"]
    assert (finding["version"], finding["tensor"]) == (2, "wide")
    assert finding["what"].endswith("; 2 other versions have it too")
