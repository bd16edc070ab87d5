# SPDX-License-Identifier: Apache-2.0
"""Explains why the names of a version are not those of a target, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from ._errors import listed

# Parts of names that wrappers add in the middle of a module: torch.compile, checkpointing, FSDP, DataParallel.
WRAPPERS = ("_orig_mod.", "_checkpoint_wrapped_module.", "_fsdp_wrapped_module.", "module.")


def quoted(names: Iterable[str]) -> str:
    return listed(f"`{name}`" for name in names)


def advice(version: Collection[str], target: Collection[str], module: Any = None) -> str:
    """What to do if names differ; empty if nothing is known to help. ``module`` is the target, if it is a module.

    ``version`` and ``target`` are the names of all tensors that each has.
    """
    if prefixes := shared_prefixes(version, target):
        whole = all(name.startswith(prefixes[0]) for name in version)
        start = "all names in the version start" if whole else "the names match if those in the version start"
        use = " or ".join(f"prefix={prefix!r}" for prefix in prefixes)
        return f"{start} with `{prefixes[0]}`: pass {use} to Store.load_into()"
    if prefixes := shared_prefixes(target, version):
        inner = prefixes[0].removesuffix(".")
        where = f"load into the module inside it, target.{inner}" if module is not None else "remove it from the names"
        return f"the names of the target start with `{prefixes[0]}`, which those in the version lack: {where}"
    for part in WRAPPERS:
        if more_match({name.replace(part, "") for name in version}, target, version):
            return (
                f"the version was saved from a wrapped module, whose names have `{part}` inside: load"
                f" {{name.replace({part!r}, ''): value for name, value in store.load().items()}} with load_state_dict()"
            )
        if more_match({name.replace(part, "") for name in target}, version, target):
            return f"modules inside the target are wrapped, which adds `{part}` to their names: load before that"
    if is_transformers(module):
        return (
            f"transformers renames tensors while it loads: {type(module).__name__}.from_pretrained(None,"
            " config=model.config, state_dict=store.load()) may take these names"
        )
    return ""


def shared_prefixes(longer: Collection[str], shorter: Collection[str]) -> list[str]:
    """The prefixes, each ending in a dot, without which most names of ``longer`` are in ``shorter``.

    None, if as many are in ``shorter`` as they are.
    """
    known = set(shorter)
    counts: Counter[str] = Counter()
    for name in longer:
        for at, char in enumerate(name):
            if char == "." and name[at + 1 :] in known:
                counts[name[: at + 1]] += 1
    most = max(counts.values(), default=0)
    return [prefix for prefix, count in counts.items() if count == most] if most > len(known & set(longer)) else []


def more_match(renamed: set[str], others: Collection[str], before: Collection[str]) -> bool:
    return sum(name in renamed for name in others) > sum(name in before for name in others)


def is_transformers(module: Any) -> bool:
    kinds = type(module).__mro__
    return hasattr(module, "from_pretrained") and any(kind.__module__.startswith("transformers.") for kind in kinds)
