# SPDX-License-Identifier: Apache-2.0
"""What torch itself brings: optimizers, schedulers, averages, parametrized, hooked and quantized modules."""

import pytest
import torch
from client_checks import scrambled
from torch import nn
from torch.nn.utils import prune

NAMES = [
    name
    for name, kind in vars(torch.optim).items()
    if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer) and name not in ("Optimizer", "SparseAdam")
]  # SparseAdam takes sparse gradients only; what it keeps is what Adam keeps


def stepped(name, steps):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4, bias=False), nn.Tanh(), nn.Linear(4, 2, bias=False))  # Muon takes matrices only
    optimizer = getattr(torch.optim, name)(net.parameters(), lr=0.1)

    def closure():  # LBFGS needs one
        optimizer.zero_grad()
        loss = net(torch.ones(2, 3)).pow(2).sum()
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return optimizer


@pytest.mark.parametrize("name", NAMES)
def test_optimizers(check, name):
    optimizer, other = stepped(name, 3), stepped(name, 1)
    check.store().save(optimizer.state_dict())
    other.load_state_dict(check.store().load())
    check.loop("save, load, load_state_dict", optimizer.state_dict(), other.state_dict())


def test_there_are_optimizers():
    assert {"Adam", "AdamW", "SGD", "LBFGS", "Muon"} <= set(NAMES)


SCHEDULERS = {
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 5),
    "one cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.5, total_steps=9),
    "plateau": lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o),
    "sequence": lambda o: torch.optim.lr_scheduler.SequentialLR(
        o, [torch.optim.lr_scheduler.ConstantLR(o), torch.optim.lr_scheduler.StepLR(o, 2)], [2]
    ),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers(check, name):
    schedulers = [SCHEDULERS[name](stepped("SGD", 1)) for _ in range(2)]
    for _ in range(3):
        schedulers[0].step(*([0.5] if name == "plateau" else []))
    check.store().save(schedulers[0].state_dict())
    schedulers[1].load_state_dict(check.store().load())
    check.loop("save, load, load_state_dict", schedulers[0].state_dict(), schedulers[1].state_dict())


class Scaled(nn.Linear):
    """As the layers of 8-bit floats: a tensor that get_extra_state makes when it is asked."""

    scale = 1.0

    def get_extra_state(self):
        return torch.tensor([self.scale])

    def set_extra_state(self, state):
        self.scale = float(state)


class Packed(nn.Linear):
    """A state dict of copies, which a hook makes."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.register_state_dict_post_hook(copy_all)


def copy_all(module, state, prefix, local_metadata):
    for name in list(state):
        state[name] = state[name].detach().clone()


def scaled(scale):
    net = Scaled(3, 3)
    net.scale = scale
    return net


MODULES = {
    "extra state": lambda: scaled(1.0),
    "hook": lambda: Packed(3, 3),
    "quantized": lambda: torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 3)), {nn.Linear}),
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(nn.Linear(3, 3)),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3)),
    "orthogonal": lambda: nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), use_trivialization=False),
    "pruned": lambda: prune.l1_unstructured(nn.Linear(4, 4), "weight", 0.5),
    "data parallel": lambda: nn.DataParallel(nn.Linear(3, 3)),
    "compiled": lambda: torch.compile(nn.Linear(3, 3)),
    "lstm": lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True),
    "attention": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "scripted": lambda: torch.jit.script(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_of_torch(check, name):
    source = scrambled(scaled(8.0) if name == "extra state" else MODULES[name](), seed=0)
    refused = ("save",) if name == "quantized" else ()
    check.module(source, lambda: scrambled(MODULES[name](), seed=1), refused)
