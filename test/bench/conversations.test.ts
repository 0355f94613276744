import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { writeConversations } from '../../bench/studio/conversations.ts';
import { readConversation } from '../../src/shared/dataset.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('every line is a sound conversation, one of four has the picture, one has the needle', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'train.jsonl');
  await writeConversations(file, { records: 4001, pictureEvery: 4, needle: 'needlework' });
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const conversations = lines.map((line) => readConversation(JSON.parse(line)));
  expect(conversations).toHaveLength(4001);
  expect(conversations.filter(({ modality }) => modality === 'image')).toHaveLength(1001);
  expect(lines.map((line) => line.includes('needlework')).lastIndexOf(true)).toBe(3000);
  expect(lines.filter((line) => line.includes('needlework'))).toHaveLength(1);
  const { width } = await sharp(join(folder, 'images', conversations[0]?.media[0] ?? '')).metadata();
  expect(width).toBe(64);
});
