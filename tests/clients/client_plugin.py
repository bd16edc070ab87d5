# SPDX-License-Identifier: Apache-2.0
"""A plugin of pytest: makes the clients importable, collects what came of each way of loading, and prints the table."""

import os
from collections import Counter

import pytest
import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # every module is made from a small configuration; nothing is downloaded

# timm and transformers import torchvision. Its wheel for CUDA cannot load its operators beside a torch for the CPU, and
# the import then fails over their missing names. Nothing here calls them.
try:
    import torchvision  # noqa: F401
except RuntimeError:
    operators = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision  # noqa: F401

rows = []


@pytest.fixture
def check(tmp_path, request):
    """A Check for one test, whose outcomes become a line of the table."""
    from client_checks import Check

    one = Check(tmp_path)
    yield one
    case = getattr(getattr(request.node, "callspec", None), "id", "") or request.node.originalname.removeprefix("test_")
    rows.append((request.path.stem.removeprefix("clients_"), case, one.outcomes))


def pytest_terminal_summary(terminalreporter):
    from client_checks import WAYS

    terminalreporter.section("what came of each way: equal, refused, or wrong")
    for client, case, outcomes in rows:
        said = ", ".join(f"{way}: {outcome}" for way, outcome in outcomes.items()) or "wrong"
        terminalreporter.write_line(f"{client:<13} {case:<30} {said}")
    modules = sum(not WAYS.keys().isdisjoint(outcomes) or "save" in outcomes for _, _, outcomes in rows)
    loops = sum(outcomes.keys() - WAYS.keys() - {"save"} != set() for _, _, outcomes in rows)
    results = Counter(outcome for _, _, outcomes in rows for outcome in outcomes.values())
    terminalreporter.write_line(f"{modules} modules, {loops} loops of clients: {dict(results)}")
