import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ConversationChoice, ConversationName } from '../../../shared/conversation.ts';
import { InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf } from '../../../shared/validation.ts';
import { ChatTemplate } from './chat-template.ts';
import { CONVERSATION_TEMPLATES, VICUNA_CHAT_TEMPLATE } from './conversation-templates.ts';
import { parseTokenizerJson, readTextFiles, type TextFiles } from './tokenizer-files.ts';
import { Tokenizer } from './tokenizer.ts';

/** `model_type` of a decoder → the conversation that LLaVA trains it with. */
const CONVERSATION_OF_FAMILY: Readonly<Record<string, ConversationName>> = {
  llama: 'v1',
  mistral: 'mistral',
  qwen2: 'qwen',
};

const namedTemplates = z.array(z.object({ name: z.string(), template: z.string() }));
const templateFile = z.looseObject({ chat_template: z.union([z.string(), namedTemplates]).nullish() });

interface OwnTemplate {
  readonly source: string;
  readonly file: string;
}

/** Where a model's chat template may be, in the order in which transformers' processors look. */
const JSON_FILES = ['chat_template.json', 'processor_config.json', 'tokenizer_config.json'] as const;

/** The chat template of a model's files. @throws InputError where it is malformed */
export function ownChatTemplate(files: TextFiles): OwnTemplate | undefined {
  const jinja = files['chat_template.jinja'];
  if (jinja !== undefined) return { source: jinja, file: 'chat_template.jinja' };
  for (const file of JSON_FILES) {
    const text = files[file];
    const source = text === undefined ? undefined : templateIn(parseTokenizerJson(text, file), file);
    if (source !== undefined) return { source, file };
  }
  return undefined;
}

function templateIn(json: unknown, file: string): string | undefined {
  const result = templateFile.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0] as z.core.$ZodIssue;
    throw new InputError({ file, field: fieldPath(issue.path), rule: ruleOf(issue, json) });
  }
  const given = result.data.chat_template ?? undefined;
  if (given === undefined || typeof given === 'string') return given;
  const chosen = given.length === 1 ? given[0] : given.find(({ name }) => name === 'default');
  if (chosen) return chosen.template;
  const value = given.map(({ name }) => name);
  throw new InputError({ file, field: 'chat_template', value, rule: 'must hold one template, or one named default' });
}

/** The Jinja text by which a model is asked: its own, else that of its family. @throws InputError where its own is malformed */
export function templateText(files: TextFiles, family: string): string {
  return ownChatTemplate(files)?.source ?? CONVERSATION_TEMPLATES[CONVERSATION_OF_FAMILY[family] ?? 'v1'];
}

/** A conversation of the LLaVA code base. */
export function builtInConversation(name: ConversationName, tokenizer: Tokenizer): ChatTemplate {
  const options = { file: `conversation ${name}`, builtIn: true, answersOnly: name === 'plain' };
  const image = tokenizer.names['image_token'] as string;
  return new ChatTemplate(CONVERSATION_TEMPLATES[name].replaceAll('<image>', image), tokenizer, options);
}

const modelTypes = z.looseObject({ text_config: z.looseObject({ model_type: z.string().optional() }).optional() });

/** How the conversations of a model folder are written. @throws InputError naming the file */
export function folderConversation(folder: string, choice: ConversationChoice = 'auto'): ChatTemplate {
  const files = readTextFiles(folder);
  const file = join(folder, 'config.json');
  const config = modelTypes.safeParse(existsSync(file) ? parseTokenizerJson(readFileSync(file, 'utf8'), file) : {});
  const family = config.data?.text_config?.model_type ?? 'llama';
  return chooseConversation(choice, files, Tokenizer.fromFiles(files, folder), family);
}

/**
 * How a model's conversations are written.
 *
 * @param choice `auto`: the model's own template, else the conversation of its family
 * @param family `model_type` of the decoder
 * @throws InputError where the model's template cannot be used
 */
export function chooseConversation(
  choice: ConversationChoice,
  files: TextFiles,
  tokenizer: Tokenizer,
  family: string,
): ChatTemplate {
  if (choice !== 'auto') return builtInConversation(choice, tokenizer);
  const own = ownChatTemplate(files);
  if (!own) return builtInConversation(CONVERSATION_OF_FAMILY[family] ?? 'v1', tokenizer);
  const { source, file } = own;
  const ours: readonly string[] = [VICUNA_CHAT_TEMPLATE, ...Object.values(CONVERSATION_TEMPLATES)];
  return new ChatTemplate(source, tokenizer, { file, builtIn: ours.includes(source) });
}
