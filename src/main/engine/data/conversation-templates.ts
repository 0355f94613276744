/** The conversations of the LLaVA code base (`llava/conversation.py`) as chat templates, so that they serve transformers too. */
import type { ConversationName } from '../../../shared/conversation.ts';

const EACH_MESSAGE = [
  "{%- for message in messages -%}{%- if message['content'] is string -%}",
  "{%- set parts = [{'type': 'text', 'text': message['content']}] -%}{%- else -%}{%- set parts = message['content'] -%}{%- endif -%}",
].join('');
const EACH_IMAGE = "{%- for part in parts | selectattr('type', 'equalto', 'image') -%}";
const TEXTS = "{%- set texts = parts | selectattr('type', 'equalto', 'text') | list -%}";
const END = '{%- endfor -%}';
/** Images first, each on a line of its own; no line break behind the last one where there is no text. */
const QUESTION = [
  `${TEXTS}${EACH_IMAGE}{{ '<image>' }}{%- if texts or not loop.last -%}{{ '\n' }}{%- endif -%}${END}`,
  `{%- for part in texts -%}{{ part['text'] }}${END}`,
].join('');
const WORDS = `{%- for part in parts | selectattr('type', 'equalto', 'text') -%}{{ part['text'] }}${END}`;

/**
 * The chat template of models built here, and of the reference cases: LLaVA's v1 without its opening sentence.
 * {% generation %} marks what is supervised, for transformers.
 */
export const VICUNA_CHAT_TEMPLATE = [
  EACH_MESSAGE,
  "{%- if message['role'] == 'system' -%}{%- for part in parts -%}{{ part['text'] + ' ' }}{%- endfor -%}",
  "{%- elif message['role'] == 'user' -%}{{ 'USER: ' }}",
  `${EACH_IMAGE}{{ '<image>\n' }}${END}`,
  "{%- for part in parts | selectattr('type', 'equalto', 'text') -%}{{ part['text'] + ' ' }}{%- endfor -%}",
  "{%- else -%}{{ 'ASSISTANT:' }}{% generation %}",
  "{%- for part in parts | selectattr('type', 'equalto', 'text') -%}{{ ' ' + part['text'] }}{%- endfor -%}",
  '{{ eos_token }}{% endgeneration %}{%- endif -%}{%- endfor -%}',
  "{%- if add_generation_prompt -%}{{ 'ASSISTANT:' }}{%- endif -%}",
].join('');

const V1_SYSTEM =
  'A chat between a curious user and an artificial intelligence assistant. ' +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

/** conv_llava_plain: what is asked is left out, for the pretraining of the projector on captions. */
const PLAIN = [
  `${EACH_MESSAGE}{%- if message['role'] == 'user' -%}${EACH_IMAGE}{{ '<image>' }}${END}`,
  `{%- elif message['role'] == 'assistant' -%}{% generation %}${WORDS}{{ '\n' }}{% endgeneration %}{%- endif -%}${END}`,
].join('');

/** conv_vicuna_v1, whose second separator `</s>` is the end token. */
const V1 = [
  `{%- if messages[0]['role'] != 'system' -%}{{ "${V1_SYSTEM} " }}{%- endif -%}`,
  `${EACH_MESSAGE}{%- if message['role'] == 'system' -%}${WORDS}{{ ' ' }}`,
  `{%- elif message['role'] == 'user' -%}{{ 'USER: ' }}${QUESTION}{{ ' ' }}`,
  `{%- else -%}{{ 'ASSISTANT:' }}{% generation %}{{ ' ' }}${WORDS}{{ eos_token }}{% endgeneration %}{%- endif -%}${END}`,
  "{%- if add_generation_prompt -%}{{ 'ASSISTANT:' }}{%- endif -%}",
].join('');

/** conv_mistral_instruct. It has no system prompt of its own; one that is given goes into the first question. */
const MISTRAL = [
  `${EACH_MESSAGE}{%- if message['role'] == 'system' -%}{{ '[INST] <<SYS>>\n' }}${WORDS}{{ '\n<</SYS>>\n\n' }}`,
  "{%- elif message['role'] == 'user' -%}",
  `{%- if messages[0]['role'] != 'system' or loop.index0 > 1 -%}{{ '[INST] ' }}{%- endif -%}${QUESTION}{{ ' [/INST]' }}`,
  `{%- else -%}{% generation %}{{ ' ' }}${WORDS}{{ ' ' + eos_token }}{% endgeneration %}{%- endif -%}${END}`,
].join('');

/** conv_qwen of LLaVA-NeXT: ChatML. */
const QWEN = [
  "{%- if messages[0]['role'] != 'system' -%}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{%- endif -%}",
  `${EACH_MESSAGE}{{ '<|im_start|>' + message['role'] + '\n' }}`,
  `{%- if message['role'] == 'assistant' -%}{% generation %}${WORDS}{{ '<|im_end|>' }}{% endgeneration %}{{ '\n' }}`,
  `{%- elif message['role'] == 'user' -%}${QUESTION}{{ '<|im_end|>\n' }}{%- else -%}${WORDS}{{ '<|im_end|>\n' }}{%- endif -%}${END}`,
  "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}",
].join('');

/** The text of each conversation's chat template. */
export const CONVERSATION_TEMPLATES: Readonly<Record<ConversationName, string>> = {
  plain: PLAIN,
  v1: V1,
  mistral: MISTRAL,
  qwen: QWEN,
};
