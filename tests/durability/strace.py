# SPDX-License-Identifier: Apache-2.0
"""Lists the system calls of a process, and runs it again so that one of them fails or kills it."""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass

CHANGING = {
    "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "sync_file_range", "ftruncate", "fallocate",
    "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlinkat", "unlink", "unlinkat",
    "rmdir", "flock", "fchmod",
}  # fmt: skip
# These allocate space, so they fail on a full disk.
ALLOCATING = {"write", "pwrite64", "fsync", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "linkat"}
# These concern memory and the process itself: errors from them have nothing to do with the disk.
NOT_FILES = {
    "brk", "mmap", "munmap", "mprotect", "exit_group", "rt_sigaction", "rt_sigprocmask", "futex", "getrandom",
    "gettid", "getpid", "tgkill", "prlimit64", "madvise",
}  # fmt: skip
LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
RESULT = re.compile(r"= (\d+)<[^>]*>$")
OURS = re.compile(r"m\.lance|out\.safetensors")


@dataclass(frozen=True)
class Call:
    name: str
    number: int  # the call's number among the calls of this name, counted from 1 as strace does
    changes: bool
    is_close: bool
    counts: tuple  # calls of each name up to and including this one


def parse(log):
    """The calls in a log, starting with the first one that touches the store or the exported file."""
    seen, calls, written, touched = Counter(), [], set(), False
    for line in log.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        name, rest = match.groups()
        seen[name] += 1
        touched = touched or (name != "execve" and OURS.search(rest) is not None)
        changes = name in CHANGING
        if name == "openat" and "O_CREAT" in rest:
            changes = True
            result = RESULT.search(line)
            written |= {result.group(1)} if result else set()
        if name == "close":
            descriptor = re.match(r"\d+", rest).group()
            changes = descriptor in written
            written.discard(descriptor)
        if touched:
            calls.append(Call(name, seen[name], changes, name == "close", tuple(seen.items())))
    return calls


def trace(operation, place, log):
    """Runs the operation without injections; returns its calls."""
    line = ["strace", "-f", "-y", "-s", "0", "-o", str(log), *without_renames(operation), *operation.line]
    subprocess.run(line, cwd=place.folder, check=True, capture_output=True, timeout=60)
    return parse(log.read_text())


def without_renames(operation):
    if not operation.exchanges:  # the first one names the new store's manifest, the second exchanges the folders
        return ["-e", "inject=renameat2:error=EXDEV:when=2"]
    return [] if operation.renames else ["-e", "inject=renameat2:error=ENOSYS"]


def disturb(operation, place, injections):
    """Runs the operation with `injections`, which are pairs of a call's name and what strace injects into it."""
    names = {name for name, _ in injections} | (set() if operation.renames and operation.exchanges else {"renameat2"})
    line = ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + ",".join(sorted(names))]
    line += without_renames(operation)
    for name, what in injections:
        if name != "renameat2" or operation.exchanges:  # strace keeps only one injection into each call
            line += ["-e", f"inject={name}:{what}"]
    return subprocess.run([*line, *operation.line], cwd=place.folder, capture_output=True, text=True, timeout=60)


def killed(call):
    return [(call.name, f"signal=KILL:when={call.number}")]


def fails_once(call, error):
    return [(call.name, f"error={error}:when={call.number}")]


def fails_from(call, error):
    """A disk that stays full: this call, and every later one that needs space."""
    counts = dict(call.counts)
    counts[call.name] -= 1
    return [(name, f"error={error}:when={counts.get(name, 0) + 1}+") for name in sorted(ALLOCATING)]
