# SPDX-License-Identifier: Apache-2.0
"""Models of timm: batch norms, relative positions, windows, and its moving average."""

import lancekeep
import pytest
import timm
from client_checks import another, scrambled

MODELS = {
    "resnet10t": {},
    "vit_tiny_patch16_224": {"img_size": 32},
    "convnext_atto": {},
    "mobilenetv3_small_050": {},
    "efficientnet_lite0": {},
    "swin_tiny_patch4_window7_224": {"img_size": 56},
    "mixer_s16_224": {"img_size": 32},
    "coatnet_nano_rw_224": {"img_size": 64},
    "eva02_tiny_patch14_224": {"img_size": 28},
    "levit_128s": {},
}


@pytest.mark.parametrize("name", MODELS)
def test_modules(check, name):
    model = scrambled(timm.create_model(name, pretrained=False, num_classes=3, **MODELS[name]), seed=0)
    check.module(model, lambda: another(model))


def test_checkpoint(check):
    """timm's load_checkpoint reads what is exported, in both formats of files that it knows."""
    make = lambda: timm.create_model("resnet10t", pretrained=False, num_classes=3)
    model, other = scrambled(make(), seed=0), scrambled(make(), seed=1)
    check.store().save(model, metadata={"top1": "0.7"})
    lancekeep.export_file(check.store().path, check.folder / "model.safetensors")
    timm.models.load_checkpoint(other, str(check.folder / "model.safetensors"))
    check.loop("export, load_checkpoint", model.state_dict(), other.state_dict())


def test_moving_average(check):
    from timm.utils import ModelEmaV3

    model = scrambled(timm.create_model("mobilenetv3_small_050", pretrained=False, num_classes=3), seed=0)
    average = ModelEmaV3(model, decay=0.9)
    average.update(scrambled(model, seed=2))
    check.module(average, lambda: another(average))
