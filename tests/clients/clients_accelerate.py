# SPDX-License-Identifier: Apache-2.0
"""accelerate reads what is exported, and its checkpoints are imported; hooks that move weights away."""

import accelerate
import lancekeep
import torch
from client_checks import another, scrambled


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = torch.nn.Embedding(7, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.head = torch.nn.Linear(4, 7, bias=False)
        self.head.weight = self.emb.weight


def test_load_checkpoint_in_model(check):
    net = scrambled(Tied(), seed=0)
    check.store().save(net, metadata={"loss": "0.3"})
    lancekeep.export_file(check.store().path, check.folder / "model.safetensors")
    other = another(net)
    accelerate.load_checkpoint_in_model(other, str(check.folder / "model.safetensors"))
    other.head.weight = other.emb.weight
    check.loop("export, load_checkpoint_in_model", net.state_dict(), other.state_dict())


def test_save_state_and_load_state(check):
    """The model's file of a state is replaced by an export of the store that it was imported into."""
    accelerator = accelerate.Accelerator(cpu=True)
    net = accelerator.prepare(scrambled(Tied(), seed=0))
    saved = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    accelerator.save_state(check.folder / "state")
    file = check.folder / "state" / "model.safetensors"
    lancekeep.import_file(file, check.store().path)
    file.unlink()
    lancekeep.export_file(check.store().path, file)
    scrambled(net, seed=1)
    accelerator.load_state(check.folder / "state")
    check.loop("save_state, import, export, load_state", saved, net.state_dict())
    other = another(net)
    lancekeep.torch.load_model(other, check.store().path)
    check.loop("save_state, import, load_model", saved, other.state_dict())


def test_save_model(check):
    net = scrambled(Tied(), seed=0)
    accelerate.Accelerator(cpu=True).save_model(net, check.folder / "theirs")
    lancekeep.import_file(check.folder / "theirs" / "model.safetensors", check.store().path)
    other = another(net)
    check.store().load_into(other)
    check.loop("save_model, import, load_into", net.state_dict(), other.state_dict())


def test_a_module_with_hooks(check):
    """cpu_offload leaves meta tensors in the module; what is loaded or saved must not be those."""
    offloaded = accelerate.cpu_offload(scrambled(Tied(), seed=0), execution_device="cpu")
    check.module(offloaded, lambda: scrambled(Tied(), seed=1), may_refuse=("save",))
    check.store("plain.lance").save(scrambled(Tied(), seed=0))
    target = accelerate.cpu_offload(scrambled(Tied(), seed=1), execution_device="cpu")
    check.refuses("load_into an offloaded module", target, lambda: check.store("plain.lance").load_into(target))
