# SPDX-License-Identifier: Apache-2.0
"""Adapters of peft: whole models with an adapter, and adapters alone."""

import lancekeep
import peft
import pytest
import torch
import transformers as hf
from client_checks import another, scrambled

TEXT = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
BASE = hf.LlamaConfig(**TEXT, num_key_value_heads=2, max_position_embeddings=16)
TARGETS = {"target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"}
ADAPTERS = {
    "lora": lambda: peft.LoraConfig(r=2, **TARGETS),
    "dora": lambda: peft.LoraConfig(r=2, use_dora=True, **TARGETS),
    "lora and embeddings": lambda: peft.LoraConfig(r=2, modules_to_save=["embed_tokens", "lm_head"], **TARGETS),
    "ia3": lambda: peft.IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"]),
    "adalora": lambda: peft.AdaLoraConfig(init_r=2, target_r=1, total_step=10, **TARGETS),
    "loha": lambda: peft.LoHaConfig(r=2, target_modules=["q_proj"]),
    "oft": lambda: peft.OFTConfig(r=0, oft_block_size=4, target_modules=["q_proj"]),
    "vera": lambda: peft.VeraConfig(r=2, target_modules=["q_proj"]),
    "prompt": lambda: peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
    "prefix": lambda: peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
}


def model_with(name):
    torch.manual_seed(0)
    return scrambled(peft.get_peft_model(hf.LlamaForCausalLM(BASE), ADAPTERS[name]()), seed=0)


@pytest.mark.parametrize("name", ADAPTERS)
def test_modules(check, name):
    model = model_with(name)
    check.module(model, lambda: another(model))


@pytest.mark.parametrize("name", ADAPTERS)
def test_adapter_alone(check, name):
    """The adapter's state dict, and the file that peft writes of it, are loaded into a model of other values."""
    model = model_with(name)
    state = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    check.store().save(state)
    other = another(model)
    peft.set_peft_model_state_dict(other, check.store().load())
    check.loop(
        "adapter, set_peft_model_state_dict", state, peft.get_peft_model_state_dict(other, save_embedding_layers=False)
    )
    model.save_pretrained(check.folder / "theirs", save_embedding_layers=False)
    file = check.folder / "theirs" / "adapter_model.safetensors"
    lancekeep.import_file(file, check.folder / "imported.lance")
    check.loop("save_pretrained, import, load", state, check.store("imported.lance").load())
    lancekeep.export_file(check.folder / "imported.lance", file)
    base = model.get_base_model() if name not in ("prompt", "prefix") else model.base_model
    again = peft.PeftModel.from_pretrained(hf.LlamaForCausalLM(base.config), check.folder / "theirs")
    check.loop("export, from_pretrained", state, peft.get_peft_model_state_dict(again, save_embedding_layers=False))
