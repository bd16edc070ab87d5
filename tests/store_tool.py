# SPDX-License-Identifier: Apache-2.0
"""A store in a process of its own, which runs the commands it reads: see histories/store_tool.cc."""

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

BUILD = Path(os.environ["LANCEKEEP_BUILD"])


class Tensor(NamedTuple):
    name: str
    dtype: str
    shape: tuple
    bytes: bytes
    tied_to: str | None = None

    def to_json(self):
        return {**self._asdict(), "bytes": self.bytes.hex()}

    @classmethod
    def from_json(cls, found):
        shape, content = tuple(found["shape"]), bytes.fromhex(found["bytes"])
        return cls(**{**found, "shape": shape, "bytes": content})


class StoreError(Exception):
    def __init__(self, code, what):
        super().__init__(f"{code}: {what}")
        self.code, self.what = code, what


class StoreTool:
    def __init__(self, path):
        (program,) = BUILD.rglob("lancekeep_store_tool")
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self("open", path=str(path))

    def __call__(self, verb, **arguments):
        """What the tool answers. Raises StoreError where it says that it could not."""
        self.process.stdin.write(json.dumps({"do": verb, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the tool is gone at `{verb}`, status {self.process.wait()}"
        answer = json.loads(line)
        if "error" in answer:
            raise StoreError(answer["error"]["code"], answer["error"]["what"])
        return answer["ok"]

    def save(self, tensors, verb="save", **arguments):
        return self(verb, tensors=[tensor.to_json() for tensor in tensors], **arguments)

    def read(self, version):
        return [Tensor.from_json(found) for found in self("read", version=version)["tensors"]]

    def held(self, number):
        return [Tensor.from_json(found) for found in self("held", held=number)]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


@contextmanager
def quick_folder():
    """A folder that is gone afterwards; in memory where the system has that, since fsync costs nothing there."""
    shared_memory = Path("/dev/shm")
    there = shared_memory if os.access(shared_memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lancekeep-", dir=there) as folder:
        yield Path(folder)
