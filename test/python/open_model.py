"""Opens a model folder as a Python user would and prints as JSON what transformers made of it.

    python open_model.py FOLDER

Needs transformers; the weights are opened where torch is installed too ("weights" is null otherwise).
"""

import json
import sys

from transformers import AutoConfig


def open_weights(folder):
    """Names that the model lacks or does not know, and the number of weights; null without torch."""
    try:
        import torch
    except ImportError:
        return None
    from transformers import LlavaForConditionalGeneration

    model, info = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    return {
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
        "mismatched": sorted(str(key) for key in info["mismatched_keys"]),
        "count": sum(parameter.numel() for parameter in model.parameters()),
        "sum": sum(parameter.double().sum().item() for parameter in model.parameters()),
    }


folder = sys.argv[1]
print(json.dumps({"config": AutoConfig.from_pretrained(folder).to_dict(), "weights": open_weights(folder)}))
