"""Makes test/golden/families: a tiny random model of each supported family with what transformers computes for it.

    python make_families.py FOLDER

Each folder is a reference case as `llavolta verify` reads it. Made with transformers 5.23.0 and torch 2.15.0.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    MistralConfig,
    Qwen2Config,
    SiglipVisionConfig,
)

IMAGE, PAD, VOCABULARY, NEW_TOKENS = 39, 38, 40, 6
VISION = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=3, num_attention_heads=2, image_size=18, patch_size=4)
TEXT = dict(
    hidden_size=16,
    intermediate_size=20,
    num_hidden_layers=2,
    num_attention_heads=2,
    vocab_size=VOCABULARY,
    pad_token_id=PAD,
)
LLAMA3 = dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0)

CASES = {
    # A head in the file, patches that leave pixels over, three end tokens, biases on queries, keys and values.
    "siglip-qwen2": (
        SiglipVisionConfig(**VISION),
        Qwen2Config(**TEXT, num_key_value_heads=1, tie_word_embeddings=True, eos_token_id=[2, 3, 4]),
        dict(vision_feature_layer=-1, vision_feature_select_strategy="full"),
    ),
    # The first patch is dropped; rows beyond the model's length, so that NTK scaling sets in.
    "siglip-llama-dynamic": (
        SiglipVisionConfig(**VISION, vision_use_head=False),
        LlamaConfig(
            **TEXT,
            max_position_embeddings=16,
            attention_bias=True,
            mlp_bias=True,
            rope_parameters=dict(rope_type="dynamic", factor=2.0, rope_theta=50.0),
        ),
        dict(vision_feature_layer=2, vision_feature_select_strategy="default"),
    ),
    # The class token is kept.
    "clip-mistral-llama3": (
        CLIPVisionConfig(**VISION),
        MistralConfig(
            **TEXT,
            num_key_value_heads=2,
            head_dim=12,
            sliding_window=None,
            rope_parameters=dict(**LLAMA3, original_max_position_embeddings=24, rope_theta=100.0),
        ),
        dict(vision_feature_layer=-2, vision_feature_select_strategy="full"),
    ),
    "clip-qwen2-linear": (
        CLIPVisionConfig(**VISION),
        Qwen2Config(**TEXT, num_key_value_heads=2, rope_parameters=dict(rope_type="linear", factor=3.0, rope_theta=100.0)),
        dict(vision_feature_layer=-2, vision_feature_select_strategy="default"),
    ),
}


def random_model(vision, text, choices):
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=IMAGE, pad_token_id=PAD, **choices)
    config._attn_implementation = "eager"
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
            if "norm" in name and name.endswith("weight"):
                parameter.add_(1)
    return model


def batch(visual_tokens):
    """Two right-padded rows of one image each; answers are supervised."""
    rows = [[5, 6] + [IMAGE] * visual_tokens + [7, 8, 9, 10, 11, 12, 2], [IMAGE] * visual_tokens + [13, 14, 15, 2]]
    supervised = [5, 3]
    width = max(map(len, rows))
    ids = torch.full((2, width), PAD)
    labels = torch.full((2, width), -100)
    mask = torch.zeros((2, width), dtype=torch.long)
    for b, row in enumerate(rows):
        ids[b, : len(row)] = torch.tensor(row)
        labels[b, len(row) - supervised[b] : len(row)] = torch.tensor(row[-supervised[b] :])
        mask[b, : len(row)] = 1
    return ids, labels, mask


def forward(model, pixels, ids, labels, mask):
    output = model(input_ids=ids, attention_mask=mask, pixel_values=pixels, labels=labels)
    output.loss.backward()
    config = model.config
    states = model.model.vision_tower(pixels, output_hidden_states=True).hidden_states[config.vision_feature_layer]
    features = states[:, 1:] if config.vision_feature_select_strategy == "default" else states
    tensors = {
        "vision_features": features,
        "projector_output": model.model.multi_modal_projector(features),
        "logits": output.logits * mask[..., None],
        "loss": output.loss,
    }
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def file_name(name):
    """The name under which `save_pretrained` writes a parameter."""
    return name.replace("model.language_model.", "language_model.model.").removeprefix("model.")


def gradients(model):
    named = {file_name(name): parameter for name, parameter in model.named_parameters()}
    if "lm_head.weight" in named:
        named["language_model.lm_head.weight"] = named.pop("lm_head.weight")
    return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in named.items()}


@torch.no_grad()
def generate(folder, prompt, pixels):
    """Greedy tokens with a cache, the end token taken like any other.

    The model is opened afresh: dynamic scaling remembers the longest row that a model has ever seen.
    """
    model = LlavaForConditionalGeneration.from_pretrained(folder, attn_implementation="eager").eval()
    settings = dict(max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=None)
    output = model.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        pixel_values=pixels,
        output_logits=True,
        return_dict_in_generate=True,
        pad_token_id=PAD,
        **settings,
    )
    return {
        "input_ids": prompt[0],
        "none.ids": output.sequences[0, prompt.shape[1] :],
        "none.logits": torch.cat(output.logits),
    }


def make(folder, name, seed):
    torch.manual_seed(seed)
    vision, text, choices = CASES[name]
    model = random_model(vision, text, choices)
    pixels = torch.randn(2, 3, 18, 18)
    visual_tokens = model.model.get_image_features(pixels, return_dict=True).pooler_output[0].shape[0]
    ids, labels, mask = batch(visual_tokens)
    inputs = {
        "pixel_values": pixels,
        "batch.input_ids": ids,
        "batch.labels": labels,
        "batch.attention_mask": mask,
    }
    prompt = ids[:1, : 2 + visual_tokens + 2]
    files = {
        "inputs.safetensors": inputs,
        "forward.safetensors": forward(model, pixels, ids, labels, mask),
        "grads_none.safetensors": gradients(model),
    }
    target = folder / name
    model.save_pretrained(target / "model")
    (target / "model" / "generation_config.json").unlink(missing_ok=True)
    files["generate.safetensors"] = generate(target / "model", prompt, pixels[:1])
    for file, tensors in files.items():
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, target / file)
    length = prompt.shape[1]
    case = {
        "name": name,
        "model": {"image_token_id": IMAGE, "pad": PAD, "visual_tokens_per_image": visual_tokens},
        "batch": {"image_of_row": [[0], [1]]},
        "generation": {
            "image_of_row": [[0]],
            "runs": [
                {
                    "stage": "none",
                    "positions_of_fed_tokens": list(range(length, length + NEW_TOKENS - 1)),
                    "cache_length_per_layer_at_end": [length + NEW_TOKENS - 1] * TEXT["num_hidden_layers"],
                }
            ],
        },
        "tensors": {
            file: {key: {"shape": list(tensor.shape)} for key, tensor in tensors.items()} for file, tensors in files.items()
        },
    }
    (target / "case.json").write_text(json.dumps(case, indent=1) + "\n")


for seed, name in enumerate(CASES):
    make(Path(sys.argv[1]), name, seed)
