"""Small tokenizers, chat templates and what Python makes of them: test/golden/chat.

    python test/golden/make_chat.py ../shared/reference

Needs transformers and tokenizers. The tokenizers are those of the reference cases.
"""

import json
import re
import sys
from pathlib import Path

import transformers
from transformers import PreTrainedTokenizerFast

VISUAL_TOKENS = 3
HERE = Path(__file__).parent / "chat"

TEXTS = ["", " ", "What colour is it?", "  two  spaces ", "line\nbreak\n\n", "café 你好 😀", "e\u0301 as two letters", "1234.5", "a\ttab"]
SPECIAL = {"llama": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"},
           "llama-first": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"},
           "qwen": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}}
SOURCES = {"llama": "clip-llama/model", "llama-first": "clip-llama/alt_tokenizer", "qwen": "siglip-qwen2/model"}


def message(role, text, images=0):
    return {"role": role, "content": [{"type": "image"}] * images + [{"type": "text", "text": text}]}


CONVERSATIONS = [
    [message("user", "What colour is it?", 1), message("assistant", "It is red.")],
    [message("system", "Answer in a word."), message("user", "Same?", 2), message("assistant", "no"),
     message("user", "Why, 你好 😀?"), message("assistant", "The cup\nis full.")],
    [message("user", "1 + 1?"), message("assistant", "2"), message("user", "And this?", 1), message("assistant", "e\u0301 3")],
]


def as_text(conversation):
    """The content as one text, for templates of language models."""
    return [{"role": one["role"], "content": "\n".join("<image>" if part["type"] == "image" else part["text"] for part in one["content"])}
            for one in conversation]


def ids_of(tokenizer, text):
    """As a processor: images expanded, and nothing put in front where the template has written it."""
    expanded = text.replace("<image>", "<image>" * VISUAL_TOKENS)
    opens_itself = tokenizer.bos_token is not None and text.startswith(tokenizer.bos_token)
    return tokenizer(expanded, add_special_tokens=not opens_itself)["input_ids"]


def rendered(tokenizer, template, conversation):
    text = tokenizer.apply_chat_template(conversation, chat_template=template, tokenize=False)
    prompt = tokenizer.apply_chat_template(conversation[:-1], chat_template=template, tokenize=False, add_generation_prompt=True)
    result = {"text": text, "ids": ids_of(tokenizer, text), "prompt": prompt, "prompt_ids": ids_of(tokenizer, prompt)}
    if "{% generation %}" in template:
        out = tokenizer.apply_chat_template(conversation, chat_template=template, tokenize=True, return_dict=True,
                                            return_assistant_tokens_mask=True)
        result["mask_ids"], result["mask"] = list(out["input_ids"]), list(out["assistant_masks"])
    return result


def main(reference):
    cases = []
    for name, source in SOURCES.items():
        (HERE / name).mkdir(parents=True, exist_ok=True)
        content = json.loads((reference / source / "tokenizer.json").read_text())
        file = HERE / name / "tokenizer.json"
        file.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
        (HERE / name / "tokenizer_config.json").write_text(json.dumps({**SPECIAL[name], "image_token": "<image>"}, indent=2) + "\n")
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(file), clean_up_tokenization_spaces=False, **SPECIAL[name])
        texts = [{"text": text, "ids": tokenizer(text)["input_ids"],
                  "decoded": tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True)} for text in TEXTS]
        chats = []
        for path in sorted([*(HERE / "templates").glob("*.jinja")]):
            if (path.stem == "chatml") != (name == "qwen") or (name == "qwen" and path.stem == "text"):
                continue
            template = path.read_text()
            given = [as_text(one) if path.stem == "text" else one for one in CONVERSATIONS]
            chats.append({"template": path.name, "conversations": [rendered(tokenizer, template, one) for one in given]})
        built_in = HERE / "built-in.json"
        if built_in.exists():
            for conversation, template in json.loads(built_in.read_text()).items():
                if (conversation == "qwen") != (name == "qwen") or conversation == "plain":
                    continue
                results = [rendered(tokenizer, template, one) for one in CONVERSATIONS]
                chats.append({"conversation": conversation, "conversations": results})
        cases.append({"tokenizer": name, "texts": texts, "chats": chats})
    expected = {"transformers": transformers.__version__, "visual_tokens": VISUAL_TOKENS, "messages": CONVERSATIONS, "cases": cases}
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    text = re.sub(r"\[\s+(-?\d[\d,\s-]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", "", m.group(1)) + "]", text)
    (HERE / "expected.json").write_text(text + "\n")


main(Path(sys.argv[1]))
