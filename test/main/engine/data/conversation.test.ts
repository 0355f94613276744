import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IGNORED_LABEL } from '../../../../src/main/engine/data/batch.ts';
import { builtInConversation, folderConversation } from '../../../../src/main/engine/data/conversation-choice.ts';
import type { Message, Piece } from '../../../../src/main/engine/data/conversation-piece.ts';
import { VICUNA_CHAT_TEMPLATE } from '../../../../src/main/engine/data/conversation-templates.ts';
import { encodePieces, type TokenRow } from '../../../../src/main/engine/data/conversation.ts';
import { encodePrompt } from '../../../../src/main/engine/data/encode.ts';
import { Tokenizer } from '../../../../src/main/engine/data/tokenizer.ts';
import { hasReference, REFERENCE } from '../../../helpers/reference.ts';
import { vicunaTemplate } from '../../../helpers/tiny-template.ts';
import { tinyTokenizer } from '../../../helpers/tiny-tokenizer.ts';

interface Case {
  readonly chat: {
    readonly conversations: {
      readonly messages: { role: Message['role']; content: { type: 'image' | 'text'; text?: string }[] }[];
      readonly ids: number[];
      readonly labels: number[];
      readonly image_starts: number[];
      readonly supervised_text: string;
      readonly prompt_ids: number[];
    }[];
  };
}

type Messages = Case['chat']['conversations'][number]['messages'];
const messagesOf = (messages: Messages): Message[] =>
  messages.map(({ role, content }) => ({
    role,
    visuals: content.filter(({ type }) => type === 'image').length,
    text: content.map(({ text }) => text ?? '').join(''),
  }));

it.skipIf(!hasReference)('writes the chat template of the reference (needs ../shared/reference)', () => {
  expect(VICUNA_CHAT_TEMPLATE).toBe(readFileSync(join(REFERENCE, 'clip-llama/model/chat_template.jinja'), 'utf8'));
});

describe.skipIf(!hasReference).each(['clip-llama', 'siglip-qwen2'])('%s (needs ../shared/reference)', (name) => {
  const folder = join(REFERENCE, name);
  const { chat } = hasReference
    ? (JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case)
    : { chat: { conversations: [] } };
  const visualTokens = name === 'clip-llama' ? 64 : 49;

  it.each(chat.conversations.map((_, i) => i))('gives the ids, labels and prompt of conversation %i', (i) => {
    const expected = chat.conversations[i] as Case['chat']['conversations'][number];
    const template = folderConversation(join(folder, 'model'));
    const { tokenizer } = template;
    const messages = messagesOf(expected.messages);
    const row = encodePieces(tokenizer, template.conversation(messages), visualTokens);
    expect([...row.tokenIds]).toEqual(expected.ids);
    expect([...row.labels]).toEqual(expected.labels);
    expect(row.groups).toEqual(expected.image_starts.map((start) => ({ start, length: visualTokens })));
    const prompt = encodePrompt(messages.slice(0, -1), { template, visualTokens });
    expect([...prompt.tokenIds]).toEqual(expected.prompt_ids);
    expect(prompt.groups).toEqual(row.groups);
  });
});

