"""Opens an exported folder as a Python user would, asks it and prints as JSON what came of it.

    python answer.py FOLDER BASE QUESTION TOKENS PICTURE...

FOLDER is a whole model where BASE is empty, else a peft adapter of the model in BASE. QUESTION is asked of every PICTURE
alone. Greedy, TOKENS tokens, float32, one thread.
"""

import json
import logging
import sys
import warnings

import torch
import transformers
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor


class Kept(logging.Handler):
    """Everything that transformers and peft log from warnings on."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def load(folder, base):
    """The model, and what its loading says about names of weights."""
    model, info = AutoModelForImageTextToText.from_pretrained(
        base or folder, dtype=torch.float32, output_loading_info=True
    )
    if base:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, folder)
    return model.eval(), {key: sorted(map(str, info[key])) for key in ("missing_keys", "unexpected_keys", "mismatched_keys")}


def answer(model, processor, picture, question, count):
    """The greedy answer about a picture with all that it depends on."""
    content = [{"type": "image"}, {"type": "text", "text": question}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(images=Image.open(picture), text=prompt, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0, -1]
        tokens = model.generate(**inputs, do_sample=False, max_new_tokens=count)
    return {
        "prompt": inputs["input_ids"][0].tolist(),
        "pixels": inputs["pixel_values"].flatten().tolist(),
        "logits": logits.tolist(),
        "tokens": tokens[0, inputs["input_ids"].shape[1] :].tolist(),
    }


def main(folder, base, question, count, *pictures):
    torch.set_num_threads(1)
    kept = Kept()
    transformers.utils.logging.get_logger("transformers").addHandler(kept)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        processor = AutoProcessor.from_pretrained(folder, backend="pil")
        model, names = load(folder, base)
        # The end token is taken like any other, so that all answers are as long.
        model.generation_config.eos_token_id = None
        answers = [answer(model, processor, picture, question, int(count)) for picture in pictures]
    told = kept.texts + [str(one.message) for one in raised]
    # One library's use of another's old names says nothing about the folder.
    told = [text for text in told if "is deprecated" not in text]
    print(json.dumps({"names": names, "warnings": told, "answers": answers}))


if __name__ == "__main__":
    main(*sys.argv[1:])
