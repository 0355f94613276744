/** Visual groups and text of one speaker's turn. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  /** Number of visual groups; only a user shows any, and they come before the text. */
  readonly visuals?: number;
  readonly text: string;
}

/** A conversation as the tokenizer gets it. Text pieces that touch are one text; the others are single tokens. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly supervised: boolean }
  | { readonly kind: 'visual' }
  | { readonly kind: 'end'; readonly supervised: boolean };

/**
 * How conversations are written out: `vicuna` for instruction tuning (LLaVA v1's "USER: … ASSISTANT: …</s>"), `plain` for
 * the pretraining of the projector (images, then the caption and a line break, as LLaVA's own `plain`).
 */
export type ChatFormat = 'vicuna' | 'plain';

const text = (value: string, supervised = false): Piece => ({ kind: 'text', text: value, supervised });

/**
 * `vicuna` for use by transformers: the content of chat_template.jinja in a model folder. `renderVicuna` gives the same
 * text; {% generation %} marks what is supervised.
 */
export const VICUNA_CHAT_TEMPLATE = [
  "{%- for message in messages -%}{%- if message['content'] is string -%}",
  "{%- set parts = [{'type': 'text', 'text': message['content']}] -%}{%- else -%}{%- set parts = message['content'] -%}{%- endif -%}",
  "{%- if message['role'] == 'system' -%}{%- for part in parts -%}{{ part['text'] + ' ' }}{%- endfor -%}",
  "{%- elif message['role'] == 'user' -%}{{ 'USER: ' }}",
  "{%- for part in parts | selectattr('type', 'equalto', 'image') -%}{{ '<image>\n' }}{%- endfor -%}",
  "{%- for part in parts | selectattr('type', 'equalto', 'text') -%}{{ part['text'] + ' ' }}{%- endfor -%}",
  "{%- else -%}{{ 'ASSISTANT:' }}{% generation %}",
  "{%- for part in parts | selectattr('type', 'equalto', 'text') -%}{{ ' ' + part['text'] }}{%- endfor -%}",
  '{{ eos_token }}{% endgeneration %}{%- endif -%}{%- endfor -%}',
  "{%- if add_generation_prompt -%}{{ 'ASSISTANT:' }}{%- endif -%}",
].join('');

function vicunaMessage({ role, visuals = 0, text: words }: Message): Piece[] {
  if (role === 'system') return [text(`${words} `)];
  if (role === 'assistant') return [text('ASSISTANT:'), text(` ${words}`, true), { kind: 'end', supervised: true }];
  const shown = Array.from({ length: visuals }, (): Piece[] => [{ kind: 'visual' }, text('\n')]).flat();
  return [text('USER: '), ...shown, ...(words === '' ? [] : [text(`${words} `)])];
}

function plainMessage({ role, visuals = 0, text: words }: Message): Piece[] {
  if (role === 'assistant') return [text(`${words}\n`, true)];
  return role === 'user' ? Array.from({ length: visuals }, (): Piece => ({ kind: 'visual' })) : [];
}

/** The pieces of a whole conversation, with what is supervised marked: the assistant's words and the end token. */
export function renderConversation(messages: readonly Message[], format: ChatFormat): Piece[] {
  return messages.flatMap(format === 'vicuna' ? vicunaMessage : plainMessage);
}

/** The pieces of a conversation that ends with a question, up to where the assistant's answer begins. */
export function renderPrompt(messages: readonly Message[], format: ChatFormat): Piece[] {
  const pieces = renderConversation(messages, format);
  return format === 'vicuna' ? [...pieces, text('ASSISTANT:')] : pieces;
}
