# SPDX-License-Identifier: Apache-2.0
"""Models of diffusers, and its moving averages of weights."""

import diffusers
import lancekeep
import pytest
import torch
from client_checks import another, scrambled

BLOCKS = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
MODELS = {
    "unet": lambda: diffusers.UNet2DModel(
        sample_size=8,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        **BLOCKS,
    ),
    "conditional unet": lambda: diffusers.UNet2DConditionModel(
        sample_size=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=8,
        attention_head_dim=4,
        **BLOCKS,
    ),
    "autoencoder": lambda: diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, **BLOCKS
    ),
    "dit": lambda: diffusers.DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, num_layers=1, sample_size=8, norm_num_groups=4
    ),
    "controlnet": lambda: diffusers.ControlNetModel(
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        cross_attention_dim=8,
        attention_head_dim=4,
        conditioning_embedding_out_channels=(8, 8),
        **BLOCKS,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_modules(check, name):
    model = scrambled(MODELS[name](), seed=0)
    check.module(model, lambda: another(model))


@pytest.mark.parametrize("name", MODELS)
def test_save_pretrained(check, name):
    model = scrambled(MODELS[name](), seed=0)
    model.save_pretrained(check.folder / "theirs")
    lancekeep.import_file(
        check.folder / "theirs" / "diffusion_pytorch_model.safetensors", check.folder / "imported.lance"
    )
    other = another(model)
    lancekeep.torch.load_model(other, check.folder / "imported.lance")
    check.loop("save_pretrained, import, load_model", model.state_dict(), other.state_dict())
    check.store().save(model, metadata={"step": "1"})
    lancekeep.export_file(check.store().path, check.folder / "theirs" / "diffusion_pytorch_model.safetensors")
    again = type(model).from_pretrained(check.folder / "theirs", low_cpu_mem_usage=False)
    check.loop("export, from_pretrained", model.state_dict(), again.state_dict())


def test_moving_average(check):
    from diffusers.training_utils import EMAModel

    model = MODELS["unet"]()
    average = EMAModel(model.parameters(), decay=0.9)
    for seed in range(3):
        average.step(scrambled(model, seed).parameters())
    store = check.store()
    store.save({"model": model.state_dict(), "ema": average.state_dict()})
    again = EMAModel(MODELS["unet"]().parameters())
    again.load_state_dict(store.load()["ema"])
    check.loop("EMAModel.load_state_dict", average.state_dict(), again.state_dict())


def test_lora_of_a_pipeline_part(check):
    from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict

    config = LoraConfig(r=2, target_modules=["to_q", "to_v"])
    model = MODELS["conditional unet"]()
    model.add_adapter(config)
    scrambled(model, seed=0)
    adapter = get_peft_model_state_dict(model)
    store = check.store()
    store.save(adapter)
    other = MODELS["conditional unet"]()
    other.add_adapter(config)
    set_peft_model_state_dict(other, store.load())
    check.loop("adapter, set_peft_model_state_dict", adapter, get_peft_model_state_dict(other))
    assert all(type(tensor) is torch.Tensor for tensor in store.load().values())
