# SPDX-License-Identifier: Apache-2.0
"""Modules and checkpoints of Lightning, with hyperparameters, callbacks and Fabric."""

import warnings

import lancekeep
import lightning as L
import pytest
import torch
import torchmetrics
from client_checks import another, scrambled


class Net(L.LightningModule):
    def __init__(self, width=4, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(3, width), torch.nn.BatchNorm1d(width), torch.nn.Linear(width, 2)
        )
        self.accuracy = torchmetrics.Accuracy("multiclass", num_classes=2)

    def training_step(self, batch, _):
        x, y = batch
        out = self.layers(x)
        self.accuracy(out, y)
        loss = torch.nn.functional.cross_entropy(out, y)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.rate)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lightning")
    data = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.randn(16, 3), torch.randint(2, (16,))), batch_size=4
    )
    kept = L.pytorch.callbacks.ModelCheckpoint(folder, monitor="loss", save_last=True)
    swa = L.pytorch.callbacks.StochasticWeightAveraging(0.1, swa_epoch_start=1)
    options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    net = Net(width=5)
    trainer = L.Trainer(max_epochs=2, accelerator="cpu", callbacks=[kept, swa], default_root_dir=folder, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(net, data)
    trainer.save_checkpoint(folder / "end.ckpt")
    return net, folder / "end.ckpt"


def test_modules(check, checkpoint):
    net, _ = checkpoint
    check.module(net, lambda: another(net))


def test_checkpoint_is_imported(check, checkpoint):
    net, file = checkpoint
    lancekeep.import_file(file, check.store().path)
    loaded = check.store().load()
    other = another(net)
    other.load_state_dict(loaded["state_dict"])
    check.loop("import, load_state_dict", net.state_dict(), other.state_dict())
    theirs = torch.load(file, weights_only=False)
    optimizer = net.configure_optimizers()[0][0]
    optimizer.load_state_dict(loaded["optimizer_states"][0])
    reference = net.configure_optimizers()[0][0]
    reference.load_state_dict(theirs["optimizer_states"][0])
    check.loop("import, optimizer", reference.state_dict(), optimizer.state_dict())
    check.loop("import, hyperparameters", dict(theirs["hyper_parameters"]), dict(loaded["hyper_parameters"]))


def test_checkpoint_is_saved_and_trained_on(check, checkpoint):
    """What store.load() gives, written by torch.save, is a checkpoint that Lightning goes on from."""
    net, file = checkpoint
    state = torch.load(file, weights_only=False)
    try:
        check.store().save(state)
    except lancekeep.Error:
        check.outcomes["save of the whole checkpoint"] = "refused"
        return
    torch.save(check.store().load(), check.folder / "again.ckpt")
    again = Net.load_from_checkpoint(check.folder / "again.ckpt", weights_only=False)
    check.loop(
        "save, load, load_from_checkpoint",
        Net.load_from_checkpoint(file, weights_only=False).state_dict(),
        again.state_dict(),
    )


def test_fabric(check):
    fabric = L.Fabric(accelerator="cpu", devices=1)
    net = scrambled(torch.nn.Linear(3, 3), seed=0)
    wrapped = fabric.setup(net)
    check.module(wrapped, lambda: scrambled(fabric.setup(torch.nn.Linear(3, 3)), seed=1))
