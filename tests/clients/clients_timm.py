# SPDX-License-Identifier: Apache-2.0
"""Models of timm: batch norms, relative positions, windows, and its moving average."""

import lancekeep
import pytest
import timm
from client_checks import another, scrambled

MODELS = {  # those named test_ are timm's own small ones
    "test_resnet": {},
    "test_vit": {},
    "test_vit4": {},
    "test_convnext": {},
    "test_efficientnet": {},
    "test_nfnet": {},
    "test_byobnet": {},
    "test_mambaout": {},
    "mobilenetv3_small_050": {},
    "swin_tiny_patch4_window7_224": {"img_size": 56, "embed_dim": 24, "depths": (1, 2), "num_heads": (1, 2)},
    "eva02_tiny_patch14_224": {"img_size": 28, "depth": 2},
    "levit_128s": {"embed_dim": (16, 32, 48), "depth": (1, 1, 1)},
}


@pytest.mark.parametrize("name", MODELS)
def test_modules(check, name):
    model = scrambled(timm.create_model(name, pretrained=False, num_classes=3, **MODELS[name]), seed=0)
    check.module(model, lambda: another(model))


def test_checkpoint(check):
    """timm's load_checkpoint reads what is exported, in both formats of files that it knows."""
    make = lambda: timm.create_model("test_resnet", pretrained=False, num_classes=3)
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
