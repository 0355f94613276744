import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONVERSATIONS, type ConversationName } from '../../../../src/shared/conversation.ts';
import { IGNORED_LABEL } from '../../../../src/main/engine/data/batch.ts';
import { ChatTemplate } from '../../../../src/main/engine/data/chat-template.ts';
import { builtInConversation } from '../../../../src/main/engine/data/conversation-choice.ts';
import { type Message, writtenOut } from '../../../../src/main/engine/data/conversation-piece.ts';
import { CONVERSATION_TEMPLATES } from '../../../../src/main/engine/data/conversation-templates.ts';
import { encodePieces } from '../../../../src/main/engine/data/conversation.ts';
import { Tokenizer } from '../../../../src/main/engine/data/tokenizer.ts';
import { tinyTokenizer } from '../../../helpers/tiny-tokenizer.ts';

const GOLDEN = fileURLToPath(new URL('../../../golden/chat', import.meta.url));
const read = (name: string): string => readFileSync(`${GOLDEN}/${name}`, 'utf8');

interface Rendered {
  readonly text: string;
  readonly ids: number[];
  readonly prompt: string;
  readonly prompt_ids: number[];
  readonly mask_ids?: number[];
  readonly mask?: number[];
}
interface Golden {
  readonly visual_tokens: number;
  readonly messages: { role: Message['role']; content: { type: string; text?: string }[] }[][];
  readonly cases: {
    readonly tokenizer: string;
    readonly texts: { text: string; ids: number[]; decoded: string }[];
    readonly chats: { template?: string; conversation?: ConversationName; conversations: Rendered[] }[];
  }[];
}
const golden = JSON.parse(read('expected.json')) as Golden;
const conversations = golden.messages.map((messages) =>
  messages.map(({ role, content }): Message => {
    const visuals = content.filter(({ type }) => type === 'image').length;
    return { role, visuals, text: content.map(({ text }) => text ?? '').join('') };
  }),
);

