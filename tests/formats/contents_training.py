# SPDX-License-Identifier: Apache-2.0
"""Training checkpoints: model, optimizer and scheduler after some steps, with every optimizer and scheduler of torch."""

import inspect
import random
from collections.abc import Callable

import torch
from torch.optim import lr_scheduler

ARGUMENTS = {"Muon": {"lr": 0.01}, "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True}, "Adam": {"amsgrad": True}}


def optimizers() -> list[type]:
    found = [value for value in vars(torch.optim).values() if inspect.isclass(value)]
    return [kind for kind in found if issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer]


def schedulers() -> dict[str, Callable]:
    """Maps a name to a function that makes the scheduler for an optimizer."""
    s = lr_scheduler
    return {
        "StepLR": lambda o: s.StepLR(o, 2),
        "MultiStepLR": lambda o: s.MultiStepLR(o, [2, 4]),
        "ConstantLR": lambda o: s.ConstantLR(o),
        "LinearLR": lambda o: s.LinearLR(o),
        "ExponentialLR": lambda o: s.ExponentialLR(o, 0.9),
        "PolynomialLR": lambda o: s.PolynomialLR(o),
        "CosineAnnealingLR": lambda o: s.CosineAnnealingLR(o, 10),
        "CosineAnnealingWarmRestarts": lambda o: s.CosineAnnealingWarmRestarts(o, 3),
        "LambdaLR": lambda o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
        "MultiplicativeLR": lambda o: s.MultiplicativeLR(o, lambda epoch: 0.9),
        "ReduceLROnPlateau": lambda o: s.ReduceLROnPlateau(o),
        "OneCycleLR": lambda o: s.OneCycleLR(o, 0.1, total_steps=10),
        "CyclicLR": lambda o: s.CyclicLR(o, 0.01, 0.1),
        "SequentialLR": lambda o: s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.9)], [2]),
        "ChainedScheduler": lambda o: s.ChainedScheduler([s.ConstantLR(o), s.ExponentialLR(o, 0.9)]),
    }


def model_for(kind: type) -> torch.nn.Module:
    torch.manual_seed(1)
    if kind is torch.optim.SparseAdam:
        return torch.nn.Embedding(5, 3, sparse=True)
    bias = kind is not torch.optim.Muon  # Muon accepts only matrices
    return torch.nn.Sequential(torch.nn.Linear(4, 3, bias=bias), torch.nn.Tanh(), torch.nn.Linear(3, 2, bias=bias))


def checkpoint(kind: type, make_scheduler: Callable) -> dict:
    model = model_for(kind)
    optimizer = kind(model.parameters(), **ARGUMENTS.get(kind.__name__, {}))
    if kind is torch.optim.SGD:
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "lr": 0.01})
    scheduler = make_scheduler(optimizer)
    batch = torch.arange(3) if kind is torch.optim.SparseAdam else torch.linspace(-1, 1, 8).reshape(2, 4)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(batch).square().sum()
        loss.backward()
        return loss

    for _ in range(2):
        loss = optimizer.step(closure)
        scheduler.step(*([loss.item()] if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau) else []))
    return {
        "epoch": 2, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(), "loss": loss.item(), "best": float("inf"),
        "rng": torch.get_rng_state(), "python_rng": random.Random(1).getstate(), "args": {"lr": 0.1, "devices": [0, 1]},
        "lightning_version": "2.0", "history": [(0, 1.5), (1, 0.25)],
    }  # fmt: skip


def contents() -> dict[str, Callable]:
    made = schedulers()
    found = {kind.__name__.lower(): lambda kind=kind: checkpoint(kind, made["StepLR"]) for kind in optimizers()}
    for name in made:
        found[f"scheduler {name}"] = lambda name=name: checkpoint(torch.optim.SGD, made[name])
    return found


CONTENTS = contents()
