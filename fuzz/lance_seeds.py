# SPDX-License-Identifier: Apache-2.0
"""Seeds of the fuzz targets of the Lance format: the datasets of tests/lance/matrix.py, with fewer rows.

Data files and manifests are taken as they are. Pages are extracted from the data files, the smallest of each kind of
message, in the form of page_case.h.
"""

import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import lance_pages
import pyarrow as pa
import pyarrow.ipc
from lance_pages import V2_0_DICTIONARY, V2_0_VALUES, V2_1, page_case

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "lance"))
import matrix  # noqa: E402

ROWS, MANY_ROWS = 8, 150
TOO_LARGE = ("batches", "huge")
BIG_NUMBER = 64  # a number up to this one in a message is likely to be a kind, not a count
MOST_BUFFERS = 6

Seeds = dict[str, list[tuple[str, bytes]]]


def few_lengths(rows: int, pattern: str, rng) -> list[int]:
    if pattern == "long":
        return [600 if row == 1 else int(rng.integers(1, 5)) for row in range(rows)]
    return [int(rng.integers(0, 3)) * 2 if pattern == "empties" else int(rng.integers(1, 6)) for _ in range(rows)]


def small_datasets(folder: Path) -> Iterator[Path]:
    matrix.ROWS, matrix.MANY_ROWS, matrix.lengths_of = ROWS, MANY_ROWS, few_lengths
    for name in matrix.names():
        if not name.endswith(TOO_LARGE):
            matrix.make_one(folder, name)
            yield folder / name


def varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (message[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if message[at - 1] < 128:
            return number, at


def fields_of(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        if key & 7 == 0:
            value, at = varint(message, at)
        elif key & 7 == 2:
            size, at = varint(message, at)
            value, at = message[at : at + size], at + size
            if len(value) != size:
                raise ValueError("the message is cut short")
        else:
            raise ValueError("not a field that Lance has")
        yield key >> 3, value


def numbers_of(packed: bytes) -> list[int]:
    numbers, at = [], 0
    while at < len(packed):
        number, at = varint(packed, at)
        numbers.append(number)
    return numbers


def kind_of(message: bytes) -> tuple:
    """A key that is equal for two messages if they differ only in sizes."""
    try:
        fields = list(fields_of(message))
    except (ValueError, IndexError):
        return ()
    return tuple((tag, (value if value <= BIG_NUMBER else -1) if isinstance(value, int) else kind_of(value))
                 for tag, value in fields)  # fmt: skip


def column_messages(file: bytes) -> Iterator[bytes]:
    table, columns = struct.unpack("<Q", file[-32:-24])[0], struct.unpack("<I", file[-12:-8])[0]
    for column in range(columns):
        start, size = struct.unpack_from("<QQ", file, table + 16 * column)
        yield file[start : start + size]


def page_seed(page: dict, file: bytes) -> tuple[tuple, bytes]:
    """Returns the page's kind, and the page as an input of fuzz_page."""
    any_message = dict(fields_of(dict(fields_of(dict(fields_of(page[4]))[2]))[1]))  # Encoding, DirectEncoding, Any
    message = any_message.get(2, b"")
    places = zip(numbers_of(page.get(1, b"")), numbers_of(page.get(2, b"")))
    buffers = [file[start : start + size] for start, size in places]
    is_v2_0 = any_message[1].endswith(b"ArrayEncoding")
    form = (V2_0_DICTIONARY if b"\x3a" == message[:1] else V2_0_VALUES) if is_v2_0 else V2_1
    return (form, kind_of(message), len(buffers)), page_case(form, page.get(3, 0), message, *buffers)


def pages_of(name: str, file: bytes) -> Iterator[tuple[tuple, str, bytes]]:
    for index, column in enumerate(column_messages(file)):
        for number, (tag, message) in enumerate(fields_of(column)):
            page = dict(fields_of(message)) if tag == 2 else {}
            sizes = numbers_of(page.get(2, b""))
            if page and len(sizes) <= MOST_BUFFERS and max(sizes, default=0) < 1 << 16:
                kind, seed = page_seed(page, file)
                yield kind, f"{name}-{index}-{number}", seed


def deletion_files() -> Iterator[tuple[str, bytes]]:
    """Inputs of fuzz_deletions: u8 kind (0: Arrow, 1: Roaring), u16 rows, and the file."""
    rows = pa.table({"row_id": pa.array([1, 2, 5, 700], pa.uint32())})
    for compression in (None, "zstd", "lz4"):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
            writer.write_table(rows)
        yield f"arrow-{compression}", struct.pack("<BH", 0, 4) + sink.getvalue().to_pybytes()
    few = struct.pack("<IIHHI3H", 12346, 1, 0, 2, 16, 3, 4, 900)
    yield "roaring-few", struct.pack("<BH", 1, 3) + few
    bits = struct.pack("<IIHHI", 12346, 1, 0, 5000 - 1, 16) + bytes([255] * 625 + [0] * (8192 - 625))
    yield "roaring-bits", struct.pack("<BH", 1, 5000) + bits
    runs = struct.pack("<IBHHHHH", 12347, 1, 0, 9, 1, 20, 9)
    yield "roaring-runs", struct.pack("<BH", 1, 10) + runs


def worth_keeping(files: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The smallest files that, taken together, have all kinds of columns."""
    seen: set[tuple] = set()
    for name, file in sorted(files, key=lambda each: len(each[1])):
        kinds = {kind_of(column) for column in column_messages(file)}
        if not kinds <= seen:
            seen |= kinds
            yield name, file


def seeds() -> Seeds:
    pages: dict[tuple, tuple[str, bytes]] = {}
    files, manifests = [], []
    with tempfile.TemporaryDirectory() as folder:
        for dataset in small_datasets(Path(folder)):
            for index, path in enumerate(sorted(dataset.glob("data/*.lance"))):
                name, file = f"{dataset.name}-{index}", path.read_bytes()
                files.append((name, file))
                for kind, page_name, seed in pages_of(name, file):
                    if kind not in pages or len(seed) < len(pages[kind][1]):
                        pages[kind] = (page_name, seed)
            newest = min(dataset.glob("_versions/*.manifest"))
            manifests.append((dataset.name, newest.read_bytes()))
    made = list(lance_pages.pages())
    return {"page": [*pages.values(), *made], "data_file": list(worth_keeping(files)), "manifest": manifests,
            "deletions": list(deletion_files())}  # fmt: skip
