# SPDX-License-Identifier: Apache-2.0
"""What type checkers see: stubs that match the extension, and a strictly typed package."""

import os
import subprocess
import sys
from pathlib import Path

import lancekeep
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "lancekeep"
STUBS = PACKAGE / "_native.pyi"


def stubgen(out: Path) -> str:
    line = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "lancekeep._native", "-o", out]
    subprocess.run(line, check=True, timeout=120)
    return out.read_text()


def mypy(*arguments: object) -> subprocess.CompletedProcess[str]:
    options = ["--strict", "--no-error-summary", f"--cache-dir={ROOT / 'build' / 'mypy'}"]
    line = [sys.executable, "-m", "mypy", *options, *map(str, arguments)]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python"), "PYTHONPATH": ""}
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=900)


def test_stubs_are_up_to_date(tmp_path):
    assert stubgen(tmp_path / "_native.pyi") == STUBS.read_text(), "run `make stubs`, and commit _native.pyi"


def test_the_package_is_strictly_typed():
    checked = mypy("-p", "lancekeep")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_program_that_uses_the_package_is_strictly_typed():
    checked = mypy("tests/python/typed_use.py")
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lancekeep.open('m').save({}, message=3)", 'incompatible type "int"'),
        ("lancekeep.open('m').at().get_tensor(3)", 'incompatible type "int"'),
        ("lancekeep.open('m').versions()[0].nothing", 'no attribute "nothing"'),
        ("lancekeep.open('m').save({}, nothing=3)", 'Unexpected keyword argument "nothing"'),
        ("lancekeep.open('m').at()['w'].dtype + 3", "Unsupported operand"),
    ],
)
def test_mistakes_are_found(tmp_path, line, expected):
    """The tests above would pass for a package without types; this one would not."""
    program = tmp_path / "program.py"
    program.write_text(f"import lancekeep\n{line}\n")
    checked = mypy(program)
    assert checked.returncode == 1 and expected in checked.stdout


def test_all_lists_existing_names():
    assert sorted(lancekeep.__all__) == lancekeep.__all__
    assert all(hasattr(lancekeep, name) for name in lancekeep.__all__)
    assert len(lancekeep.__all__) == len(set(lancekeep.__all__))


def public_functions():
    import inspect

    import lancekeep.numpy
    import lancekeep.torch

    for module in (lancekeep, lancekeep.torch, lancekeep.numpy):
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing):
                yield f"{module.__name__}.{name}", thing
            if inspect.isclass(thing) and thing.__module__.startswith("lancekeep.") and not issubclass(thing, Exception):
                for member, method in vars(thing).items():
                    if not member.startswith("_") and inspect.isfunction(method):
                        yield f"{module.__name__}.{name}.{member}", method


def test_everything_public_is_documented():
    silent = [name for name, thing in public_functions() if not (thing.__doc__ or "").strip()]
    assert silent == []
