# SPDX-License-Identifier: Apache-2.0
"""safetensors' own tests, run against the functions that replace it: on stores, and on real .safetensors files."""

import re
import types
import unittest
from pathlib import Path

import pytest

SUITE = Path(__file__).parent / "safetensors_suite"
FILES = ("simple", "pt_comparison", "pt_model", "pread_backend", "multithreaded")

# On stores: every function is ours, and a file name becomes that of a store. The tests that fail, and why.
ON_STORES = {
    # docs/python.md lists these differences
}
# On files: safetensors saves, and ours loads. The tests that fail, and why.
ON_FILES = {}


def import_line(match, mode):
    """Takes each name from our module, unless it is private, or saves a file."""
    module, names = match["module"], re.findall(r"\w+(?: as \w+)?", match["names"].replace("# noqa", ""))
    ours = "lancekeep" + (module.removeprefix("safetensors") or ".safetensors")
    lines = []
    for name in names:
        saves = name.startswith(("save_file", "save_model"))
        private = name.startswith(("_", "storage_"))
        lines.append(f"from {module if private or (mode == 'files' and saves) else ours} import {name}")
    return "\n".join(match["indent"] + line for line in lines)


IMPORT = re.compile(
    r"^(?P<indent> *)from (?P<module>safetensors(?:\.\w+)?) import (?:\((?P<many>[^)]*)\)|(?P<one>[^\n(]+))", re.MULTILINE
)


def load(name, mode):
    text = (SUITE / f"{name}.py").read_text(encoding="utf-8")

    def line(match):
        return import_line({**match.groupdict(), "names": match["many"] or match["one"]}, mode)

    text = IMPORT.sub(line, text)
    if mode == "stores":
        text = re.sub(r"\.safetensors(?=[\"'])", ".lance", text)
    module = types.ModuleType(f"{name}_on_{mode}")
    exec(compile(text, str(SUITE / f"{name}.py"), "exec"), module.__dict__)
    return module


def tests(mode):
    for name in FILES:
        for key, value in vars(load(name, mode)).items():
            if isinstance(value, type) and issubclass(value, unittest.TestCase):
                for method in unittest.defaultTestLoader.getTestCaseNames(value):
                    yield f"{name}.{key}.{method}", value(method)
            elif key.startswith("test_"):
                yield f"{name}.{key}", unittest.FunctionTestCase(value)


def check(case, name, expected, folder, monkeypatch):
    (folder / "tests" / "data").mkdir(parents=True)
    monkeypatch.chdir(folder)
    result = unittest.TestResult()
    case.run(result)
    problems = [text for _, text in result.failures + result.errors]
    if name in expected:
        assert problems, f"this test passes now: remove it from the list ({expected[name]})"
    else:
        assert not problems, problems[0]


@pytest.mark.parametrize(("name", "case"), [pytest.param(*test, id=test[0]) for test in tests("stores")])
def test_on_stores(name, case, folder, monkeypatch):
    check(case, name, ON_STORES, folder, monkeypatch)


@pytest.mark.parametrize(("name", "case"), [pytest.param(*test, id=test[0]) for test in tests("files")])
def test_on_files(name, case, folder, monkeypatch):
    check(case, name, ON_FILES, folder, monkeypatch)


@pytest.mark.parametrize(("mode", "expected"), [("stores", ON_STORES), ("files", ON_FILES)])
def test_the_lists_name_tests_that_exist(mode, expected):
    assert set(expected) <= {name for name, _ in tests(mode)}
