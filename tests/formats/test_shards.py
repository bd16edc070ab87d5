# SPDX-License-Identifier: Apache-2.0
"""Sharded models: we read what safetensors and torch write with an index, and they read what we write.

LANCEKEEP_BUILD is the build folder, which must contain lancekeep_list_tensors.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

DTYPES = [torch.float32, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64, torch.float8_e4m3fn]


def run(*args) -> tuple[int, list[dict]]:
    folder = os.environ.get("LANCEKEEP_BUILD")
    assert folder, "set LANCEKEEP_BUILD to the build folder"
    tool = next(Path(folder).rglob("lancekeep_list_tensors"))
    done = subprocess.run([tool, *map(str, args)], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def raw(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def model(count: int = 20) -> dict:
    """Tensors out of alphabetical order, with several dtypes; an empty and a large one."""
    generator = torch.Generator().manual_seed(7)
    tensors = {}
    for i in range(count):
        data = torch.randint(0, 256, (16 * (i + 1),), generator=generator, dtype=torch.uint8)
        dtype = DTYPES[i % len(DTYPES)]
        tensors[f"layers.{count - i}.wäight"] = data % 2 == 0 if dtype == torch.bool else data.view(dtype).reshape(2, -1)
    tensors["empty"] = torch.empty(0, 3)
    return tensors


def split(tensors: dict, count: int) -> list[dict]:
    items = list(tensors.items())
    return [dict(items[i::count]) for i in range(count)]


def write_index(path: Path, shards: dict[str, dict], metadata: dict | None = None) -> None:
    """Writes an index as transformers' save_pretrained does."""
    total = sum(t.numel() * t.element_size() for shard in shards.values() for t in shard.values())
    index = {
        "metadata": {"total_size": total} | (metadata or {}),
        "weight_map": {name: file for file, shard in shards.items() for name in shard},
    }
    path.write_text(json.dumps(index, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def in_safetensors(folder: Path, tensors: dict, metadata: dict | None = None) -> Path:
    shards = {f"model-{i + 1:05}-of-00003.safetensors": shard for i, shard in enumerate(split(tensors, 3))}
    for name, shard in shards.items():
        safetensors.torch.save_file(shard, folder / name, metadata={"format": "pt"})
    write_index(folder / "model.safetensors.index.json", shards, metadata)
    return folder / "model.safetensors.index.json"


def in_torch(folder: Path, tensors: dict) -> Path:
    shards = {f"pytorch_model-{i + 1:05}-of-00003.bin": shard for i, shard in enumerate(split(tensors, 3))}
    for i, (name, shard) in enumerate(shards.items()):
        torch.save(shard, folder / name, _use_new_zipfile_serialization=i != 1)
    write_index(folder / "pytorch_model.bin.index.json", shards)
    return folder / "pytorch_model.bin.index.json"


def assert_reads(index: Path, tensors: dict, out: Path) -> tuple[dict, list[str]]:
    out.mkdir()
    code, lines = run(index, out)
    assert code == 0, lines
    *found, metadata, notes = lines
    assert {each["name"] for each in found} == set(tensors)
    for i, each in enumerate(found):
        want = tensors[each["name"]]
        assert (each["dtype"], each["shape"]) == (str(want.dtype)[6:], list(want.shape))
        assert (out / str(i)).read_bytes() == raw(want), each["name"]
    return metadata["metadata"], notes["notes"]


def test_shards_of_safetensors_are_read(tmp_path: Path) -> None:
    index = in_safetensors(tmp_path, model(), {"total_parameters": 3, "extra": {"a": [1, None]}})
    metadata, notes = assert_reads(index, model(), tmp_path / "out")
    assert metadata == {"format": "pt", "total_parameters": "3", "extra": '{"a":[1,null]}'}
    assert notes == []


def test_shards_of_torch_are_read(tmp_path: Path) -> None:
    metadata, _ = assert_reads(in_torch(tmp_path, model()), model(), tmp_path / "out")
    assert metadata == {}


def test_links_as_in_the_hubs_cache_are_followed(tmp_path: Path) -> None:
    for folder in ("blobs", "snapshot"):
        (tmp_path / folder).mkdir()
    in_safetensors(tmp_path / "blobs", model())
    for file in (tmp_path / "blobs").iterdir():
        (tmp_path / "snapshot" / file.name).symlink_to(Path("../blobs") / file.name)
    assert_reads(tmp_path / "snapshot" / "model.safetensors.index.json", model(), tmp_path / "out")


def test_an_index_decides_which_tensors_count(tmp_path: Path) -> None:
    path = in_safetensors(tmp_path, model())
    index = json.loads(path.read_text())
    del index["weight_map"]["empty"]
    path.write_text(json.dumps(index))
    wanted = {name: tensor for name, tensor in model().items() if name != "empty"}
    _, notes = assert_reads(path, wanted, tmp_path / "out")
    assert len(notes) == 1 and "does not list it: `empty` in" in notes[0]


def spoil_missing(folder: Path, index: dict) -> None:
    (folder / "model-00002-of-00003.safetensors").unlink()


def spoil_lacking(folder: Path, index: dict) -> None:
    index["weight_map"]["gone"] = "model-00002-of-00003.safetensors"


def spoil_elsewhere(folder: Path, index: dict) -> None:
    shard = safetensors.torch.load_file(folder / "model-00002-of-00003.safetensors")
    name = next(name for name, file in index["weight_map"].items() if "00001" in file)
    safetensors.torch.save_file(shard | {name: torch.ones(1)}, folder / "model-00002-of-00003.safetensors")


def spoil_path(folder: Path, index: dict) -> None:
    index["weight_map"]["empty"] = "../model-00001-of-00003.safetensors"


def spoil_shard(folder: Path, index: dict) -> None:
    path = folder / "model-00003-of-00003.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


SPOILT = {
    spoil_missing: ("not_found", "of the index are missing: `model-00002-of-00003.safetensors`"),
    spoil_lacking: ("corrupt", "do not have: `gone` in `model-00002-of-00003.safetensors`"),
    spoil_elsewhere: ("corrupt", "the index puts into another file: `layers."),
    spoil_path: ("unsafe", "in the index's folder"),
    spoil_shard: ("corrupt", "model-00003-of-00003.safetensors: at byte 8"),
}


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__[6:])
def test_an_index_that_disagrees_with_its_files_is_rejected(tmp_path: Path, spoil) -> None:
    path = in_safetensors(tmp_path, model())
    index = json.loads(path.read_text())
    spoil(tmp_path, index)
    path.write_text(json.dumps(index))
    code, lines = run(path)
    expected, part = SPOILT[spoil]
    assert code == 1
    assert lines[-1]["error"] == expected
    assert part in lines[-1]["message"]


def load_by_index(path: Path) -> dict:
    """Loads a sharded model as transformers' from_pretrained does."""
    index = json.loads(path.read_text())
    found = {}
    for file in sorted(set(index["weight_map"].values())):
        with safetensors.safe_open(path.parent / file, "pt") as shard:
            assert shard.metadata() == {"format": "pt"}
            for name in shard.keys():
                assert index["weight_map"][name] == file
                found[name] = shard.get_tensor(name)
    assert set(found) == set(index["weight_map"])
    assert index["metadata"]["total_size"] == sum(t.numel() * t.element_size() for t in found.values())
    assert path.read_text() == json.dumps(index, indent=2, sort_keys=True) + "\n"
    return found


@pytest.mark.parametrize("most", [1, 200, 1000, 3000])
def test_safetensors_reads_what_we_write(tmp_path: Path, most: int) -> None:
    source = tmp_path / "source.safetensors"
    safetensors.torch.save_file(model(), source, metadata={"format": "pt"})
    (tmp_path / "to").mkdir()
    code, lines = run("--to-safetensors", source, tmp_path / "to" / "model.safetensors", most)
    assert code == 0, lines
    files = lines[0]["files"]
    assert sorted(file.name for file in (tmp_path / "to").iterdir()) == sorted(files)
    assert lines[0]["bytes_written"] == sum(file.stat().st_size for file in (tmp_path / "to").iterdir())
    count = len(files) - 1
    assert count > 1
    assert files[:-1] == [f"model-{i + 1:05}-of-{count:05}.safetensors" for i in range(count)]
    index = tmp_path / "to" / files[-1]
    found = load_by_index(index)
    assert {name: (t.dtype, t.shape, raw(t)) for name, t in found.items()} == {
        name: (t.dtype, t.shape, raw(t)) for name, t in model().items()
    }
    for file in files[:-1]:
        shard = safetensors.torch.load_file(tmp_path / "to" / file)
        assert sum(t.numel() * t.element_size() for t in shard.values()) <= most or 1 == len(
            [t for t in shard.values() if t.numel()]
        )
    assert_reads(index, model(), tmp_path / "out")


def test_order_survives_a_round_trip(tmp_path: Path) -> None:
    torch.save(model(), tmp_path / "m.pth")
    code, lines = run("--to-safetensors", tmp_path / "m.pth", tmp_path / "model.safetensors", 500)
    assert code == 0, lines
    _, lines = run(tmp_path / "model.safetensors.index.json")
    assert [line["name"] for line in lines[:-2]] == list(model())


def test_other_shard_sizes_replace_each_other(tmp_path: Path) -> None:
    torch.save(model(), tmp_path / "m.pth")
    target = tmp_path / "model.safetensors"
    for most, older in ((10**9, False), (1000, False), (2000, True), (10**9, True)):
        code, lines = run("--to-safetensors", tmp_path / "m.pth", target, most)
        assert code == 0, lines
        assert len(lines[0]["notes"]) == older
        assert target.exists() == (most == 10**9)
        assert (tmp_path / "model.safetensors.index.json").exists() == (most != 10**9)
