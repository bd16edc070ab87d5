# SPDX-License-Identifier: Apache-2.0
"""Every operation that changes a store or writes a file, as a command line, one line for each."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

BUILD = Path(os.environ["LANCEKEEP_BUILD"])
COMMAND = str(BUILD / "cli" / "lancekeep")
TOOL = str(BUILD / "tests" / "durability" / "lancekeep_durability_tool")


@dataclass(frozen=True)
class Operation:
    name: str
    start: str  # the content of the folder before the operation: see STARTS
    line: tuple
    renames: bool = True  # False: as on a file system without renameat2
    exchanges: bool = True  # False: as if the store's folder were in a lower layer of an overlay
    whole: bool = True  # True: the store changes in one step; False: each version and each tag does
    also: Callable | None = None  # computes another accepted state from the state before

    def __str__(self):
        return self.name.replace(" ", "_")


def command(name, start, *line, **options):
    return Operation(name, start, (COMMAND, *line), **options)


IMPORT = ("import", "second.safetensors", "m.lance", "-m", "second", "--set", "loss=1", "--quiet")
def without_rewriting(found):
    """If the rewritten file does not fit on the disk, gc does the rest, and a note says so."""
    return {"versions": {"2": found["versions"]["2"]}, "tags": {}}


GC = ("gc", "m.lance", "--keep-last", "1", "--orphans-older-than", "0s")
OPERATIONS = [
    command("import into nothing", "nothing", "import", "first.safetensors", "m.lance", "--quiet"),
    command("import that shares", "one", *IMPORT),
    command("import without renameat2", "one", *IMPORT, renames=False),
    command("import with a tag", "one", *IMPORT, "--tag", "new", whole=False),
    command("import that moves a tag", "one", *IMPORT, "--tag", "base", "--move-tag", whole=False),
    command("tag", "two", "tag", "m.lance", "new"),
    command("tag --force", "two", "tag", "m.lance", "base", "--force"),
    command("tag -d", "two", "tag", "m.lance", "-d", "base"),
    command("restore", "two", "restore", "m.lance", "1"),
    command("gc", "many", *GC, whole=False),
    command("gc that rewrites", "worn", *GC, whole=False, also=without_rewriting),
    command("export over a file", "two", "export", "m.lance", "out.safetensors", "--force", "--quiet"),
    Operation("replace", "two", (TOOL, "replace", "m.lance", "third.safetensors")),
    Operation("new store in the place of another", "two", (TOOL, "publish", "m.lance", "third.safetensors")),
    Operation("replace of a folder that cannot be renamed", "two", (TOOL, "replace", "m.lance", "third.safetensors"),
              exchanges=False, whole=False),
    Operation("first save into a created store", "nothing", (TOOL, "create", "m.lance", "first.safetensors")),
]


def tensors(seed):
    """Five tensors; the first two depend on the seed."""
    return {f"layer.{i}": np.arange(100, dtype=np.float32) * i + (seed if i < 2 else 0) for i in range(5)}


FILES = ("first", "second", "third", "next")
STARTS = {  # files to import and tags to set, in this order
    "nothing": (),
    "one": ("first", "base"),
    "two": ("first", "base", "second"),
    "many": ("first", "base", "second", "third", "next"),
    "worn": ("first", "second"),
}
ORPHAN = "m.lance/_transactions/1-1323e9e9-eaf3-4b17-9fcd-e12a0946f3ba.txn"


def prepare(folder):
    """Makes folder/<start> for each start."""
    run = lambda *line: subprocess.run([COMMAND, *line], cwd=place, check=True, stdout=subprocess.DEVNULL)
    for start, steps in STARTS.items():
        place = folder / start
        place.mkdir()
        for seed, name in enumerate(FILES, 1):
            save_file(tensors(seed), place / f"{name}.safetensors")
        for step in steps:
            if step in FILES:
                run("import", f"{step}.safetensors", "m.lance", "-m", step, "--quiet")
            else:
                run("tag", "m.lance", step)
        if steps:
            run("export", "m.lance", "out.safetensors", "--at", "1", "--quiet")
        if start == "many":
            (place / ORPHAN).write_text("orphan")


class Place:
    """A copy of a start, in which an operation runs."""

    def __init__(self, folder, source):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)

    def files(self):
        """The names of all files."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def look(self):
        """What a reader finds in the store and in the exported file; then one more save, which must work."""
        out = self.folder / "out.safetensors"
        exported = out.read_bytes() if out.exists() else None
        done = subprocess.run([TOOL, "check", "m.lance", "next.safetensors"], cwd=self.folder, capture_output=True)
        return exported, done.stdout if done.returncode == 0 else b"", done.stderr.decode()
