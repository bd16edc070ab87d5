# SPDX-License-Identifier: Apache-2.0
"""Runs the code of README and of pages in docs/, block by block, as a reader would. It must print what they show.

The C++ blocks of the tutorial form one program, which the build compiles. It runs where the last of them is.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import lance
import pytest
import torch
from blocks import Block, blocks_of

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ["LANCEKEEP_BUILD"])
sys.path.append(str(ROOT / "tests" / "python"))

import article  # noqa: E402


def steps(page: Path, languages: set[str]) -> list[tuple[Block, str]]:
    """Each block of code, with what it must print."""
    found: list[tuple[Block, str]] = []
    for block in blocks_of(page):
        if block.language not in languages:
            continue
        if block.language == "text":
            assert not found[-1][1], f"{page}:{block.line}: the block before this one already has its output"
            found[-1] = (found[-1][0], block.text)
        else:
            found.append((block, ""))
    return in_one(found)


def in_one(steps: list[tuple[Block, str]]) -> list[tuple[Block, str]]:
    """The steps with all C++ blocks as one step, in the place of the last."""
    cpp = [step for step in steps if step[0].language == "cpp"]
    if not cpp:
        return steps
    last = (cpp[-1][0], "".join(printed for _, printed in cpp))
    return [last if step is cpp[-1] else step for step in steps if step not in cpp[:-1]]


def matches(printed: str, expected: str) -> bool:
    """`…` matches anything within a line; alone on a line, any lines."""
    pattern = "".join(
        "(.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, printed) is not None


def run_python(page: Path, block: Block, names: dict) -> str:
    code = compile("\n" * (block.line - 1) + block.text, page, "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(code, names)
        except Exception:
            pytest.fail(traceback.format_exc(), pytrace=False)
    return printed.getvalue()


def run_program(line: list[str]) -> str:
    path = os.pathsep.join([str(ROOT / "build" / "site" / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout


def run_cpp() -> str:
    (program,) = BUILD.rglob("lancekeep_tutorial")
    return run_program([str(program)])


def run(name: str, names: dict, languages: set[str]) -> list[str]:
    """Returns the languages of the blocks that ran."""
    ran = []
    page = ROOT / name
    for block, expected in steps(page, languages | {"text"}):
        if block.language == "python":
            printed = run_python(page, block, names)
        elif block.language == "cpp":
            printed = run_cpp()
        else:
            printed = run_program(["bash", "-euo", "pipefail", "-c", block.text])
        if not matches(printed, expected):
            pytest.fail(f"{page}:{block.line} printed\n{printed}instead of\n{expected}", pytrace=False)
        ran.append(block.language)
    return ran


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_tutorial() -> None:
    ran = run("docs/tutorial.md", {}, {"python", "cpp", "sh"})
    assert ran.count("python") > 10 and ran.count("cpp") == 1 and ran.count("sh") == 2


def network() -> torch.nn.Module:
    net = torch.nn.Sequential()
    net.add_module("conv1", torch.nn.Conv2d(3, 8, 3))
    net.add_module("fc", torch.nn.Linear(8, 2))
    with torch.no_grad():
        net.fc.bias.copy_(torch.tensor([0.5, -0.25]))
    return net


def test_from_the_article() -> None:
    """`weights.lance` and `net` are as the page describes them."""
    net = network()
    article.save_model({**net.state_dict(), "fc.bias": torch.zeros(2)}, "weights.lance")
    article.save_model(net.state_dict(), "weights.lance", version=True)
    lance.dataset("weights.lance").tags.create("best", 2)
    ran = run("docs/from-the-article.md", {"net": net, "torch": torch}, {"python", "sh"})
    assert ran.count("python") > 4 and ran.count("sh") == 2


def test_readme_runs_twice_in_a_row() -> None:
    for _ in range(2):
        assert run("README.md", {}, {"python"}) == ["python"] * 2
