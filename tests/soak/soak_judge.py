# SPDX-License-Identifier: Apache-2.0
"""Compares what a store acknowledged with what is there. Knows nothing of processes: it gets operations and a Found.

A version or a tag that was acknowledged may be missing only if
  - a replacement of the store that ended later explains it,
  - a gc that ended later reported it as removed, or
  - a gc that died could have removed it: it was not tagged, and `keep_last` newer versions existed or were being made.
Everything else is lost. Interrupted and killed operations may have happened or not.
"""

from collections import Counter
from dataclasses import dataclass, field

KINDS = ("hangs", "lost", "damaged", "failed loads", "unexpected errors")
MAKES_VERSIONS = ("save", "replace", "restore")

# Errors that the others cause, which is not a fault: operation → codes, by store.
EXPECTED = {
    "kept": {
        "tag": {"not_found"},  # gc was faster
        "restore": {"not_found"},
        "verify": {"not_found"},  # the tag was deleted
    },
    "replaced": {
        "save": {"conflict"},  # the store that it opened was replaced: it opens it again
        "tag": {"not_found", "conflict"},
        "untag": {"not_found", "conflict"},
        "restore": {"not_found", "conflict"},
        "gc": {"conflict"},
        "verify": {"not_found", "conflict"},
        "look": {"conflict"},
    },
}


@dataclass(frozen=True)
class Problem:
    kind: str
    text: str


@dataclass
class Found:
    """What a store has while nobody uses it. A content is an identity, or a text that says why it cannot be loaded."""

    messages: dict = field(default_factory=dict)  # of each version
    contents: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)  # of verify


def waited(operation, stops, now):
    """How long an operation took, less the time in which any process was stopped."""
    begin, end = operation.begin, operation.end if operation.end is not None else now
    time, reached = end - begin, begin
    for start, stop in sorted(stops):
        start, stop = max(start, reached), min(stop, end)
        if start < stop:
            time -= stop - start
            reached = stop
    return time


def hangs(operations, stops, limit, now):
    for operation in operations:
        took = waited(operation, stops, now)
        if took > limit:
            yield Problem("hangs", f"{operation} took {took:.1f} s, in which no process was stopped")


def failures(operations):
    """Loads that failed, damage that a verification met, and errors that nobody caused."""
    for operation in operations:
        if operation.status != "error" or operation.code in EXPECTED[operation.store].get(operation.what, ()):
            continue
        kind = "failed loads" if operation.what in ("load", "look") else "unexpected errors"
        if operation.code in ("corrupt", "damage"):
            kind = "damaged"
        yield Problem(kind, f"{operation}: {operation.code}: {operation.text}")


class StoreJudge:
    """Goes with one store from round to round, and remembers what must still be there."""

    def __init__(self, name):
        self.name = name
        self._versions = []  # acknowledged operations that made a version which is still there
        self._tags = []  # acknowledged operations that made a tag which nobody has deleted
        self._moving = {}  # a tag that is moved → versions that it may point to
        self.silent = 0  # interrupted saves that are there, though the exception did not say so

    def judge(self, operations, found):
        """The problems of a round, whose operations are all over."""
        ours = [operation for operation in operations if operation.store == self.name]
        acknowledged = [operation for operation in ours if operation.status == "ok"]
        self._versions += [operation for operation in acknowledged if operation.what in MAKES_VERSIONS]
        self._tags += [operation for operation in acknowledged if _new_tag(operation)]
        problems = [Problem("damaged", f"{self.name}: {finding}") for finding in found.findings]
        problems += self._check_contents(found)
        problems += self._check_numbers(ours)
        problems += self._check_versions(ours, found)
        problems += self._check_tags(ours, found)
        problems += self._check_moving_tags(ours, found)
        self._count_silent(ours, found)
        return problems

    def _check_contents(self, found):
        for number, content in found.contents.items():
            if isinstance(content, str):
                yield Problem("damaged", f"{self.name}: version {number} cannot be loaded: {content}")

    def _check_numbers(self, ours):
        if any(operation.what == "replace" for operation in ours):
            return  # which starts again at 1
        for number, count in Counter(operation.result["version"] for operation in self._versions).items():
            if count > 1:
                yield Problem("lost", f"{self.name}: version {number} was acknowledged {count} times")

    def _check_versions(self, ours, found):
        standing = []
        for operation in self._versions:
            number, identity = operation.result["version"], operation.result.get("identity")
            if number in found.contents and identity in (None, found.contents[number]):
                standing.append(operation)
            elif number in found.contents and isinstance(found.contents[number], str):
                continue  # counted as damaged
            elif not self._may_be_gone(operation, number, ours):
                yield Problem("lost", f"{self.name}: version {number}, acknowledged by {operation}")
        self._versions = standing

    def _may_be_gone(self, made, number, ours):
        return _was_replaced(made, ours) or any(
            gc.what == "gc" and gc.end > made.begin and self._could_remove(gc, number, ours) for gc in ours
        )

    def _could_remove(self, gc, number, ours):
        if gc.status == "ok":
            return number in gc.result["removed"]
        tags = [tag for tag in self._tags if _tagged(tag) == number and tag.end < gc.begin]
        if any(not _untagged(tag, ours, gc.end) for tag in tags):
            return False
        newer = sum(
            operation.what in MAKES_VERSIONS
            and operation.begin < gc.end
            and operation.result.get("version", number + 1) > number
            for operation in [*self._versions, *(other for other in ours if other.status != "ok")]
        )
        return newer >= gc.arguments["keep_last"]

    def _check_tags(self, ours, found):
        standing = []
        for operation in self._tags:
            name, number = operation.arguments["tag"], _tagged(operation)
            if _was_replaced(operation, ours) or _untagged(operation, ours, float("inf")):
                continue
            standing.append(operation)
            if found.tags.get(name) != number:
                there = f"points to {found.tags[name]}" if name in found.tags else "is not there"
                yield Problem("lost", f"{self.name}: the tag `{name}` of version {number} {there}: {operation}")
        self._tags = standing

    def _check_moving_tags(self, ours, found):
        if any(operation.what == "replace" for operation in ours):
            self._moving.clear()
            return
        for operation in sorted(ours, key=lambda operation: operation.begin):
            if operation.what != "tag" or not operation.arguments.get("force") or operation.status == "error":
                continue
            name, number = operation.arguments["tag"], operation.arguments["version"]
            before = set() if operation.status == "ok" else self._moving.get(name, {None})
            self._moving[name] = before | {number}
        for name, possible in self._moving.items():
            number = found.tags.get(name)
            if number not in possible:
                yield Problem("lost", f"{self.name}: the tag `{name}` points to {number}, expected {possible}")

    def _count_silent(self, ours, found):
        there = {message for message in found.messages.values() if message}
        for operation in ours:
            if operation.status == "interrupted" and operation.arguments.get("message") in there:
                number = next(n for n, message in found.messages.items() if message == operation.arguments["message"])
                self.silent += str(number) not in operation.text


def _new_tag(operation):
    moves = operation.arguments.get("force")
    return bool(operation.arguments.get("tag")) and not moves and operation.what in ("save", "tag")


def _tagged(operation):
    return operation.result["version"]


def _untagged(tag, ours, before):
    return any(
        other.what == "untag"
        and other.arguments["tag"] == tag.arguments["tag"]
        and other.status != "error"
        and tag.begin < other.begin < before
        for other in ours
    )


def _was_replaced(made, ours):
    others = [other for other in ours if other.what == "replace" and other.status != "error" and other is not made]
    return any(other.end > made.begin for other in others)