describe.each(golden.cases)('Python’s numbers with the tokenizer $tokenizer', ({ tokenizer: name, texts, chats }) => {
  const tokenizer = Tokenizer.load(`${GOLDEN}/${name}`);

  it('texts become its ids, and texts again', () => {
    for (const { text, ids, decoded } of texts) {
      expect(tokenizer.encodeWithSpecialTokens(text)).toEqual(ids);
      expect([...tokenizer.prefix, ...tokenizer.encode(text)]).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
  });

  it.each(chats)(
    'conversations by $template$conversation',
    ({ template: file, conversation, conversations: expected }) => {
      const template = conversation
        ? builtInConversation(conversation, tokenizer)
        : new ChatTemplate(read(`templates/${file}`), tokenizer, { file: file ?? '' });
      expect(expected.length).toBe(conversations.length);
      expected.forEach(({ text, ids, prompt, prompt_ids: promptIds, mask_ids: maskIds, mask }, i) => {
        const messages = conversations[i] as Message[];
        template.check(messages);
        expect(template.render(messages, false)).toBe(text);
        const pieces = template.conversation(messages);
        expect(writtenOut(pieces, '<image>')).toBe(text);
        expect([...encodePieces(tokenizer, pieces, golden.visual_tokens).tokenIds]).toEqual(ids);
        const asked = template.prompt(messages.slice(0, -1));
        expect(writtenOut(asked, '<image>')).toBe(prompt);
        expect([...encodePieces(tokenizer, asked, golden.visual_tokens).tokenIds]).toEqual(promptIds);
        if (!maskIds || !mask) return;
        // Without special tokens in front and with one token an image, as transformers makes masks.
        const { tokenIds, labels } = encodePieces(tokenizer, pieces, 1);
        const opened = tokenIds.length - maskIds.length;
        expect([...tokenIds.subarray(opened)]).toEqual(maskIds);
        expect([...labels.subarray(opened)]).toEqual(maskIds.map((id, at) => (mask[at] ? id : IGNORED_LABEL)));
      });
    },
  );
});

describe('LLaVA’s conversations', () => {
  const tokenizer = tinyTokenizer();
  const turns: Message[] = [
    { role: 'user', visuals: 1, text: 'What?' },
    { role: 'assistant', text: 'A cat.' },
    { role: 'user', text: 'Why?' },
    { role: 'assistant', text: 'No.' },
  ];
  const withSystem: Message[] = [{ role: 'system', text: 'Be kind.' }, ...turns];
  const written = (name: ConversationName, messages: Message[]): string => {
    const template = builtInConversation(name, tokenizer);
    expect(template.render(messages, false)).toBe(writtenOut(template.conversation(messages), '<image>'));
    return writtenOut(template.conversation(messages), '<image>');
  };
  const v1 =
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";

  // What `get_prompt` of llava/conversation.py gives.
  it.each<[ConversationName, string]>([
    ['plain', '<image>A cat.\nNo.\n'],
    ['v1', `${v1} USER: <image>\nWhat? ASSISTANT: A cat.</s>USER: Why? ASSISTANT: No.</s>`],
    ['mistral', '[INST] <image>\nWhat? [/INST] A cat. </s>[INST] Why? [/INST] No. </s>'],
    [
      'qwen',
      '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n<image>\nWhat?<|im_end|>\n<|im_start|>assistant\nA cat.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\nNo.<|im_end|>\n',
    ],
  ])('%s', (name, expected) => {
    expect(written(name, turns)).toBe(expected);
  });

  it.each<[ConversationName, string]>([
    ['v1', 'Be kind. USER: <image>\nWhat?'],
    ['mistral', '[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\n<image>\nWhat? [/INST] A cat. </s>[INST] Why?'],
    ['qwen', '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n<image>\nWhat?<|im_end|>'],
  ])('%s takes the system prompt of a sample', (name, opening) => {
    expect(written(name, withSystem).startsWith(opening)).toBe(true);
  });

  it('writes pictures alone without a line behind them', () => {
    expect(written('v1', [{ role: 'user', visuals: 2, text: '' }, ...turns.slice(1, 2)])).toContain(
      'USER: <image>\n<image> ASSISTANT:',
    );
  });

  it('are the templates that Python’s numbers were made with', () => {
    expect(JSON.parse(read('built-in.json'))).toEqual(CONVERSATION_TEMPLATES);
  });

  it.each(CONVERSATIONS)('%s keeps any text as it is, and supervises the answers', (name) => {
    const template = builtInConversation(name, tokenizer);
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((s) => s.trim() === s);
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, fc.nat(2)), { minLength: 1, maxLength: 4 }), (pairs) => {
        const messages = pairs.flatMap(([question, answer, visuals]): Message[] => [
          { role: 'user', visuals, text: question },
          { role: 'assistant', text: answer },
        ]);
        const row = encodePieces(tokenizer, template.conversation(messages), 2);
        expect(row.groups.length).toBe(pairs.reduce((sum, [, , visuals]) => sum + visuals, 0));
        const images = row.tokenIds.filter((id) => id === tokenizer.special.image).length;
        expect(images).toBe(2 * row.groups.length);
        const supervised = template
          .conversation(messages)
          .flatMap((piece) => (piece.kind === 'text' && piece.supervised ? [piece.text] : []));
        for (const [, answer] of pairs) expect(supervised).toContain(answer);
      }),
      { numRuns: 60 },
    );
  });
});

