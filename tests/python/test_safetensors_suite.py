# SPDX-License-Identifier: Apache-2.0
"""safetensors' own tests, run against the functions that replace it: on stores, and on real .safetensors files."""

import re
import types
import unittest
from pathlib import Path

import pytest

SUITE = Path(__file__).parent / "safetensors_suite"
FILES = ("simple", "pt_comparison", "pt_model", "pread_backend", "multithreaded")

# The kinds of differences, as docs/python.md has them.
FOLDER = "a store is a folder: it cannot be opened, removed or overwritten as a file"
KEPT = "tied, overlapping and strided tensors are saved, not rejected"
ORDER = "`save` keeps the order of the dict in the header; safetensors sorts by dtype and name"
TEXT = "the error says the same in other words"
SLICES = "a slice takes what NumPy takes: lists, and stops beyond the end; an index out of range is an IndexError"
VALUE_ERROR = "the error is a ValueError, not a RuntimeError"

# On stores: every function is ours, and a file's name becomes that of a store. These tests fail, each for its reason.
ON_STORES = {
    "simple.TestCase.test_accept_path": FOLDER,
    "simple.TestCase.test_serialization": FOLDER,
    "simple.TestCase.test_serialization_forces_alignment": ORDER,
    "simple.TestCase.test_serialization_order_invariant": ORDER,
    "simple.WindowsTestCase.test_get_correctly_dropped": FOLDER,
    "simple.ErrorsTestCase.test_file_not_found": TEXT,
    "simple.ReadmeTestCase.test_numpy_slice": SLICES,
    "pt_comparison.TorchTestCase.test_bogus": TEXT,
    "pt_comparison.TorchTestCase.test_meta_tensor": VALUE_ERROR,
    "pt_comparison.TorchTestCase.test_serialization": FOLDER,
    "pt_comparison.TorchTestCase.test_sparse": TEXT,
    "pt_comparison.TorchTestCase.test_zero_sized": FOLDER,
    "pt_comparison.SliceTestCase.test_cannot_serialize_a_non_contiguous_tensor": KEPT,
    "pt_comparison.SliceTestCase.test_cannot_serialize_shared": KEPT,
    "pt_model.TorchModelTestCase.test_difference_torch_odd": KEPT,
    "pt_model.TorchModelTestCase.test_difference_with_torch": KEPT,
    "pt_model.TorchModelTestCase.test_failure": KEPT,
    "pt_model.TorchModelTestCase.test_save": FOLDER,
    "pt_model.TorchModelTestCase.test_workaround_non_contiguous": KEPT,
    "pread_backend.PreadBackendTests.test_truncated_header_is_rejected": FOLDER,
}
# On files: safetensors saves them, and ours loads them.
ON_FILES = {
    "simple.TestCase.test_serialization_forces_alignment": ORDER,
    "simple.TestCase.test_serialization_order_invariant": ORDER,
    "simple.ErrorsTestCase.test_file_not_found": TEXT,
    "simple.ReadmeTestCase.test_numpy_slice": SLICES,
    "pt_model.TorchModelTestCase.test_difference_torch_odd": VALUE_ERROR,
    "pt_model.TorchModelTestCase.test_difference_with_torch": VALUE_ERROR,
}


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


def cases_of(mode):
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


@pytest.mark.parametrize(("name", "case"), [pytest.param(*test, id=test[0]) for test in cases_of("stores")])
def test_on_stores(name, case, folder, monkeypatch):
    check(case, name, ON_STORES, folder, monkeypatch)


@pytest.mark.parametrize(("name", "case"), [pytest.param(*test, id=test[0]) for test in cases_of("files")])
def test_on_files(name, case, folder, monkeypatch):
    check(case, name, ON_FILES, folder, monkeypatch)


@pytest.mark.parametrize(("mode", "expected"), [("stores", ON_STORES), ("files", ON_FILES)])
def test_the_lists_name_tests_that_exist(mode, expected):
    assert set(expected) <= {name for name, _ in cases_of(mode)}
