# SPDX-License-Identifier: Apache-2.0
"""Quantized layers of bitsandbytes, before and after they are quantized, and its optimizers."""

import bitsandbytes as bnb
import pytest
import torch
from client_checks import another, scrambled


def layers(kind, seed):
    torch.manual_seed(seed)
    if kind == "8 bits":
        return torch.nn.Sequential(bnb.nn.Linear8bitLt(64, 64, has_fp16_weights=False), torch.nn.Linear(64, 8))
    if kind == "embedding":
        return torch.nn.Sequential(bnb.nn.StableEmbedding(16, 8), torch.nn.Linear(8, 8))
    return torch.nn.Sequential(
        bnb.nn.Linear4bit(64, 64, quant_type=kind, compute_dtype=torch.float32), torch.nn.Linear(64, 8)
    )


KINDS = ["8 bits", "nf4", "fp4", "embedding"]


@pytest.mark.parametrize("kind", KINDS)
def test_before_quantizing(check, kind):
    may_refuse = ("save", "load_into", "load_model") if kind != "embedding" else ()
    check.module(layers(kind, 0), lambda: layers(kind, 1), may_refuse)


@pytest.mark.parametrize("kind", KINDS[:3])
def test_after_quantizing(check, kind):
    """On the CPU as on a GPU, `to` packs the weights; the states of quantization lie beside them in state_dict()."""
    every = ("save", "load_into", "load_model", "load_state_dict")
    check.module(layers(kind, 0).to("cpu"), lambda: layers(kind, 1).to("cpu"), may_refuse=every)


@pytest.mark.parametrize("name", ["AdamW", "AdamW8bit", "Lion8bit", "SGD8bit"])
def test_optimizers(check, name):
    net = torch.nn.Linear(64, 128)
    more = {"momentum": 0.9} if name.startswith("SGD") else {}
    optimizer = getattr(bnb.optim, name)(net.parameters(), lr=0.1, **more)
    net(torch.ones(2, 64)).sum().backward()
    try:
        optimizer.step()
    except Exception:  # without a GPU some have no kernel; then the state is empty, and what is saved are the groups
        pass
    check.saved_or_refused(name, optimizer.state_dict())
