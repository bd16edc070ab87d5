# SPDX-License-Identifier: Apache-2.0
"""tools/check_includes.py finds forbidden includes, and none in this tree."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "check_includes.py"


def check(root=None):
    arguments = [sys.executable, str(TOOL)] + (["--root", str(root)] if root else [])
    result = subprocess.run(arguments, capture_output=True, text=True)
    assert result.stderr == ""
    return result.returncode, result.stdout


def write(root, path, *lines):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")


def test_this_tree_is_in_order():
    status, output = check()
    assert status == 0, output


def test_a_tree_without_sources_is_an_error(tmp_path):
    status, output = check(tmp_path)
    assert status == 1
    assert "no source files found" in output


ALLOWED = [
    ("src/io/a.cc", '"io/b.h"'),
    ("src/io/a.cc", "<vector>"),
    ("src/io/a.cc", "<sys/mman.h>"),
    ("src/io/a.cc", "<lancekeep/error.h>"),
    ("src/tensor/a.cc", '"io/b.h"'),
    ("src/tensor/a.cc", "<lancekeep/tensor.h>"),
    ("src/formats/a.cc", '"tensor/b.h"'),
    ("src/formats/a.cc", "<nlohmann/json.hpp>"),
    ("src/formats/torch/a.cc", '"formats/zip/b.h"'),
    ("src/formats/numpy/a.cc", '"formats/zip/b.h"'),
    ("src/formats/numpy/a.cc", '"formats/export/b.h"'),
    ("src/formats/safetensors/a.cc", '"formats/export/b.h"'),
    ("src/lance/proto/a.cc", "<protozero/pbf_reader.hpp>"),
    ("src/lance/file/a.cc", '"lance/encoding/b.h"'),
    ("src/lance/table/a.cc", '"lance/file/b.h"'),
    ("src/lance/table/a.cc", "<lancekeep/error.h>"),
    ("src/lance/table/a_test.cc", "<gtest/gtest.h>"),
    ("src/store/read/a.cc", '"lance/table/b.h"'),
    ("src/store/read/a.cc", '"tensor/b.h"'),
    ("src/store/read/a.cc", "<lancekeep/store.h>"),
    ("cli/a.cc", '"cli/b.h"'),
    ("cli/a.cc", "<CLI/CLI.hpp>"),
    ("cli/a.cc", "<lancekeep/store.h>"),
    ("include/lancekeep/a.h", "<lancekeep/error.h>"),
    ("include/lancekeep/libtorch.h", "<torch/types.h>"),
    ("include/lancekeep/libtorch/a.h", "<c10/core/ScalarType.h>"),
]


@pytest.mark.parametrize("path, operand", ALLOWED)
def test_an_allowed_include_passes(tmp_path, path, operand):
    write(tmp_path, path, f"#include {operand}")
    assert check(tmp_path) == (0, "1 files, 0 wrong #include lines\n")


FORBIDDEN = [
    ("src/io/a.cc", '"tensor/b.h"'),
    ("src/io/a.cc", '"lance/proto/wire.h"'),
    ("src/io/a.cc", "<lancekeep/tensor.h>"),
    ("src/io/a.cc", "<gtest/gtest.h>"),
    ("src/io/a.cc", "<boost/optional.hpp>"),
    ("src/lance/table/a.cc", "<lancekeep/dump.h>"),
    ("src/io/a.cc", '"/usr/include/stdio.h"'),
    ("src/io/a.cc", '"io/../tensor/b.h"'),
    ("src/io/a.cc", "HEADER"),
    ("src/tensor/a.cc", '"formats/b.h"'),
    ("src/tensor/a.cc", '"lance/proto/wire.h"'),
    ("src/formats/a.cc", '"lance/proto/wire.h"'),
    ("src/formats/a.cc", '"store/b.h"'),
    ("src/formats/zip/a.cc", '"formats/torch/b.h"'),
    ("src/formats/zip/a.cc", '"formats/numpy/b.h"'),
    ("src/formats/numpy/a.cc", '"formats/torch/b.h"'),
    ("src/formats/a.cc", "<lancekeep/store.h>"),
    ("src/lance/proto/a.h", '"lance/encoding/page_decoder.h"'),
    ("src/lance/encoding/a.h", '"lance/file/b.h"'),
    ("src/lance/file/a.h", '"lance/table/b.h"'),
    ("src/lance/table/a.h", '"store/b.h"'),
    ("src/lance/table/a.h", '"tensor/b.h"'),
    ("src/lance/table/a.h", '"formats/b.h"'),
    ("src/lance/table/a.h", "<lancekeep/tensor.h>"),
    ("src/lance/table/a.h", "<lancekeep/store.h>"),
    ("src/lance/table/a.h", "<lancekeep/formats.h>"),
    ("src/store/save/a.cc", '"formats/b.h"'),
    ("src/store/read/a.cc", '"cli/b.h"'),
    ("src/store/read/a.cc", '"store/save/b.h"'),
    ("src/store/table/a.cc", '"store/read/b.h"'),
    ("cli/a.cc", '"store/b.h"'),
    ("cli/a.cc", '"io/b.h"'),
    ("cli/a.cc", "<zstd.h>"),
    ("include/lancekeep/a.h", '"io/b.h"'),
    ("include/lancekeep/a.h", '"lancekeep/error.h"'),
    ("include/lancekeep/a.h", "<fmt/format.h>"),
    ("include/lancekeep/a.h", "<unistd.h>"),
    ("include/lancekeep/a.h", "<torch/types.h>"),
    ("include/lancekeep/libtorch.h", "<fmt/format.h>"),
]


@pytest.mark.parametrize("path, operand", FORBIDDEN)
def test_a_forbidden_include_fails(tmp_path, path, operand):
    write(tmp_path, path, "#pragma once", f"#include {operand}")
    status, output = check(tmp_path)
    assert status == 1
    assert f"{path}:2: #include {operand}: " in output


@pytest.mark.parametrize("line", ['  #  include "store/b.h"', '#include"store/b.h"', '#\\\ninclude "store/b.h"'])
def test_odd_spelling_hides_nothing(tmp_path, line):
    write(tmp_path, "src/io/a.cc", line)
    assert check(tmp_path)[0] == 1


def test_every_wrong_line_is_listed(tmp_path):
    write(tmp_path, "src/io/a.cc", '#include "store/b.h"', "#include <vector>", '#include "tensor/c.h"')
    status, output = check(tmp_path)
    assert status == 1
    assert "src/io/a.cc:1:" in output and "src/io/a.cc:3:" in output
    assert output.endswith("1 files, 2 wrong #include lines\n")


def test_a_folder_outside_the_layers_is_reported(tmp_path):
    write(tmp_path, "src/util/a.cc", "#include <vector>")
    status, output = check(tmp_path)
    assert status == 1
    assert "src/util/a.cc: belongs to no layer" in output
