# SPDX-License-Identifier: Apache-2.0
"""NumPy's .npz and .npy files: we read bit for bit what numpy writes, and numpy reads what we write.

LANCEKEEP_BUILD is the build folder, which must contain lancekeep_list_tensors.
"""

import io
import struct
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from test_formats import error, listing, run  # noqa: E402

DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
]  # fmt: skip
SHAPES = [(), (1,), (0,), (5,), (0, 3), (3, 0), (2, 3), (4, 1, 3), (2, 3, 4, 5), (1,) * 64, (2, 0, 2**40)]


def random_array(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random bytes, including NaNs; for bool only 0 and 1."""
    kind = np.dtype(dtype)
    count = 0 if 0 in shape else int(np.prod(shape, dtype=np.int64))
    data = np.random.default_rng(seed).integers(0, 256, count * kind.itemsize, dtype=np.uint8)
    if kind == np.bool_:
        data &= 1
    return data.view(kind).reshape(shape)


def little(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder("<"))


def assert_same(tensors: list[dict], expected: dict[str, np.ndarray]) -> None:
    assert [tensor["name"] for tensor in tensors] == list(expected)
    for tensor in tensors:
        want = expected[tensor["name"]]
        assert tensor["dtype"] == want.dtype.newbyteorder("=").name, tensor["name"]
        assert tensor["shape"] == list(want.shape), tensor["name"]
        assert len(tensor["data"]) == tensor["nbytes"], tensor["name"]
        assert tensor["data"] == little(want).tobytes(), tensor["name"]


def loaded(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_read_in_both_byte_orders(tmp_path: Path, dtype: str, order: str) -> None:
    array = random_array(dtype, (3, 5))
    np.save(tmp_path / "weights.npy", array.astype(np.dtype(dtype).newbyteorder(order)))
    assert_same(listing(tmp_path / "weights.npy", tmp_path / "out")[0], {"weights": array})


@pytest.mark.parametrize("fortran", [False, True], ids=["row-major", "fortran"])
@pytest.mark.parametrize("shape", SHAPES[:-1], ids=lambda shape: "x".join(map(str, shape)) or "scalar")
def test_every_shape_is_read_in_both_orders(tmp_path: Path, shape: tuple[int, ...], fortran: bool) -> None:
    arrays = {}
    for i, dtype in enumerate(["<f4", ">c16", "|u1", ">i2"]):
        arrays[f"a{i}"] = np.asarray(random_array(dtype, shape, i), order="F" if fortran else "C")
    path = tmp_path / "m.npz"
    np.savez(path, **arrays)
    assert_same(listing(path, tmp_path / "out")[0], loaded(path))


def test_arrays_keep_the_archives_order_and_odd_names(tmp_path: Path) -> None:
    names = ["z", "a", "layer.weight", "dir/inner", "Grüße 🙂", "", "a.npy.b", "with space", "..x", "a\tb"]
    path = tmp_path / "m.npz"
    np.savez(path, **{name: np.full(2, i) for i, name in enumerate(names)})
    assert list(loaded(path)) == names
    assert_same(listing(path, tmp_path / "out")[0], loaded(path))


def test_unnamed_arrays_have_numpys_names(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, np.arange(3), np.eye(2))
    assert_same(listing(path, tmp_path / "out")[0], {"arr_0": np.arange(3), "arr_1": np.eye(2)})


def test_an_empty_archive_has_no_tensors(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz")
    assert listing(tmp_path / "m.npz", tmp_path / "out")[0] == []


def test_an_archive_that_was_streamed_is_read(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.content = b""

        def writable(self):
            return True

        def write(self, data):
            self.content += bytes(data)
            return len(data)

    pipe = Pipe()
    saved = {"a": np.arange(10.0), "b": np.ones((2, 2), dtype=np.int8)}
    np.savez(pipe, **saved)
    assert pipe.content[6] & 8  # sizes follow the data
    (tmp_path / "m.npz").write_bytes(pipe.content)
    assert_same(listing(tmp_path / "m.npz", tmp_path / "out")[0], saved)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_header_version_is_read(tmp_path: Path, version: tuple[int, int]) -> None:
    with open(tmp_path / "a.npy", "wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, np.arange(6).reshape(2, 3), version=version)
    assert_same(listing(tmp_path / "a.npy", tmp_path / "out")[0], {"a": np.arange(6).reshape(2, 3)})


HEADERS = [
    "{'shape': (2,), 'fortran_order': False, 'descr': '<i2'}",
    '{"descr":"<i2","fortran_order":False,"shape":(2,),}',
    "  { 'descr' : '<i2' , 'fortran_order' : True , 'shape' : ( 2 , ) , }   ",
    "{'descr': '<i2', 'fortran_order': False, 'shape': (2L,), }",
    "{'descr': '<i2',\n'fortran_order': False,\t'shape': (1, 2), }\n",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_are_read_as_numpy_reads_them(tmp_path: Path, header: str) -> None:
    text = header.encode()
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + b"\1\2\3\4")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(listing(path, tmp_path / "out")[0], {"a": np.load(path)})


def test_large_arrays_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    saved = {
        "row_major": rng.standard_normal((3000, 2000), dtype=np.float32),
        "fortran": np.asfortranarray(rng.standard_normal((3000, 2000))),
        "fortran_swapped": np.asfortranarray(rng.standard_normal((301, 7, 4999)).astype(">f4")),
        "swapped": rng.standard_normal(5_000_001).astype(">f8"),
    }
    np.savez(tmp_path / "m.npz", **saved)
    assert_same(listing(tmp_path / "m.npz", tmp_path / "out")[0], saved)


REFUSED = {
    "object": (np.array([{"a": 1}], dtype=object), "a pickle can run code"),
    "structured": (np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]), "structured array"),
    "subarray": (np.zeros(2, dtype=[("x", "<f4", (3,))]), "structured array"),
    "text": (np.array(["abc"]), "`<U3`: text"),
    "bytes": (np.array([b"abc"]), "`|S3`: text"),
    "void": (np.zeros(2, dtype="V2"), "bfloat16 and float8 of ml_dtypes"),
    "date": (np.array(["2020-01-01"], dtype="M8[ns]"), "dates or durations"),
    "duration": (np.array([1], dtype="m8[s]"), "dates or durations"),
    "longdouble": (np.zeros(2, dtype=np.longdouble), "longdouble"),
    "clongdouble": (np.zeros(2, dtype=np.clongdouble), "longdouble"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_arrays_that_are_not_tensors_are_rejected_or_left_out(tmp_path: Path, kind: str) -> None:
    array, part = REFUSED[kind]
    np.save(tmp_path / "odd.npy", array, allow_pickle=True)
    np.savez(tmp_path / "m.npz", odd=array)
    for path in (tmp_path / "odd.npy", tmp_path / "m.npz"):
        found = error(path)
        assert found["error"] == "unsupported"
        assert "`odd`" in found["message"]
        assert part in found["message"]
    np.savez(tmp_path / "m.npz", fine=np.ones(2), odd=array)
    code, lines = run(tmp_path / "m.npz")
    assert code == 0 and [line["name"] for line in lines[:-2]] == ["fine"]
    (note,) = lines[-1]["notes"]
    assert note.startswith("left out: ") and "`odd`" in note and part in note


def test_compressed_archives_are_read(tmp_path: Path) -> None:
    arrays = {"w": np.ones(100), "f": np.asfortranarray(np.arange(6).reshape(2, 3)), "b": np.arange(5, dtype=">i2")}
    np.savez_compressed(tmp_path / "m.npz", **arrays)
    (tmp_path / "out").mkdir()
    code, lines = run(tmp_path / "m.npz", tmp_path / "out")
    assert code == 0, lines
    for i, array in enumerate(arrays.values()):
        assert (tmp_path / "out" / str(i)).read_bytes() == array.astype(array.dtype.newbyteorder("<")).tobytes()


def test_an_entry_that_is_not_an_array_is_left_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", w=np.ones(2))
    with zipfile.ZipFile(tmp_path / "m.npz", "a") as archive:
        archive.writestr("notes.txt", "hello")
    code, lines = run(tmp_path / "m.npz")
    assert code == 0 and [line["name"] for line in lines[:-2]] == ["w"]
    assert "`notes.txt` is not a .npy array" in lines[-1]["notes"][0]


def test_changed_bytes_are_detected_as_by_numpy(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    for order in "CF":
        np.savez(path, w=np.asarray(np.ones((20, 30)), order=order))
        content = bytearray(path.read_bytes())
        content[2000] ^= 1
        path.write_bytes(content)
        with pytest.raises(zipfile.BadZipFile):
            loaded(path)
        (tmp_path / order).mkdir()
        code, lines = run(path, tmp_path / order)
        assert code == 1
        assert "the entry `w.npy` has the checksum" in lines[-1]["message"]


def test_every_truncated_file_is_rejected(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6))
    content = (tmp_path / "a.npy").read_bytes()
    for length in [0, 1, 6, 7, 8, 9, 10, 60, 127, 128, 175]:
        (tmp_path / "cut.npy").write_bytes(content[:length])
        assert error(tmp_path / "cut.npy")["error"] in ("corrupt", "unsupported"), length
    (tmp_path / "cut.npy").write_bytes(content + b"x")
    assert "takes 48 bytes, but 49 follow" in error(tmp_path / "cut.npy")["message"]


def to(kind: str, source: Path, target: Path) -> dict:
    code, lines = run(f"--to-{kind}", source, target)
    assert code == 0, lines
    assert lines[0]["bytes_written"] == target.stat().st_size
    assert lines[0]["files"] == [target.name]
    return lines[0]


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=lambda shape: "x".join(map(str, shape)) or "scalar")
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_is_written_byte_for_byte_as_numpy_does(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", random_array(dtype, shape))
    to("npy", tmp_path / "a.npy", tmp_path / "b.npy")
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()


def test_fortran_order_and_big_endian_become_plain(tmp_path: Path) -> None:
    array = np.asfortranarray(random_array(">c16", (3, 4, 5)))
    np.save(tmp_path / "a.npy", array)
    to("npy", tmp_path / "a.npy", tmp_path / "b.npy")
    again = np.load(tmp_path / "b.npy")
    assert again.flags.c_contiguous and again.dtype == np.dtype("<c16")
    assert again.tobytes() == little(array).tobytes()


def test_an_archive_is_read_by_numpy_and_zipfile(tmp_path: Path) -> None:
    names = ["z", "a", "layer.weight", "dir/inner", "Grüße 🙂", "", "with space", "..x", "n" * 60_000]
    saved = {name: random_array(DTYPES[i], (i, 3), i) for i, name in enumerate(names)}
    saved |= {dtype: random_array(dtype, (2, 5)) for dtype in DTYPES}
    np.savez(tmp_path / "m.npz", **saved)
    report = to("npz", tmp_path / "m.npz", tmp_path / "again.npz")
    assert report["tensors"] == len(saved)
    assert report["not_kept"] == []
    again = loaded(tmp_path / "again.npz")
    assert list(again) == list(saved)
    for name, array in saved.items():
        assert again[name].dtype == array.dtype and again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()
    with zipfile.ZipFile(tmp_path / "again.npz") as archive:
        assert archive.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    assert_same(listing(tmp_path / "again.npz", tmp_path / "out")[0], saved)


def test_values_start_at_multiples_of_64(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **{"n" * i: np.arange(i) for i in range(1, 70)})
    to("npz", tmp_path / "m.npz", tmp_path / "again.npz")
    content = (tmp_path / "again.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "again.npz") as archive:
        for entry in archive.infolist():
            name, extra = struct.unpack_from("<HH", content, entry.header_offset + 26)
            start = entry.header_offset + 30 + name + extra
            assert start % 64 == 0
            (header,) = struct.unpack_from("<H", content, start + 8)
            assert (start + 10 + header) % 64 == 0


def test_more_entries_than_16_bits_can_count(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        buffer = io.BytesIO()
        np.save(buffer, np.uint8(1))
        for i in range(65_540):
            archive.writestr(f"{i}.npy", buffer.getvalue())
    to("npz", tmp_path / "m.npz", tmp_path / "again.npz")
    with zipfile.ZipFile(tmp_path / "again.npz") as archive:
        assert archive.namelist() == [f"{i}.npy" for i in range(65_540)]
        assert archive.testzip() is None


def test_a_state_dict_is_written(tmp_path: Path) -> None:
    saved = {"conv.weight": torch.randn(8, 3, 3, 3), "turned": torch.arange(6.0).reshape(2, 3).t()}
    saved["tied"] = saved["conv.weight"]
    torch.save(saved, tmp_path / "m.pth")
    report = to("npz", tmp_path / "m.pth", tmp_path / "m.npz")
    assert report["not_kept"] == ["the tie of `tied` to `conv.weight`: both are written in full"]
    again = loaded(tmp_path / "m.npz")
    assert list(again) == list(saved)
    for name, tensor in saved.items():
        assert np.array_equal(again[name], tensor.numpy())


def test_dtypes_that_numpy_lacks_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2, dtype=torch.bfloat16), "b": torch.ones(2), "c": torch.ones(3, dtype=torch.float8_e4m3fn)},
               tmp_path / "m.pth")  # fmt: skip
    code, lines = run("--to-npz", tmp_path / "m.pth", tmp_path / "m.npz")
    assert code == 1
    assert lines[0]["error"] == "unsupported"
    assert "NumPy has no dtype for `a` (bfloat16 [2]), `c` (float8_e4m3fn [3]); nothing" in lines[0]["message"]
    assert not (tmp_path / "m.npz").exists()


@pytest.mark.parametrize("name", ["../x", "/x", "a\\b", "a\0b", "a/../../b"])
def test_names_that_no_archive_can_have_are_rejected(tmp_path: Path, name: str) -> None:
    torch.save({"fine": torch.ones(1), name: torch.ones(1)}, tmp_path / "m.pth")
    code, lines = run("--to-npz", tmp_path / "m.pth", tmp_path / "m.npz")
    assert code == 1
    assert lines[0]["error"] == "invalid_argument"
    assert "nothing was written" in lines[0]["message"]
    assert not (tmp_path / "m.npz").exists()


def test_an_npy_of_several_tensors_is_rejected(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", a=np.ones(1), b=np.ones(1))
    code, lines = run("--to-npy", tmp_path / "m.npz", tmp_path / "m.npy")
    assert code == 1
    assert lines[0]["error"] == "invalid_argument"
    assert "holds one tensor, but the source has 2" in lines[0]["message"]
    assert not (tmp_path / "m.npy").exists()
