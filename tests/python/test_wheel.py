# SPDX-License-Identifier: Apache-2.0
"""The wheel is small and complete, and works in an environment without any other package."""

import email
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import lancekeep
import pytest

ROOT = Path(__file__).parents[2]
MOST = 5_000_000  # bytes
SAVE_AND_LOOK = """
import lancekeep, sys
store = lancekeep.open(sys.argv[1], create=True)
print(store.save({"step": 7, "text": "kept"}, message="first").version, lancekeep.__file__)
"""


def run(*line, **options) -> str:
    """Runs a program without PYTHONPATH: otherwise pip would find the package of these tests installed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*map(str, line)], capture_output=True, text=True, timeout=900, env=environment, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as `pip install .` does, but with installed packages only, and incrementally."""
    folder = tmp_path_factory.mktemp("wheel")
    options = "--no-build-isolation --no-deps --no-index --disable-pip-version-check -Cbuild-dir=build/release".split()
    run(sys.executable, "-m", "pip", "wheel", "--quiet", *options, "--wheel-dir", folder, ".", cwd=ROOT)
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """The bin folder of an environment that has only the wheel."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
    return folder / "bin"


def library_version() -> str:
    header = (ROOT / "include" / "lancekeep" / "version.h").read_text()
    return re.search(r'kLibraryVersion\[\] = "([\d.]+)"', header)[1]


def test_size(wheel, say):
    size = wheel.stat().st_size
    say(f"wheel: {size / 1e6:.2f} MB")
    assert size < MOST


def test_contents(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    here = {name.removeprefix("lancekeep/") for name in names if name.startswith("lancekeep/")}
    sources = {path.name for path in (ROOT / "python" / "lancekeep").iterdir() if path.suffix in (".py", ".pyi", ".typed")}
    assert {"py.typed", "_native.pyi", "__init__.py", "torch.py", "numpy.py"} <= sources
    built = sorted(here - sources)
    assert built[0].startswith("_native.") and built[0].endswith(".so")
    assert built[1:] == ["bin/lancekeep", *(name for name in built if name.startswith("liblancekeep.so"))]
    assert sources <= here
    others = {name.split("/")[0] for name in names} - {"lancekeep"}
    assert len(others) == 1 and others.pop().endswith(".dist-info")
    assert any(name.endswith("/LICENSE") for name in names)


def test_metadata(wheel):
    [name] = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA")]
    metadata = email.message_from_bytes(zipfile.ZipFile(wheel).read(name))
    assert (metadata["Name"], metadata["Version"]) == ("lancekeep", library_version())
    assert sorted(metadata.get_all("Provides-Extra")) == ["numpy", "torch"]
    required = metadata.get_all("Requires-Dist")
    assert required and all("extra ==" in each for each in required), "the package itself requires nothing"
    assert any(each.startswith("torch") for each in required) and any(each.startswith("ml_dtypes") for each in required)
    assert metadata["License-Expression"] == "Apache-2.0"


def test_version():
    assert lancekeep.__version__ == library_version()


def test_it_exports_no_symbols_of_its_dependencies(wheel, tmp_path):
    """They could clash with those of LibTorch or Arrow in the same process."""
    with zipfile.ZipFile(wheel) as archive:
        libraries = [archive.extract(name, tmp_path) for name in archive.namelist() if ".so" in name]
    for library in libraries:
        symbols = [line.split()[-1] for line in run("nm", "-D", "--defined-only", "-C", library).splitlines()]
        strange = [symbol for symbol in symbols if re.match(r"(XXH|ZSTD|LZ4|roaring|protobuf|google::|fmt::v)", symbol)]
        assert strange == [], library


def test_import_in_a_clean_environment(clean, tmp_path):
    version, place = run(clean / "python", "-c", SAVE_AND_LOOK, tmp_path / "m.lance", cwd=tmp_path).split()
    assert version == "1" and Path(place).is_relative_to(clean.parent)
    document = run(clean / "lancekeep", "log", tmp_path / "m.lance", "--json")
    assert '"first"' in document


def test_the_command(clean, tmp_path):
    assert run(clean / "lancekeep", "--version", cwd=tmp_path) == f"lancekeep {library_version()}\n"
    rejected = subprocess.run([clean / "lancekeep", "ls", tmp_path / "nowhere"], capture_output=True, text=True)
    assert rejected.returncode == 2 and "nowhere" in rejected.stderr
