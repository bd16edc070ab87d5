# SPDX-License-Identifier: Apache-2.0
"""Models of transformers: tied heads, buffers, convolutions, experts, parametrizations."""

import lancekeep
import pytest
import transformers as hf
from client_checks import another, scrambled

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
TEXT = SMALL | {"vocab_size": 40, "max_position_embeddings": 16}
IMAGE = SMALL | {"image_size": 16, "patch_size": 8}
MODELS = {
    "bert": lambda: hf.BertForMaskedLM(hf.BertConfig(**TEXT)),
    "distilbert": lambda: hf.DistilBertForMaskedLM(
        hf.DistilBertConfig(vocab_size=40, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=16)
    ),
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=40, n_positions=16, n_embd=16, n_layer=2, n_head=2)),
    "llama": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**TEXT, num_key_value_heads=1)),
    "llama tied": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**TEXT, tie_word_embeddings=True)),
    "mixtral": lambda: hf.MixtralForCausalLM(
        hf.MixtralConfig(**TEXT, num_key_value_heads=1, num_local_experts=2, num_experts_per_tok=1)
    ),
    "t5": lambda: hf.T5ForConditionalGeneration(
        hf.T5Config(vocab_size=40, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2)
    ),
    "whisper": lambda: hf.WhisperForConditionalGeneration(
        hf.WhisperConfig(
            vocab_size=40,
            num_mel_bins=8,
            d_model=16,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=24,
            decoder_ffn_dim=24,
            max_source_positions=8,
            max_target_positions=8,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
        )
    ),
    "vit": lambda: hf.ViTForImageClassification(hf.ViTConfig(**IMAGE)),
    "clip": lambda: hf.CLIPModel(
        hf.CLIPConfig(text_config=TEXT | {"eos_token_id": 1}, vision_config=IMAGE, projection_dim=8)
    ),
    "resnet": lambda: hf.ResNetForImageClassification(
        hf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    ),
    "wav2vec2": lambda: hf.Wav2Vec2Model(
        hf.Wav2Vec2Config(
            **SMALL,
            vocab_size=40,
            conv_dim=[8, 8],
            conv_stride=[2, 2],
            conv_kernel=[3, 3],
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
        )
    ),
    "mamba": lambda: hf.MambaForCausalLM(
        hf.MambaConfig(vocab_size=40, hidden_size=16, state_size=4, num_hidden_layers=2)
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_modules(check, name):
    model = scrambled(MODELS[name](), seed=0)
    check.module(model, lambda: another(model))


RENAMED = ("mixtral", "vit")  # their tensors have other names in files, which from_pretrained translates


@pytest.mark.parametrize("name", MODELS)
def test_save_pretrained(check, name):
    """What transformers wrote is imported; of tied tensors it has one."""
    model = scrambled(MODELS[name](), seed=0).eval()
    model.save_pretrained(check.folder / "theirs")
    lancekeep.import_file(check.folder / "theirs" / "model.safetensors", check.folder / "imported.lance")
    imported = check.store("imported.lance")
    again = type(model).from_pretrained(None, config=model.config, state_dict=imported.load())
    check.loop("save_pretrained, import, from_pretrained", model.state_dict(), again.state_dict())
    other = another(model)
    if name in RENAMED:
        check.refuses(
            "save_pretrained, import, load_model", other, lambda: lancekeep.torch.load_model(other, imported.path)
        )
    else:
        lancekeep.torch.load_model(other, imported.path)
        check.loop("save_pretrained, import, load_model", model.state_dict(), other.state_dict())


@pytest.mark.parametrize("name", MODELS)
def test_from_pretrained(check, name):
    model = scrambled(MODELS[name](), seed=0).eval()
    store = check.store()
    store.save(model, metadata={"loss": "0.3"})
    again = type(model).from_pretrained(None, config=model.config, state_dict=store.load())
    check.loop("from_pretrained(state_dict=)", model.state_dict(), again.state_dict())
    (check.folder / "ours").mkdir()
    model.config.save_pretrained(check.folder / "ours")
    lancekeep.export_file(store.path, check.folder / "ours" / "model.safetensors")
    again = type(model).from_pretrained(check.folder / "ours")
    check.loop("export, from_pretrained", model.state_dict(), again.state_dict())
