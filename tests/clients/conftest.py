# SPDX-License-Identifier: Apache-2.0
"""Makes the clients importable, counts what came of each way of loading, and prints the table."""

import os

import pytest
import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # every module is made from a small configuration; nothing is downloaded

# timm and transformers import torchvision. Its wheel for CUDA cannot load its operators beside a torch for the CPU, and the
# import then fails over their missing names. Nothing here calls them.
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
    ways = list(dict.fromkeys(way for _, _, outcomes in rows for way in outcomes))
    terminalreporter.section("what came of each way: equal, refused, or wrong")
    for client, case, outcomes in rows:
        said = ", ".join(f"{way}: {outcomes[way]}" for way in ways if way in outcomes)
        terminalreporter.write_line(f"{client:<14}{case:<28}{said}")
    counts = {result: sum(list(outcomes.values()).count(result) for _, _, outcomes in rows) for result in ("equal", "refused", "wrong")}
    terminalreporter.write_line(", ".join(f"{count} {result}" for result, count in counts.items()))
