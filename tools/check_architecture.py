#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the picture in ARCHITECTURE.md with the tree and with the layers of check_includes.py.

    tools/check_architecture.py [--root DIR]

Every folder in the picture must exist, every folder with sources must be in the picture, the "uses" of each folder
must be what check_includes.py allows it to include, and every path named on the page must exist. Exit status 0 if
all of this is true; otherwise 1, after a list of the differences.
"""

import argparse
import re
import sys
from pathlib import Path

from check_includes import LAYERS

PAGE = "ARCHITECTURE.md"
LINE = re.compile(r"^(?P<indent> *)(?P<folder>\S+/) +(?P<what>.*?)(?:  +uses (?P<uses>.*))?$")
PATH = re.compile(r"`((?:src|cli|python|include|tests|tools|fuzz|bench)/[\w./]*)`")
TESTS_ONLY = ("testing", "tests")  # folders with these names have no line in the picture
EVERYWHERE = ("src/io", "src/tensor")  # drawn where they are all that a folder uses
PART_OF_ANOTHER = {"src/lance/encoding/v2_0": "src/lance/encoding", "include/lancekeep/libtorch": "include/lancekeep"}


def picture(text):
    """{folder: [names of what it uses]}, with folders as paths, in the order of the page."""
    found, top = {}, ""
    for line in text.split("```")[1].splitlines():
        match = LINE.match(line)
        if not match:
            continue
        name = match["folder"].rstrip("/")
        top = top if match["indent"] else name
        found[f"{top}/{name}" if match["indent"] else name] = (match["uses"] or "").split()
    return found


def resolved(folder, name, folders):
    """The path that `name` means in the line of `folder`: its sibling, its subfolder, or a folder of src/."""
    parent = folder.rpartition("/")[0]
    for path in (f"{parent}/{name}", f"{folder}/{name}", f"src/{name}", name):
        if path in folders and path != folder:
            return path
    return None


def reached(folder, uses):
    """What `folder` may include: the folders in its line; of Lance's, also those below them."""
    found = set(uses[folder])
    if "src/lance" in found:
        found.add("src/lance/table")
    for path in [path for path in found if path.startswith("src/lance/")]:
        found |= reached(path, uses)
    return found


def folders_with_sources(root):
    found = set()
    for top in ("src", "include", "cli"):
        for path in (root / top).rglob("*"):
            folder = path.parent.relative_to(root)
            if path.suffix in (".h", ".cc") and not set(folder.parts) & set(TESTS_ONLY):
                found.add(PART_OF_ANOTHER.get(folder.as_posix(), folder.as_posix()))
    return found


def check_uses(uses):
    findings = []
    for layer in LAYERS:
        if layer.folder not in uses or not layer.folder.startswith("src/"):
            continue
        allowed = {f"src/{name}" for name in layer.own if name.rpartition("/")[2] not in TESTS_ONLY}
        drawn = reached(layer.folder, uses)
        for path in sorted((allowed ^ drawn) - {layer.folder, "src/lance", *EVERYWHERE}):
            where = "check_includes.py allows it, the picture does not" if path in allowed else "only the picture says so"
            findings.append(f"{PAGE}: {layer.folder} uses {path}: {where}")
    return findings


def check(root):
    text = (root / PAGE).read_text(encoding="utf-8")
    drawn = picture(text)
    there = folders_with_sources(root)
    findings = [f"{PAGE}: {folder} is drawn, but does not exist" for folder in drawn if not (root / folder).is_dir()]
    findings += [f"{PAGE}: {folder} has sources, but is not drawn" for folder in sorted(there - set(drawn))]
    findings += [f"{PAGE}: `{path}` does not exist" for path in PATH.findall(text) if not (root / path).exists()]
    uses = {}
    for folder, names in drawn.items():
        top = folder.rpartition("/")[0]
        names = names + (drawn.get(top, []) if top not in there else [])  # parts inherit, unless the whole has sources too
        uses[folder] = [resolved(folder, name, drawn) for name in names if name != "include"]
        findings += [f"{PAGE}: {folder} uses {name}, which is not drawn" for name in names
                     if name != "include" and resolved(folder, name, drawn) is None]  # fmt: skip
    return drawn, findings or check_uses(uses)


def main():
    parser = argparse.ArgumentParser(description="Compares ARCHITECTURE.md with the tree and its layers.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    drawn, findings = check(parser.parse_args().root.resolve())
    for finding in findings:
        print(finding)
    print(f"{len(drawn)} folders drawn, {len(findings)} differences")
    return 1 if findings or not drawn else 0


if __name__ == "__main__":
    sys.exit(main())
