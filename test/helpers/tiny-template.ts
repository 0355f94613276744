import { ChatTemplate } from '../../src/main/engine/data/chat-template.ts';
import { VICUNA_CHAT_TEMPLATE } from '../../src/main/engine/data/conversation-templates.ts';
import type { Tokenizer } from '../../src/main/engine/data/tokenizer.ts';
import { tinyTokenizer } from './tiny-tokenizer.ts';

/** The chat template of models built here, "USER: … ASSISTANT: …</s>". */
export function vicunaTemplate(tokenizer: Tokenizer = tinyTokenizer()): ChatTemplate {
  return new ChatTemplate(VICUNA_CHAT_TEMPLATE, tokenizer, { file: 'chat_template.jinja', builtIn: true });
}
