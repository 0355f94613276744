"""Prints test/golden/rope-frequencies.json: rotary frequencies as transformers computes them.

    python make_rope_frequencies.py > rope-frequencies.json

Made with transformers 5.23.0 and torch 2.15.0.
"""

import json

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


def case(head_dim, theta, longest, parameters, ours, position):
    config = LlamaConfig(
        hidden_size=2 * head_dim,
        num_attention_heads=2,
        max_position_embeddings=longest,
        rope_parameters={"rope_theta": theta, **parameters},
    )
    rotary = LlamaRotaryEmbedding(config)
    rotary(torch.zeros(1), torch.tensor([[0, position]]))
    return {
        "headDim": head_dim,
        "theta": theta,
        "maxPositions": longest,
        "scaling": ours,
        "position": position,
        "frequencies": [float(f"{value:.9g}") for value in rotary.inv_freq.tolist()],
    }


def llama3(original):
    ours = {
        "type": "llama3",
        "factor": 8,
        "lowFrequencyFactor": 1,
        "highFrequencyFactor": 4,
        "originalMaxPositions": original,
    }
    return {"rope_type": "llama3", **LLAMA3, "original_max_position_embeddings": original}, ours


DYNAMIC = ({"rope_type": "dynamic", "factor": 2.5}, {"type": "dynamic", "factor": 2.5})
cases = [
    case(8, 10000.0, 64, {"rope_type": "default"}, {"type": "default"}, 100),
    case(16, 1e6, 64, {"rope_type": "linear", "factor": 4.0}, {"type": "linear", "factor": 4}, 100),
    *(case(16, 10000.0, 64, *DYNAMIC, position) for position in (10, 63, 64, 200)),
    case(4, 100.0, 16, *DYNAMIC, 40),
    case(32, 500000.0, 131072, *llama3(8192), 100),
    case(16, 100.0, 64, *llama3(24), 100),
]
print(json.dumps(cases, indent=1))
