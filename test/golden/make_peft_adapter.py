"""Makes test/golden/peft-adapter: an adapter as peft saves it, with the logits of the model that has it.

    python test/golden/make_peft_adapter.py

Needs torch, transformers and peft (made with 2.15, 5.23 and 0.21.2). The base model is test/golden/small-case/model.
"""
import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlavaForConditionalGeneration

HERE = Path(__file__).parent
BASE = HERE / "small-case" / "model"
TARGET = HERE / "peft-adapter"
EVERY = 16

torch.manual_seed(0)
torch.set_num_threads(1)
model = LlavaForConditionalGeneration.from_pretrained(BASE, dtype=torch.float32)
config = LoraConfig(
    r=3,
    lora_alpha=8,
    use_rslora=True,
    rank_pattern={"v_proj": 2},
    alpha_pattern={"down_proj": 5},
    target_modules=r".*language_model\.layers\.(1|4)\.(self_attn|mlp)\.(q_proj|v_proj|down_proj)",
    modules_to_save=["multi_modal_projector"],
)
adapted = get_peft_model(model, config).eval()
with torch.no_grad():
    for name, parameter in adapted.named_parameters():
        if parameter.requires_grad:
            parameter.add_(0.1 * torch.randn_like(parameter))
    inputs = load_file(HERE / "small-case" / "inputs.safetensors")
    images = json.loads((HERE / "small-case" / "case.json").read_text())["batch"]["image_of_row"]
    pixels = torch.cat([inputs["pixel_values"][image : image + 1] for row in images for image in row])
    logits = adapted(
        input_ids=inputs["batch.input_ids"].long(),
        attention_mask=inputs["batch.attention_mask"].long(),
        pixel_values=pixels,
    ).logits
adapted.save_pretrained(TARGET)
(TARGET / "README.md").unlink(missing_ok=True)
written = json.loads((TARGET / "adapter_config.json").read_text())
written["base_model_name_or_path"] = "../small-case/model"
(TARGET / "adapter_config.json").write_text(json.dumps(written, indent=2) + "\n")
save_file({f"logits_every_{EVERY}th": logits[:, ::EVERY].contiguous()}, TARGET / "expected.safetensors")
