#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that no file uses the words that the glossary of CONTRIBUTING.md replaces.

    tools/check_words.py [--root DIR]

Exit status 0 if none does; otherwise 1, after a list of places. The words are the glossary's left column: each entry
in backquotes is a regular expression. It is matched at word boundaries, and ignores case unless it has capitals.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

GLOSSARY = "CONTRIBUTING.md"
TEXT = {".h", ".cc", ".cpp", ".py", ".pyi", ".md", ".sh", ".txt", ".cmake", ".toml", ".yml", ".json", ""}
# Files that may use a word of the glossary: here, the files about the recipe in the published article.
EXEMPT = {"the recipe": ("docs/from-the-article.md", "tests/docs/", "tests/plain/", "tools/check_words.py")}
ROW = re.compile(r"^\| (`[^|]+`) \| ")


def glossary(root):
    """The words to avoid, as (entry of the glossary, compiled pattern)."""
    text = (root / GLOSSARY).read_text(encoding="utf-8")
    table = text.partition("## Glossary")[2].partition("\n## ")[0]
    words = [word for line in table.splitlines() if (row := ROW.match(line)) for word in re.findall(r"`([^`]+)`", row[1])]
    return [(word, re.compile(rf"\b(?:{word})\b", 0 if re.search(r"[A-Z]", word) else re.IGNORECASE)) for word in words]


def tracked_files(root):
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=root, text=True).split("\0")
    return [name for name in names if name and name != GLOSSARY and Path(name).suffix in TEXT and (root / name).is_file()]


def check_file(root, name, words):
    findings = []
    for number, line in enumerate((root / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        for word, pattern in words:
            if name.startswith(EXEMPT.get(word, ())):
                continue
            if pattern.search(line):
                findings.append(f"{name}:{number}: `{word}`: {line.strip()[:120]}")
    return findings


def main():
    parser = argparse.ArgumentParser(description="Checks that no file uses the words that the glossary replaces.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root.resolve()
    words = glossary(root)
    files = tracked_files(root)
    findings = [finding for name in files for finding in check_file(root, name, words)]
    for finding in findings:
        print(finding)
    if not words or not files:
        print("no glossary or no files found: wrong --root?")
        return 1
    print(f"{len(files)} files, {len(words)} words of the glossary, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
