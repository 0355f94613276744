/** Writes conversation files of any length, the same at every call. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { Random } from '../../src/shared/random.ts';

const PICTURE = 'shared.png';
const SIDE = 64;
const LINES_AT_ONCE = 2000;
const WORDS = [
  'which',
  'shape',
  'colour',
  'circle',
  'square',
  'triangle',
  'left',
  'above',
  'small',
  'is',
  'the',
  'blue',
];
const MOST_WORDS = 24;

export interface ConversationOptions {
  readonly records: number;
  /** Every so many records one has a picture; the others are text. 1 = all. */
  readonly pictureEvery: number;
  /** A word that stands in one record alone, three quarters down the file. */
  readonly needle?: string;
}

function words(random: Random, most: number): string {
  const count = 1 + Math.floor(random.uniform() * most);
  return Array.from({ length: count }, () => WORDS[Math.floor(random.uniform() * WORDS.length)]).join(' ');
}

function line(index: number, random: Random, { records, pictureEvery, needle }: ConversationOptions): string {
  const hasPicture = index % pictureEvery === 0;
  const isNeedle = needle !== undefined && index === Math.floor(0.75 * records);
  const question = `${words(random, MOST_WORDS)}${isNeedle ? ` ${needle}` : ''}?`;
  const conversations = [
    { from: 'human', value: hasPicture ? `<image>\n${question}` : question },
    { from: 'gpt', value: words(random, 3) },
  ];
  return `${JSON.stringify({ id: `sample-${index}`, ...(hasPicture && { image: PICTURE }), conversations })}\n`;
}

/** Writes a JSONL file and the one picture that its records share, in `images` beside it. */
export async function writeConversations(file: string, options: ConversationOptions): Promise<void> {
  const images = join(dirname(file), 'images');
  await mkdir(images, { recursive: true });
  const background = { r: 90, g: 140, b: 200 };
  await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } }).toFile(join(images, PICTURE));
  const random = Random.from(1, 'conversations');
  const stream = createWriteStream(file);
  for (let from = 0; from < options.records; from += LINES_AT_ONCE) {
    const count = Math.min(LINES_AT_ONCE, options.records - from);
    const lines = Array.from({ length: count }, (_, i) => line(from + i, random, options));
    if (!stream.write(lines.join(''))) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}
