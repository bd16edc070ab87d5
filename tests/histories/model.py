# SPDX-License-Identifier: Apache-2.0
"""The expected content of a store: a plain dictionary of versions."""

from dataclasses import dataclass, field

from store_tool import Tensor

DTYPES = [  # name, shape, bytes
    ("float32", (2, 3), 24),
    ("bfloat16", (4,), 8),
    ("int8", (5,), 5),
    ("float64", (), 8),
    ("float16", (0, 4), 0),
    ("bool", (64, 20), 1280),
    ("json", (), 7),
    ("float5_of_tomorrow", (3, 3), 6),
]


def value(kind, seed):
    """A dtype, shape and bytes. There are few kinds and seeds, so that tensors with equal bytes are common."""
    dtype, shape, size = DTYPES[kind % len(DTYPES)]
    return dtype, shape, bytes((seed * 37 + i * 11) % 256 for i in range(size))


@dataclass
class Entry:
    name: str
    value: tuple
    group: str  # entries of one group share their storage


class Draft:
    """The tensors of a version, to change and save as the next one."""

    def __init__(self, tensors=()):
        self.entries = [
            Entry(t.name, (t.dtype, t.shape, t.bytes), t.tied_to or t.name) for t in tensors
        ]
        self.groups = 0

    def pick(self, number):
        return self.entries[number % len(self.entries)]

    def free_name(self, number):
        taken = {entry.name for entry in self.entries}
        names = (f"layer.{i}.wéight 'q'" if i % 3 else f"w{i}" for i in range(number, 10_000))
        return next(name for name in names if name not in taken)

    def new_group(self):
        self.groups += 1
        return f"group {self.groups}"  # free_name() never returns such a name

    def insert(self, place, name, content, group=None):
        entry = Entry(name, content, group or self.new_group())
        self.entries.insert(place % (len(self.entries) + 1), entry)

    def change(self, number, content):
        changed = self.pick(number)
        for entry in self.entries:
            if entry.group == changed.group:
                entry.value = content

    def tensors(self):
        """The tensors in order; in each group, the others are tied to the first."""
        first = {}
        for entry in self.entries:
            first.setdefault(entry.group, entry.name)
        tied_to = lambda entry: first[entry.group] if first[entry.group] != entry.name else None
        return [Tensor(entry.name, *entry.value, tied_to(entry)) for entry in self.entries]


@dataclass
class Version:
    tensors: list
    message: str = ""
    metadata: dict = field(default_factory=dict)


class Model:
    def __init__(self):
        self.versions = {}
        self.tags = {}
        self.without_ordinal = set()  # names that pylance appended without an ordinal and that were not saved since

    @property
    def newest(self):
        return max(self.versions, default=0)

    @property
    def tensors(self):
        """The tensors of the newest version."""
        return self.versions[self.newest].tensors if self.versions else []

    def pick(self, number):
        return sorted(self.versions)[number % len(self.versions)]

    def commit(self, tensors, message="", metadata=None):
        self.versions[self.newest + 1] = Version(list(tensors), message, metadata or {})

    def restore(self, version):
        restored = self.versions[version]
        metadata = {**restored.metadata, "restored_from": str(version)}
        self.commit(restored.tensors, restored.message or f"restore of version {version}", metadata)

    def rewrite(self):
        """What gc does when it commits the newest version again, with fewer files."""
        newest = self.versions[self.newest]
        message = newest.message.removeprefix("gc: ")
        message = "gc" if message in ("", "gc") else f"gc: {message}"
        self.commit(newest.tensors, message, newest.metadata)

    def replace(self, tensors, message):
        self.versions = {1: Version(list(tensors), message)}
        self.tags = {}

    def delete(self, name):
        """What happens when pylance deletes a row: tensors tied to it become untied."""
        left = [tensor for tensor in self.tensors if tensor.name != name]
        self.commit([t._replace(tied_to=None) if t.tied_to == name else t for t in left])

    def collectable(self, keep_last=None, all_are_old=True):
        """The versions that gc removes, oldest first."""
        if not all_are_old:
            return []
        kept = sorted(self.versions)[-(keep_last or 1) :]
        tagged = self.tags.values()
        return [v for v in sorted(self.versions) if v not in kept and v not in tagged]

    def remove(self, versions):
        for version in versions:
            del self.versions[version]

    def log(self):
        """What the tool's `log` must return."""
        return {
            "tags": self.tags,
            "versions": [
                {
                    "number": number,
                    "message": version.message,
                    "metadata": version.metadata,
                    "tags": sorted(name for name, v in self.tags.items() if v == number),
                    "tensors": len(version.tensors),
                    "bytes_total": sum(len(t.bytes) for t in version.tensors if not t.tied_to),
                    "damage": "",
                }
                for number, version in sorted(self.versions.items())
            ],
        }
