import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { brokenSamplesError, type Dataset, readDataset } from '../../../../src/main/engine/data/dataset-reader.ts';
import { pictureFile } from '../../../../src/main/engine/data/video/video-frames.ts';
import { InputError } from '../../../../src/shared/errors.ts';
import { describeWithFfmpeg, shownFrame, writeVideo } from '../../../helpers/video.ts';

let folder = '';
let images = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-reader-'));
  images = join(folder, 'images');
  for (const path of ['sub', 'clip', 'empty']) mkdirSync(join(images, path), { recursive: true });
  for (const name of ['a.png', 'sub/b.png', 'clip/frame-10.png', 'clip/frame-9.png', 'clip/notes.txt', 'film.mp4']) {
    writeFileSync(join(images, name), 'x');
  }
  writeFileSync(join(folder, 'secret.png'), 'x');
  symlinkSync(join(folder, 'secret.png'), join(images, 'out.png'));
  symlinkSync(folder, join(images, 'up'));
  symlinkSync('a.png', join(images, 'inside.png'));
  symlinkSync('loop.png', join(images, 'loop.png'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const record = (
  id: string,
  media: Record<string, unknown> = { image: 'a.png' },
  answer = 'red',
): Record<string, unknown> => ({
  id,
  ...media,
  conversations: [
    { from: 'human', value: Object.keys(media).length === 0 ? 'What?' : '<image>\nWhat?' },
    { from: 'gpt', value: answer },
  ],
});

function read(text: string | Buffer, name = 'train.jsonl', repeatedIds = false): Dataset {
  const file = join(folder, name);
  writeFileSync(file, text);
  return readDataset(file, { images, repeatedIds });
}

const reasons = (dataset: Dataset): string[] => dataset.broken.map(({ reason }) => reason);
const lines = (...records: unknown[]): string => records.map((json) => JSON.stringify(json)).join('\n');

describe('file forms', () => {
  const records = [record('1'), record('2', {}, 'two\n"quoted" \\ é 😀'), record('3', { image: 'sub/b.png' })];
  const array = JSON.stringify(records);
  it.each<[string, string, string]>([
    ['JSONL', 'a.jsonl', lines(...records)],
    ['JSONL in a .json file', 'a.json', `${lines(...records)}\n`],
    ['JSONL with CRLF and blank lines', 'a.jsonl', `${lines(...records).replaceAll('\n', '\r\n\r\n')}\r\n`],
    ['a byte order mark before lines', 'a.jsonl', `\ufeff${lines(...records)}`],
    ['an array on one line', 'a.json', array],
    [
      'an indented array with CRLF and a byte order mark',
      'a.json',
      `\ufeff${JSON.stringify(records, null, 2).replaceAll('\n', '\r\n')}\r\n`,
    ],
  ])('reads %s', (_, name, text) => {
    const { samples, broken } = read(text, name);
    expect(broken).toEqual([]);
    expect(samples.length).toBe(3);
    expect(samples.get(2)).toEqual({
      id: '3',
      modality: 'image',
      system: undefined,
      turns: [{ question: 'What?', media: 1, answer: 'red' }],
      images: [join(images, 'sub/b.png')],
    });
    expect(samples.get(1).turns[0]?.answer).toBe('two\n"quoted" \\ é 😀');
    expect(samples.facts(1)).toMatchObject({
      record: 1,
      modality: 'text',
      turns: 1,
      groups: 0,
      textBytes: Buffer.byteLength('What?two\n"quoted" \\ é 😀'),
    });
    samples.close();
    expect(samples.get(0).id).toBe('1');
    samples.close();
    expect(() => samples.get(3)).toThrow(RangeError);
  });

  it('reads records that straddle the chunks it reads', () => {
    const long = 'é"\\'.repeat(150_000);
    const many = Array.from({ length: 9 }, (_, i) => record(String(i), {}, `${long}${i}`));
    for (const text of [JSON.stringify(many), lines(...many)]) {
      const { samples, broken } = read(text);
      expect([samples.length, broken]).toEqual([9, []]);
      expect(samples.get(8).turns[0]?.answer).toBe(`${long}8`);
      samples.close();
    }
  });

  it('takes the images folder beside the file by default', () => {
    const file = join(folder, 'default.jsonl');
    writeFileSync(file, lines(record('1')));
    expect(readDataset(file).samples.length).toBe(1);
  });

  it.each<[string, string | Buffer, string, string]>([
    ['an empty file', '', 'a.jsonl', 'is empty'],
    ['white space', ' \n', 'a.json', 'is empty'],
    ['a top-level object', JSON.stringify({ data: [record('1')] }), 'a.json', 'not one object'],
    ['an indented top-level object', JSON.stringify({ data: [record('1')] }, null, 1), 'a.json', 'not one object'],
    ['a number', '3', 'a.json', 'start with [ or {'],
    ['a truncated array', JSON.stringify(records).slice(0, -1), 'a.json', 'ends early'],
    ['an array cut inside a record', JSON.stringify(records, null, 1).slice(0, -40), 'a.json', 'ends early'],
    ['text behind the array', `${JSON.stringify(records)} []`, 'a.json', 'nothing may follow'],
    ['a missing comma', `[${array.slice(1, -1).replace('},{"id":"2"', '} {"id":"2"')}]`, 'a.json', 'a comma or ]'],
    ['UTF-16', Buffer.from(`\ufeff${lines(...records)}`, 'utf16le'), 'a.jsonl', 'must be UTF-8'],
    ['a string that never ends', `[{"id": "${'x'.repeat(18 << 20)}`, 'a.json', 'larger than 16 MB'],
  ])('refuses %s', (_, text, name, rule) => {
    expect(() => read(text, name)).toThrow(InputError);
    expect(() => read(text, name)).toThrow(rule);
    expect(() => read(text, name)).toThrow(name);
  });

  it('names a missing file, and an images folder that is a file', () => {
    expect(() => readDataset(join(folder, 'none.json'))).toThrow(/none\.json: cannot be read \(ENOENT\)/);
    expect(() => readDataset(join(folder, 'a.jsonl'), { images: join(images, 'a.png') })).toThrow(
      'must be a folder of images',
    );
  });
});

describe('broken samples', () => {
  it('collects them with index, id, line and reason and keeps the sound ones', () => {
    const text = `${lines(record('1'))}\n{"id": "2", \n\n${lines(record('3', { image: 'none.png' }), record('4'), record('1'))}`;
    const { samples, broken } = read(text);
    expect(samples.length).toBe(2);
    expect([samples.get(0).id, samples.get(1).id]).toEqual(['1', '4']);
    expect(broken).toEqual([
      { index: 1, line: 2, reason: 'is not valid JSON, or cut off' },
      { index: 2, id: '3', line: 4, reason: 'image: none.png does not exist in the images folder' },
      { index: 4, id: '1', line: 6, reason: 'id: is already that of the record on line 1' },
    ]);
    expect(samples.facts(1)).toMatchObject({ record: 3, line: 5 });
    const error = brokenSamplesError('train.jsonl', broken);
    expect(error.message).toContain('3 broken samples: line 2: is not valid JSON');
    samples.close();
  });

  it('accepts repeated ids on request', () => {
    expect(read(lines(record('1'), record('1')), 'a.jsonl', true).samples.length).toBe(2);
  });

  it('collects broken records of an array, with their lines', () => {
    const { samples, broken } = read('[\n 3,\n {"id":"x",}, "s",\n' + `${JSON.stringify(record('1'))}\n]`, 'a.json');
    expect(samples.length).toBe(1);
    expect(broken.map(({ index, line }) => [index, line])).toEqual([
      [0, 2],
      [1, 3],
      [2, 3],
    ]);
  });

  it('reports bytes that are not UTF-8', () => {
    const text = Buffer.from(lines(record('1', {}, 'caf\u00e9')), 'latin1');
    expect(reasons(read(text))).toEqual(['is not valid UTF-8']);
  });

  it.each([
    ['http://x/a.png', 'is a URL'],
    ['/etc/hosts', 'is an absolute path'],
    ['../secret.png', 'leaves the images folder (..)'],
    ['out.png', 'is a link that leaves the images folder'],
    ['up/secret.png', 'is a link that leaves the images folder'],
    ['loop.png', 'is a link that leads to itself'],
    ['sub', 'is not a file'],
    ['a.png/b.png', 'does not exist'],
    ['none.png', 'does not exist'],
  ])('refuses the image path %s', (image, reason) => {
    expect(reasons(read(lines(record('1', { image }))))[0]).toContain(reason);
  });

  it('follows links that stay inside', () => {
    const { samples } = read(lines(record('1', { image: 'inside.png' })));
    expect(samples.get(0).images).toEqual([join(images, 'a.png')]);
    samples.close();
  });

  it('tells when a picture went away after reading', () => {
    writeFileSync(join(images, 'gone.png'), 'x');
    const { samples } = read(lines(record('1', { image: 'gone.png' })));
    rmSync(join(images, 'gone.png'));
    expect(() => samples.get(0)).toThrow('has changed since it was read: image: gone.png does not exist');
    samples.close();
  });
});

describe('videos', () => {
  it('makes every frame a visual group, in the order of the numbers in their names', () => {
    const { samples } = read(lines(record('1', { video: 'clip' })));
    expect(samples.get(0)).toMatchObject({
      modality: 'video',
      images: [join(images, 'clip/frame-9.png'), join(images, 'clip/frame-10.png')],
      turns: [{ media: 2 }],
    });
    expect(samples.facts(0)).toMatchObject({ modality: 'video', groups: 2, turns: 1 });
    samples.close();
  });

  it('takes frames of a long folder, evenly spread', () => {
    const file = join(folder, 'few.jsonl');
    writeFileSync(file, lines(record('1', { video: 'clip' })));
    const { samples } = readDataset(file, { images, frames: 1 });
    expect(samples.get(0)).toMatchObject({ turns: [{ media: 1 }], images: [join(images, 'clip/frame-9.png')] });
    samples.close();
  });

  it.each([
    ['film.mp4', 'film.mp4: is not a video that can be read'],
    ['empty', 'holds no frames'],
    ['a.png', 'a.png: is not a video that can be read'],
    ['none', 'does not exist'],
    ['up', 'is a link that leaves the images folder'],
  ])('refuses %s', (video, reason) => {
    expect(reasons(read(lines(record('1', { video }))))[0]).toContain(reason);
  });
});

describeWithFfmpeg('a video file', () => {
  it('is no broken sample where ffmpeg is missing: no data is read then', () => {
    writeVideo(join(images, 'sub', 'other.mp4'), { frames: 2 });
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
    vi.stubEnv('PATH', join(folder, 'nowhere'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const text = lines(record('1', { video: 'sub/other.mp4' }));
    expect(() => read(text)).toThrow(/other\.mp4: is a video, and ffmpeg was not found\. Install ffmpeg/);
  });

  it('is a sample whose frames are its visual groups', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
    onTestFinished(() => void vi.unstubAllEnvs());
    writeVideo(join(images, 'sub', 'real.mp4'), { frames: 12 });
    const { samples, broken } = read(lines(record('1', { video: 'sub/real.mp4' })));
    expect(broken).toEqual([]);
    const { modality, turns, images: frames } = samples.get(0);
    expect({ modality, media: turns[0]?.media, groups: samples.facts(0).groups }).toEqual({
      ...{ modality: 'video', media: 8, groups: 8 },
    });
    // floor(i · 11 / 7)
    expect(await Promise.all(frames.map(async (frame) => shownFrame(await pictureFile(frame))))).toEqual([
      0, 1, 3, 4, 6, 7, 9, 11,
    ]);
    samples.close();
  });
});
