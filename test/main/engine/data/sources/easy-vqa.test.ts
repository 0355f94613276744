import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EASY_VQA_WHEEL, getEasyVqa } from '../../../../../src/main/engine/data/sources/easy-vqa.ts';
import { downloadCache } from '../../../../../src/main/engine/data/sources/wheel.ts';
import type { SourceRecord } from '../../../../../src/main/engine/data/sources/records.ts';

const wheel = join(downloadCache(), EASY_VQA_WHEEL.file);
const hasWheel = existsSync(wheel);
const MISSING_COMMAND = ['no-such-command-here'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easy-vqa-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const readRecords = async (file: string): Promise<SourceRecord[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SourceRecord);

describe.skipIf(!hasWheel)('easy-VQA from its wheel (skipped while the wheel was never downloaded)', () => {
  it('converts every picture and question, and takes the sound folder as it is the second time', async () => {
    const out = join(folder, 'easy-vqa');
    const first = await getEasyVqa({ folder: out, wheel });
    expect(first.reused).toBe(false);
    expect(first.manifest.splits).toEqual({
      train: { records: 4000, images: 4000, questions: 38575 },
      test: { records: 1000, images: 1000, questions: 9673 },
    });

    for (const [split, images, questions] of [
      ['train', 4000, 38575],
      ['test', 1000, 9673],
    ] as const) {
      const records = await readRecords(join(out, `${split}.jsonl`));
      const names = new Set(await readdir(join(out, 'images', split)));
      expect(names.size).toBe(images);
      expect(records.every((record) => names.has((record.image as string).slice(split.length + 1)))).toBe(true);
      expect(records.reduce((sum, record) => sum + record.conversations.length, 0)).toBe(2 * questions);
      const marked = records.map((r) => r.conversations.filter((turn) => turn.value.startsWith('<image>\n')).length);
      expect(new Set(marked)).toEqual(new Set([1]));
    }
    const [record] = await readRecords(join(out, 'train.jsonl'));
    expect(record?.id).toBe('train-0');
    expect(record?.conversations.slice(0, 4)).toEqual([
      { from: 'human', value: '<image>\nwhat is the blue shape?' },
      { from: 'gpt', value: 'rectangle' },
      { from: 'human', value: 'what color is the shape?' },
      { from: 'gpt', value: 'blue' },
    ]);

    const again = await getEasyVqa({ folder: out, pips: [MISSING_COMMAND], cache: folder });
    expect(again).toEqual({ manifest: first.manifest, reused: true });

    await rm(join(out, 'images', 'test', '7.png'));
    const mended = await getEasyVqa({ folder: out, wheel });
    expect(mended).toEqual({ manifest: first.manifest, reused: false });
    expect((await readdir(folder)).sort()).toEqual(['easy-vqa']);
  });
});

describe('where easy-VQA cannot be had', () => {
  const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

  it('says that pip is missing and what to do instead', async () => {
    const out = join(folder, 'easy-vqa');
    const attempt = getEasyVqa({ folder: out, cache: join(folder, 'cache'), pips: [MISSING_COMMAND] });
    await expect(attempt).rejects.toThrow(/needs pip.*llavolta data get shapes/);
    expect(existsSync(out)).toBe(false);
  });

  it.skipIf(!hasPip)('says that it is offline and offers shapes (skipped without pip)', async () => {
    const nowhere = ['python3', '-m', 'pip', '--isolated', '--proxy', 'http://127.0.0.1:9'];
    const attempt = getEasyVqa({ folder: join(folder, 'out'), cache: join(folder, 'cache'), pips: [nowhere] });
    await expect(attempt).rejects.toThrow(/not reachable \(offline\?\).*llavolta data get shapes/);
  });

  it('refuses a wheel that is not the pinned one', async () => {
    const broken = join(folder, EASY_VQA_WHEEL.file);
    await writeFile(broken, 'half a downl');
    await expect(getEasyVqa({ folder: join(folder, 'out'), wheel: broken })).rejects.toThrow(
      /is not the easy_vqa-1\.0/,
    );
    expect(await readdir(folder)).toEqual([EASY_VQA_WHEEL.file]);
  });

  it('leaves a folder alone that holds something else', async () => {
    await writeFile(join(folder, 'thesis.txt'), 'mine');
    await expect(getEasyVqa({ folder })).rejects.toThrow(/holds something else/);
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('mine');
  });
});
