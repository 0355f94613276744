import { readFile } from 'node:fs/promises';
import { Tokenizer } from '../../data/tokenizer.ts';
import { parseStrictJson } from '../../model/strict-json.ts';
import type { CaseFolder } from '../case-folder.ts';
import type { ReferenceCase } from '../case-schema.ts';
import { equal, sameText } from '../compare.ts';
import type { DataTopic, Finding } from '../topic.ts';

type TokenizedText = NonNullable<ReferenceCase['tokenization']>['strings'][number];

const SHOWN_TEXT_LENGTH = 24;

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_TEXT_LENGTH ? `${text.slice(0, SHOWN_TEXT_LENGTH)}…` : text);
}

/** Ids and decoded text of one string. The reference writes special tokens out in its texts. */
function* textChecks(tokenizer: Tokenizer, expected: TokenizedText, topic: string): Generator<Finding> {
  const name = shown(expected.text);
  const ids = tokenizer.encodeWithSpecialTokens(expected.text);
  yield { topic, name: `${name} ids`, ...equal(ids, expected.ids) };
  const { decoded, decoded_skip_special: withoutSpecial } = expected;
  // Where a case gives one decoded text, it is the one without special tokens.
  const plain = sameText(tokenizer.decode(expected.ids), withoutSpecial ?? decoded);
  yield { topic, name: `${name} decoded without special`, ...plain };
  if (withoutSpecial === undefined) return;
  yield { topic, name: `${name} decoded`, ...sameText(tokenizer.decode(expected.ids, { keepSpecial: true }), decoded) };
}

async function alternative(folder: CaseFolder, file: string): Promise<Tokenizer> {
  const path = folder.path(file);
  const config = folder.path('model/tokenizer_config.json');
  const json = parseStrictJson(await readFile(path), path);
  return Tokenizer.parse(json, parseStrictJson(await readFile(config), config), path);
}

/** Strings to ids and back, with the model's tokenizer and the case's other one. */
export const tokenizerTopic: DataTopic = async function* (folder) {
  const { tokenization } = folder.info;
  if (!tokenization) return;
  const tokenizer = Tokenizer.load(folder.path('model'));
  for (const text of tokenization.strings) yield* textChecks(tokenizer, text, 'tokenizer');
  const { alt } = tokenization;
  if (!alt) return;
  const other = await alternative(folder, alt.file);
  for (const text of alt.strings) yield* textChecks(other, text, `tokenizer ${alt.file}`);
};
