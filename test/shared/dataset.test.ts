import { describe, expect, it } from 'vitest';
import { mediaPathProblem, readConversation, recordId } from '../../src/shared/dataset.ts';

const turn = (from: string, value: string): { from: string; value: string } => ({ from, value });
const record = (change: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'a',
  image: 'a.png',
  conversations: [turn('human', '<image>\nWhat colour?'), turn('gpt', 'red')],
  ...change,
});

describe('readConversation', () => {
  it('splits a conversation into turns', () => {
    const conversations = [
      turn('system', ' Be short. '),
      turn('human', 'What colour?\n<image>'),
      turn('gpt', ' red\n'),
      turn('human', 'Why?'),
      turn('gpt', 'Painted.'),
    ];
    expect(readConversation(record({ conversations, extra: 1 }))).toEqual({
      id: 'a',
      modality: 'image',
      system: 'Be short.',
      media: ['a.png'],
      turns: [
        { question: 'What colour?', media: 1, answer: 'red' },
        { question: 'Why?', media: 0, answer: 'Painted.' },
      ],
    });
  });

  it('keeps the order of several images over several turns', () => {
    const conversations = [
      turn('human', '<image> and <image>: same?'),
      turn('gpt', 'no'),
      turn('human', '<image>this?'),
      turn('gpt', 'yes'),
    ];
    const { turns, media } = readConversation(record({ image: undefined, images: ['1', '2', '3'], conversations }));
    expect(media).toEqual(['1', '2', '3']);
    expect(turns.map(({ question, media: count }) => [question, count])).toEqual([
      ['and\n: same?', 2],
      ['this?', 1],
    ]);
  });

  it('takes text-only records, integer ids and either placeholder for a video', () => {
    const text = readConversation(
      record({ id: 7, image: undefined, conversations: [turn('human', 'Hi'), turn('gpt', 'Ho')] }),
    );
    expect(text).toMatchObject({ id: '7', modality: 'text', media: [] });
    for (const placeholder of ['<image>', '<video>']) {
      const conversations = [turn('human', `${placeholder}\nWhere to?`), turn('gpt', 'left')];
      const video = readConversation(record({ image: undefined, video: 'clip', conversations }));
      expect(video).toMatchObject({ modality: 'video', media: ['clip'], turns: [{ question: 'Where to?', media: 1 }] });
    }
  });

  const bad: [string, Record<string, unknown>, string][] = [
    ['no id', { id: undefined }, 'id: must be a text or an integer'],
    ['no conversations', { conversations: undefined }, 'conversations: is missing'],
    ['one turn', { conversations: [turn('human', '<image>')] }, 'conversations: must have 2 or more entries'],
    [
      'system only',
      { conversations: [turn('system', 'x'), turn('human', '<image>')] },
      'the last turn must be an answer',
    ],
    ['unknown speaker', { conversations: [turn('bot', '<image>'), turn('gpt', 'a')] }, 'conversations[0].from: '],
    ['order', { conversations: [turn('gpt', 'a'), turn('human', '<image>')] }, 'conversations[0].from: must be human'],
    [
      'two questions',
      { conversations: [turn('human', '<image>'), turn('human', 'b')] },
      'conversations[1].from: must be gpt',
    ],
    [
      'no last answer',
      { conversations: [...(record().conversations as []), turn('human', 'b')] },
      'the last turn must be an answer',
    ],
    [
      'empty answer',
      { conversations: [turn('human', '<image>'), turn('gpt', ' \n')] },
      'conversations[1].value: the answer is empty',
    ],
    [
      'empty question',
      { conversations: [...(record().conversations as []), turn('human', ' '), turn('gpt', 'b')] },
      'the question is empty',
    ],
    [
      'no placeholder',
      { conversations: [turn('human', 'q'), turn('gpt', 'a')] },
      '0 <image> placeholders for 1 images',
    ],
    [
      'two placeholders',
      { conversations: [turn('human', '<image><image>'), turn('gpt', 'a')] },
      '2 <image> placeholders for 1 images',
    ],
    ['placeholder without image', { image: undefined }, '1 <image> placeholders for 0 images'],
    ['image and video', { video: 'v' }, 'image and video: only one'],
    [
      'lone surrogate',
      { conversations: [turn('human', '<image>'), turn('gpt', 'a\ud800')] },
      'conversations[1].value: holds half of a surrogate',
    ],
    ['image is a number', { image: 3 }, 'image: '],
  ];
  it.each(bad)('refuses: %s', (_, change, reason) => {
    expect(() => readConversation(record(change))).toThrow(reason);
  });

  it('refuses what is no object', () => {
    for (const json of [3, null, [], 'x']) expect(() => readConversation(json)).toThrow();
    expect([recordId(null), recordId({ id: 5 }), recordId({ id: {} })]).toEqual([undefined, '5', undefined]);
  });

  it('takes whole surrogate pairs', () => {
    const { turns } = readConversation(record({ conversations: [turn('human', '<image>'), turn('gpt', '😀')] }));
    expect(turns[0]?.answer).toBe('😀');
  });
});

describe('mediaPathProblem', () => {
  it.each([
    ['http://x/a.png', 'URL'],
    ['file:///etc/passwd', 'URL'],
    ['data:image/png;base64,AA', 'URL'],
    ['/etc/passwd', 'absolute'],
    ['\\\\host\\a', 'absolute'],
    ['C:\\a.png', 'absolute'],
    ['../a.png', '..'],
    ['a/../../b.png', '..'],
    ['a\\..\\b', '..'],
    ['a\0.png', 'NUL'],
  ])('refuses %j', (path, reason) => expect(mediaPathProblem(path)).toContain(reason));

  it.each(['a.png', 'coco/train2017/000.jpg', './a.png', '..a/b..png'])('accepts %j', (path) =>
    expect(mediaPathProblem(path)).toBeUndefined(),
  );
});
