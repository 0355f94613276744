import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chooseConversation,
  folderConversation,
  ownChatTemplate,
  templateText,
} from '../../../../src/main/engine/data/conversation-choice.ts';
import { CONVERSATION_TEMPLATES } from '../../../../src/main/engine/data/conversation-templates.ts';
import { trainTokenizer } from '../../../../src/main/engine/data/tokenizer-training.ts';
import { Tokenizer } from '../../../../src/main/engine/data/tokenizer.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tinyTokenizer } from '../../../helpers/tiny-tokenizer.ts';

const tokenizer = tinyTokenizer();
const OWN = "{% for message in messages %}{{ message['content'] }}</s>{% endfor %}";
const json = (chat_template: unknown): string => JSON.stringify({ chat_template });

describe('the chat template of a model', () => {
  it.each([
    ['chat_template.jinja', OWN],
    ['chat_template.json', json(OWN)],
    ['processor_config.json', json(OWN)],
    ['tokenizer_config.json', json(OWN)],
    [
      'tokenizer_config.json',
      json([
        { name: 'tool_use', template: 'x' },
        { name: 'default', template: OWN },
      ]),
    ],
    ['tokenizer_config.json', json([{ name: 'chat', template: OWN }])],
  ])('is found in %s', (file, text) => {
    expect(ownChatTemplate({ [file]: text })).toEqual({ source: OWN, file });
  });

  it('is that of the processor before that of the tokenizer', () => {
    const files = { 'chat_template.json': json(OWN), 'tokenizer_config.json': json('other') };
    expect(ownChatTemplate(files)?.source).toBe(OWN);
    expect(ownChatTemplate({ ...files, 'chat_template.jinja': 'first' })?.source).toBe('first');
    expect(ownChatTemplate({ 'tokenizer_config.json': '{}', 'processor_config.json': json(null) })).toBeUndefined();
  });

  it.each([
    ['a number', json(3), 'chat_template.json: chat_template: '],
    [
      'names without a default',
      json([
        { name: 'a', template: 'x' },
        { name: 'b', template: 'y' },
      ]),
      'or one named default (found ["a","b"])',
    ],
    ['no JSON', '{', 'chat_template.json: must be JSON'],
  ])('is refused where it is %s', (_, text, rule) => {
    expect(() => ownChatTemplate({ 'chat_template.json': text })).toThrow(rule);
  });
});

describe('chooseConversation', () => {
  it.each([
    ['llama', 'v1'],
    ['mistral', 'mistral'],
    ['qwen2', 'qwen'],
    ['another', 'v1'],
  ] as const)('takes for a %s model without a template the conversation %s', (family, name) => {
    expect(chooseConversation('auto', {}, tokenizer, family).source).toBe(CONVERSATION_TEMPLATES[name]);
    expect(templateText({}, family)).toBe(CONVERSATION_TEMPLATES[name]);
  });

  it('takes the model’s own before, and a named one before both', () => {
    const files = { 'chat_template.jinja': OWN };
    expect(chooseConversation('auto', files, tokenizer, 'llama').source).toBe(OWN);
    expect(chooseConversation('qwen', files, tokenizer, 'llama').source).toBe(CONVERSATION_TEMPLATES.qwen);
    expect(templateText(files, 'llama')).toBe(OWN);
  });

  it('reads the family from a model folder', () => {
    const folder = join(temporaryFolder(), 'm');
    mkdirSync(folder);
    for (const [name, text] of Object.entries<string>({ ...trainTokenizer(['What? A cat.'], 300) }))
      writeFileSync(join(folder, name), text);
    expect(folderConversation(folder).source).toBe(CONVERSATION_TEMPLATES.v1);
    writeFileSync(join(folder, 'config.json'), '{"text_config":{"model_type":"qwen2"}}');
    expect(folderConversation(folder).source).toBe(CONVERSATION_TEMPLATES.qwen);
  });
});

describe('tokenizer files', () => {
  const files = trainTokenizer(['What? A cat.'], 300);
  const bare = JSON.parse(files['tokenizer.json']) as { added_tokens: { content: string }[]; model: { vocab: object } };
  const size = Object.keys(bare.model.vocab).length;
  const text = files['tokenizer.json'];
  const flags = { special: true, normalized: false, lstrip: false, rstrip: false };

  it('says what to do where a folder has its tokenizer in another form', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'tokenizer.model'), 'x');
    expect(() => Tokenizer.load(folder)).toThrow(
      /tokenizer\.json: is missing: the folder has its tokenizer as tokenizer\.model \(SentencePiece\), which is not read\. .*AutoTokenizer\.from_pretrained/,
    );
  });

  it('may add tokens beside tokenizer.json, and name the special ones', () => {
    const config = JSON.stringify({
      image_token: { content: '<img>' },
      added_tokens_decoder: { [size]: { content: '<img>', ...flags }, 0: { content: '<s>', ...flags } },
    });
    const one = Tokenizer.fromFiles({ 'tokenizer.json': text, 'tokenizer_config.json': config });
    expect([one.special.image, one.size, one.names['image_token']]).toEqual([size, size + 1, '<img>']);
    expect(one.encodeWithSpecialTokens('<img>')).toEqual([0, size]);
    const older = Tokenizer.fromFiles({
      'tokenizer.json': text,
      'tokenizer_config.json': '{}',
      'special_tokens_map.json': '{"eos_token":"<end>","pad_token":{"content":"<pad>"}}',
      'added_tokens.json': JSON.stringify({ '<end>': size }),
    });
    expect([older.special.endOfText, older.special.padding, older.names['eos_token']]).toEqual([size, 2, '<end>']);
  });

  it.each([
    [
      'tokenizer_config.json',
      `{"added_tokens_decoder":{"x":{"content":"<a>"}}}`,
      'm/tokenizer_config.json: added_tokens_decoder.x',
    ],
    [
      'tokenizer_config.json',
      `{"added_tokens_decoder":{"1":{"content":"<a>","special":true}}}`,
      'm/tokenizer.json: added_tokens[4].id: two tokens share this id',
    ],
    ['tokenizer_config.json', `{"eos_token":5}`, 'm/tokenizer_config.json: eos_token'],
    ['special_tokens_map.json', '[]', 'm/special_tokens_map.json: must be a group of fields'],
    ['added_tokens.json', '{"<a>":-1}', 'm/added_tokens.json: <a>: must be 0 or more'],
    ['added_tokens.json', '{"<a>":100000}', 'm/tokenizer.json: model.vocab: no token has this id'],
    ['added_tokens.json', '{', 'm/added_tokens.json: must be JSON'],
  ])('are refused where %s is %s', (name, content, message) => {
    expect(() => Tokenizer.fromFiles({ 'tokenizer.json': text, [name]: content }, 'm')).toThrow(message);
  });
});