describe('encodePieces', () => {
  const tokenizer = tinyTokenizer();
  const { image, endOfText } = tokenizer.special;
  const template = vicunaTemplate(tokenizer);
  const encode = (messages: Message[], by = template): TokenRow =>
    encodePieces(tokenizer, by.conversation(messages), 3);
  const supervised = ({ labels }: TokenRow): string =>
    tokenizer.decode(
      labels.filter((label) => label !== IGNORED_LABEL),
      { keepSpecial: true },
    );

  it('supervises answers and end tokens of every turn and nothing else', () => {
    const row = encode([
      { role: 'system', text: 'Be short.' },
      { role: 'user', visuals: 2, text: 'Same?' },
      { role: 'assistant', text: 'no' },
      { role: 'user', text: 'Why?' },
      { role: 'assistant', text: 'red' },
    ]);
    expect(supervised(row)).toBe(' no</s> red</s>');
    expect(tokenizer.decode(row.tokenIds, { keepSpecial: true })).toBe(
      '<s>Be short. USER: <image><image><image>\n<image><image><image>\nSame? ASSISTANT: no</s>USER: Why? ASSISTANT: red</s>',
    );
    row.labels.forEach((label, i) => expect([IGNORED_LABEL, row.tokenIds[i]]).toContain(label));
    expect(row.groups.map(({ start, length }) => [...row.tokenIds.subarray(start, start + length)])).toEqual([
      [image, image, image],
      [image, image, image],
    ]);
  });

  it('writes caption pairs for the pretraining of the projector', () => {
    const row = encode(
      [
        { role: 'user', visuals: 1, text: 'Describe it.' },
        { role: 'assistant', text: 'a red cat' },
      ],
      builtInConversation('plain', tokenizer),
    );
    expect(tokenizer.decode(row.tokenIds, { keepSpecial: true })).toBe('<s><image><image><image>a red cat\n');
    expect(supervised(row)).toBe('a red cat\n');
    expect(row.groups).toEqual([{ start: 1, length: 3 }]);
  });

  it('makes no visual or end token from text', () => {
    const row = encode([
      { role: 'user', visuals: 1, text: 'Is <image> </s> shown?' },
      { role: 'assistant', text: '<image></s>' },
    ]);
    expect(row.tokenIds.filter((id) => id === image).length).toBe(3);
    expect(row.tokenIds.filter((id) => id === endOfText).length).toBe(1);
    expect(supervised(row)).toBe(' <image></s></s>');
  });

  it('leaves out the space of an empty question', () => {
    const row = encode([
      { role: 'user', visuals: 1, text: '' },
      { role: 'assistant', text: 'a' },
    ]);
    expect(tokenizer.decode(row.tokenIds)).toBe('USER: \nASSISTANT: a');
  });

  it('supervises a token that reaches over the boundary', () => {
    const json = tinyTokenizer.json(['xx: yes', 'xx: yes', 'xx: yes'], 300);
    const { model } = json;
    const [size] = [Object.keys(model.vocab).length];
    const crossing = {
      ...json,
      pre_tokenizer: { ...json.pre_tokenizer, use_regex: false },
      model: {
        ...model,
        vocab: { ...model.vocab, ':Ġ': size, ':Ġy': size + 1 },
        merges: [[':', 'Ġ'], [':Ġ', 'y'], ...model.merges],
      },
    };
    const odd = Tokenizer.parse(crossing, {}, 'odd');
    const row = encodePieces(
      odd,
      [
        { kind: 'text', text: 'xx:', supervised: false },
        { kind: 'text', text: ' yes', supervised: true },
        { kind: 'text', text: ' xx', supervised: false },
      ],
      1,
    );
    const labelled = [...row.labels].filter((label) => label !== IGNORED_LABEL);
    expect(labelled[0]).toBe(size + 1);
    expect(odd.decode(labelled)).toBe(': yes');
  });

  it('prompts end where the answer begins', () => {
    const pieces = template.prompt([{ role: 'user', visuals: 1, text: 'What?' }]);
    expect(tokenizer.decode(encodePieces(tokenizer, pieces, 1).tokenIds)).toBe('USER: \nWhat? ASSISTANT:');
    const plain = builtInConversation('plain', tokenizer);
    expect(plain.prompt([{ role: 'user', visuals: 1, text: 'x' }])).toEqual([{ kind: 'visual' }]);
  });

  it('puts nothing in front where the template has, and lets tokens take white space away', () => {
    const json = tinyTokenizer.json(['What? A cat'], 300);
    const added = (json['added_tokens'] as { content: string }[]).map((token) =>
      token.content === '</s>' ? { ...token, lstrip: true, rstrip: true } : token,
    );
    const stripping = Tokenizer.parse({ ...json, added_tokens: added }, {}, 'odd');
    const text = (words: string): Piece => ({ kind: 'text', text: words, supervised: false });
    const end: Piece = { kind: 'special', token: '</s>', supervised: true };
    const pieces = [{ ...end, token: '<s>' }, text(' A '), text(' \n'), end, text(' '), text(' cat '), end];
    const { tokenIds } = encodePieces(stripping, pieces, 1);
    expect([...tokenIds]).toEqual(stripping.encodeWithSpecialTokens('<s> A  \n</s>  cat </s>').slice(1));
    expect(stripping.decode(tokenIds, { keepSpecial: true })).toBe('<s> A</s>cat</s>');
  });
});
