# SPDX-License-Identifier: Apache-2.0
"""Metrics, whose state_dict() makes copies: numbers, matrices, and lists of tensors that grow."""

import pytest
import torch
import torchmetrics as tm

METRICS = {
    "mean": tm.MeanMetric,
    "accuracy": lambda: tm.Accuracy("multiclass", num_classes=3),
    "confusion": lambda: tm.ConfusionMatrix("multiclass", num_classes=3),
    "auroc binned": lambda: tm.AUROC("multiclass", num_classes=3, thresholds=5),
    "auroc": lambda: tm.AUROC("multiclass", num_classes=3),
    "collection": lambda: tm.MetricCollection(
        [tm.Accuracy("multiclass", num_classes=3), tm.CohenKappa("multiclass", num_classes=3)]
    ),
    "in a module": lambda: torch.nn.ModuleDict(
        {"net": torch.nn.Linear(2, 3), "metric": tm.Accuracy("multiclass", num_classes=3)}
    ),
}


def updated(name, seed):
    torch.manual_seed(seed)
    module = METRICS[name]()
    for metric in module.modules():
        if isinstance(metric, tm.Metric):
            metric.persistent(True)
            for _ in range(2):
                if isinstance(metric, tm.MeanMetric):
                    metric.update(torch.rand(4 + seed))
                else:
                    metric.update(torch.rand(40 + seed, 3).softmax(-1), torch.randint(3, (40 + seed,)))
    return module


@pytest.mark.parametrize("name", METRICS)
def test_modules(check, name):
    source = updated(name, seed=0)
    # What is not in the state dict, as the count of updates, is not compared; what the metric computes is.
    check.module(source, lambda: updated(name, seed=1), may_refuse=MAY_REFUSE.get(name, ()))
    other = updated(name, seed=1)
    other.load_state_dict(check.store().load())
    if hasattr(source, "compute"):
        check.loop("compute()", source.compute(), other.compute())


# A state of lists has other entries before each update, so the fast ways may refuse it; load_state_dict takes it.
MAY_REFUSE = {"auroc": ("load_into", "load_model")}