describe('ChatTemplate', () => {
  const tokenizer = tinyTokenizer();
  const of = (source: string): ChatTemplate => new ChatTemplate(source, tokenizer, { file: 'm/chat_template.jinja' });
  const loop = (body: string): string => `{% for message in messages %}${body}{% endfor %}`;
  const CONTENT = "{{ message['role'] }}: {{ message['content'] }}\n";
  const pair: Message[] = [
    { role: 'user', visuals: 1, text: 'Q' },
    { role: 'assistant', text: 'A' },
  ];
  const twice = [...pair, { role: 'user', text: 'R' }, { role: 'assistant', text: 'B' }] as const;
  const supervised = (template: ChatTemplate, messages: readonly Message[]): string[] =>
    template
      .conversation(messages)
      .flatMap((piece) =>
        piece.kind === 'visual' || !piece.supervised ? [] : [piece.kind === 'text' ? piece.text : piece.token],
      );

  it('gives templates of language models the image tokens in the text', () => {
    expect(writtenOut(of(loop(CONTENT)).conversation(pair), '<image>')).toBe('user: <image>\nQ\nassistant: A\n');
  });

  it('supervises up to the end token and no further', () => {
    const template = of(
      `${loop(`{{ message['role'] }}: {{ message['content'] }}</s>\n`)}{% if add_generation_prompt %}assistant: {% endif %}`,
    );
    expect(supervised(template, twice)).toEqual(['A', '</s>', 'B', '</s>']);
    expect(template.endToken).toBe('</s>');
    expect(of(loop(CONTENT)).endToken).toBeUndefined();
  });

  it('takes a last token that only the end of the conversation has for what it is', () => {
    const template = of(`${loop(`{{ message['content'] }}</s>`)}{% if not add_generation_prompt %}<pad>{% endif %}`);
    expect(supervised(template, twice)).toEqual(['A', '</s>', 'B', '</s>']);
  });

  it('trims texts where the template does', () => {
    const template = of(loop("{{ message['content'] | trim }}</s>"));
    const messages: Message[] = [{ role: 'user', text: ' Q ' }];
    expect(writtenOut(template.prompt(messages), '')).toBe('Q</s>');
    expect(writtenOut(of(loop("{{ message['content'] }}")).prompt(messages), '')).toBe(' Q ');
  });

  const error = (source: string, messages: readonly Message[] = twice): string => {
    try {
      of(source).check(messages);
    } catch (thrown) {
      return (thrown as Error).message;
    }
    return 'nothing';
  };

  it.each<[string, string, string]>([
    ['is cut off', '{% for message in messages %}', 'cannot be read as a Jinja template'],
    ['is no template', '{{ messages[', 'cannot be read as a Jinja template'],
    [
      'leaves questions out',
      loop("{% if message['role'] == 'assistant' %}{{ message['content'] }}{% endif %}"),
      'does not write the text of message 1 (user)',
    ],
    ['shouts', loop("{{ message['content'] | upper }}"), 'does not write the text of message 1 (user)'],
    [
      'shows no images',
      loop("{{ message['content'] | replace('<image>', '') }}"),
      'writes 0 <image> tokens for 1 images',
    ],
    ['repeats itself', loop("{{ message['content'] }}{{ message['content'] }}"), 'once each and in their order'],
    ['refuses', "{{ raise_exception('Only for adults') }}", 'cannot be rendered: Only for adults'],
    [
      'never ends',
      `${'{% for i in range(9999) %}'.repeat(4)}{% set x = 1 %}${'{% endfor %}'.repeat(4)}`,
      'it takes more than 2 seconds',
    ],
    ['asks for too much', '{% for i in range(1000000000) %}{% endfor %}', 'range() of more than 10000 numbers'],
    ['is huge', ' '.repeat(200_001), 'has 200001 characters: at most 200000 are read'],
    ['writes too much', `{% for i in range(9999) %}${'x'.repeat(500)}{% endfor %}`, 'at most 4000000 are taken'],
  ])('is refused where it %s', (_, source, rule) => {
    const message = error(source);
    expect(message).toMatch(/^m\/chat_template\.jinja: chat_template: /);
    expect(message).toContain(rule);
    expect(message).toContain('data.conversation');
  });

  it('is refused for several turns where it writes earlier ones otherwise than it asks them', () => {
    const lastOnly = loop(
      "{% if loop.last and message['role'] == 'user' %}[answer:] {% endif %}{{ message['content'] }}</s>",
    );
    expect(error(lastOnly, twice)).toContain('is not prefix-stable: what stands before the answer in message 2');
    expect(error(lastOnly, twice)).toContain('data.turns');
  });

  it('tells where it changes the words of a conversation', () => {
    const template = loop("{{ message['content'].split('</think>')[-1] }}</s>");
    expect(error(template, pair)).toBe('nothing');
    const thinking: Message[] = [...pair.slice(0, 1), { role: 'assistant', text: 'hm</think>A' }];
    expect(error(template, thinking)).toContain('writes the texts of this conversation in another way than they are');
  });
});
