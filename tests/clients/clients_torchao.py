# SPDX-License-Identifier: Apache-2.0
"""Quantized layers of torchao: tensor subclasses in place of parameters, never loaded as plain values."""

import pytest
import torch
from torchao.quantization import Int8DynamicActivationInt8WeightConfig, Int8WeightOnlyConfig, quantize_

CONFIGS = {"int8 weights": Int8WeightOnlyConfig, "int8 dynamic": Int8DynamicActivationInt8WeightConfig}


def plain(seed):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 8))


def quantized(name, seed):
    net = plain(seed)
    quantize_(net, CONFIGS[name]())
    return net


@pytest.mark.parametrize("name", CONFIGS)
def test_modules(check, name):
    check.module(
        quantized(name, 0),
        lambda: quantized(name, 1),
        may_refuse=("save", "load_into", "load_model", "load_state_dict"),
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_plain_values_into_a_quantized_module(check, name):
    """A store of plain weights, and a module that was quantized: loaded as torch does, or refused; never half."""
    check.store().save(plain(0))
    reference = quantized(name, 1)
    try:
        reference.load_state_dict(plain(0).state_dict())
    except RuntimeError:
        reference = None
    for way, load in check.ways().items():
        target = quantized(name, 1)
        check.as_torch_does(way, target, reference, lambda: load(target, check.store()))


@pytest.mark.parametrize("name", CONFIGS)
def test_flattened(check, name):
    """torchao's own way into a safetensors file: plain tensors, and metadata of what they were."""
    from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict, unflatten_tensor_state_dict

    net = quantized(name, 0)
    tensors, metadata = flatten_tensor_state_dict(net.state_dict())
    check.store().save(tensors, metadata=metadata)
    version = check.store().at()
    again, left = unflatten_tensor_state_dict(version.load(), version.info.metadata)
    other = quantized(name, 1)
    other.load_state_dict(again, assign=True)
    check.loop("flatten, save, load, unflatten", net.state_dict(), other.state_dict())


def test_optimizer_of_8_bits(check):
    from torchao.optim import AdamW8bit

    net = torch.nn.Linear(64, 128)
    optimizer = AdamW8bit(net.parameters())
    net(torch.ones(2, 64)).sum().backward()
    optimizer.step()
    check.saved_or_refused("AdamW8bit", optimizer.state_dict())
