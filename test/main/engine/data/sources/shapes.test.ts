import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readDataset } from '../../../../../src/main/engine/data/dataset-reader.ts';
import { decodeImage } from '../../../../../src/main/engine/data/image.ts';
import { getShapes } from '../../../../../src/main/engine/data/sources/shapes/shapes.ts';
import { BACKGROUNDS, COLORS, RADII, type Rgb } from '../../../../../src/main/engine/data/sources/shapes/vocabulary.ts';
import type { SourceRecord } from '../../../../../src/main/engine/data/sources/records.ts';
import { shapesOptionsSchema } from '../../../../../src/shared/dataset-source.ts';
import { sum } from '../../../../../src/shared/sum.ts';
import { describeWithFfmpeg } from '../../../../helpers/video.ts';
import { answerClip, answerScene, type ClipGraph, type SceneGraph } from './shapes-oracle.ts';

const readLines = async <T>(file: string): Promise<T[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

interface Asked {
  readonly id: string;
  readonly type: string;
  readonly question: string;
  readonly answer: string;
}

const root = mkdtempSync(join(tmpdir(), 'shapes-'));
const folder = join(root, 'dataset');
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = shapesOptionsSchema.parse({ images: 400, clips: 100, size: 32, seed: 5 });
const graphs = new Map<string, (SceneGraph | ClipGraph) & { id: string; types: string[] }>();
const records = new Map<string, SourceRecord[]>();
const asked = new Map<string, Asked[]>();
const PARTS = [
  'train',
  'test',
  'clips-train',
  'clips-test',
  'motion-train',
  'motion-test',
  'pairs-train',
  'pairs-test',
];

beforeAll(async () => {
  await getShapes({ folder, ...options });
  for (const graph of await readLines<SceneGraph & { id: string; types: string[] }>(join(folder, 'scenes.jsonl'))) {
    graphs.set(graph.id, graph);
  }
  for (const part of PARTS) {
    const list = await readLines<SourceRecord>(join(folder, `${part}.jsonl`));
    records.set(part, list);
    asked.set(part, list.flatMap(questionsOf));
  }
}, 120_000);

function questionsOf({ id, conversations }: SourceRecord): Asked[] {
  const types = graphs.get(id)?.types ?? [];
  return types.map((type, i) => ({
    id,
    type,
    question: (conversations[2 * i]?.value ?? '').replace(/^<image>\n/, ''),
    answer: conversations[2 * i + 1]?.value ?? '',
  }));
}

describe('the shapes dataset', () => {
  it('splits pictures and clips as asked, all of them sound for the reader', () => {
    expect(PARTS.slice(0, 4).map((part) => records.get(part)?.length)).toEqual([320, 80, 80, 20]);
    for (const part of PARTS) {
      const { samples, broken } = readDataset(join(folder, `${part}.jsonl`));
      expect(broken).toEqual([]);
      expect(samples.length).toBe(records.get(part)?.length);
      expect(samples.facts(0).groups).toBe(/^(?:clips|motion)/.test(part) ? 8 : 1);
      samples.close();
    }
  });

  it('answers every question about a picture as the scene graph says', () => {
    const parts = ['train', 'test', 'pairs-train', 'pairs-test'];
    const questions = parts.flatMap((part) => asked.get(part) ?? []);
    expect(questions.length).toBeGreaterThan(3600);
    for (const { id, question, answer } of questions) {
      expect(`${id} ${question} ${answer}`).toBe(
        `${id} ${question} ${answerScene(graphs.get(id) as SceneGraph, question)}`,
      );
    }
  });

  it('answers every question about a clip as the scene graph says', () => {
    const questions = PARTS.slice(2, 6).flatMap((part) => asked.get(part) ?? []);
    expect(questions.length).toBeGreaterThan(350);
    for (const { id, question, answer } of questions) {
      expect(`${id} ${question} ${answer}`).toBe(
        `${id} ${question} ${answerClip(graphs.get(id) as ClipGraph, question)}`,
      );
    }
  });

  it('asks about motion every clip that has any, once about each thing, and shows the same clips', () => {
    for (const split of ['train', 'test']) {
      const clips = new Map((records.get(`clips-${split}`) ?? []).map(({ id, video }) => [video, graphs.get(id)]));
      const motion = records.get(`motion-${split}`) ?? [];
      const moving = [...clips.values()].filter((graph) => graph && 'about' in graph && graph.about !== 'appearance');
      expect(motion).toHaveLength(moving.length);
      for (const record of motion) {
        const { objects, types } = graphs.get(record.id) as ClipGraph & { types: string[] };
        expect(objects).toEqual(clips.get(record.video)?.objects);
        expect(types).toHaveLength(objects.length);
        expect(types.filter((type) => type !== 'moves' && type !== 'direction')).toEqual([]);
      }
    }
  });

  it('makes clips of one thing alone, and leaves out those that nothing can be asked about', async () => {
    const alone = shapesOptionsSchema.parse({ images: 0, clips: 12, size: 16, testShare: 0, clipObjects: 1 });
    await getShapes({ folder: join(root, 'alone'), ...alone });
    const clips = await readLines<ClipGraph & { about: string }>(join(root, 'alone', 'scenes.jsonl'));
    expect(clips.map(({ objects }) => objects.length)).toEqual(clips.map(() => 1));
    expect(clips.map(({ about }) => about)).not.toContain('appearance');
    const { samples, broken } = readDataset(join(root, 'alone', 'clips-train.jsonl'));
    expect(broken).toEqual([]);
    expect(samples.length).toBeLessThan(12);
    samples.close();
  });

  it('makes pictures of as many objects as are asked for', async () => {
    const few = shapesOptionsSchema.parse({ images: 60, clips: 0, size: 16, fewestObjects: 1, mostObjects: 2 });
    await getShapes({ folder: join(root, 'few'), ...few });
    const scenes = await readLines<SceneGraph>(join(root, 'few', 'scenes.jsonl'));
    expect([...new Set(scenes.map(({ objects }) => objects.length))].sort()).toEqual([1, 2]);
    const swapped = shapesOptionsSchema.safeParse({ fewestObjects: 3, mostObjects: 2 });
    expect(swapped.error?.issues[0]).toMatchObject({
      path: ['fewestObjects'],
      message: 'must not be above the most objects',
    });
  });

  it('asks the same pictures for every pair of words that one of them might show, always in the same words', () => {
    const pictures = new Map(
      (records.get('train') ?? []).map(({ id, image }) => [image, graphs.get(id) as SceneGraph]),
    );
    for (const record of (records.get('pairs-train') ?? []).slice(0, 50)) {
      const { objects } = pictures.get(record.image) as SceneGraph;
      const asked = questionsOf(record).map(({ question, answer }) => [
        /^Is there an? (.+)\?$/.exec(question)?.[1],
        answer,
      ]);
      const looks = objects.flatMap(({ size, color, shape }) => [
        `${size} ${shape}`,
        `${color} ${shape}`,
        `${size} ${color} object`,
      ]);
      expect(new Set(asked.filter(([, answer]) => answer === 'yes').map(([look]) => look))).toEqual(new Set(looks));
      const kinds = [objects.map((o) => o.size), objects.map((o) => o.color), objects.map((o) => o.shape)];
      const [sizes, colors, shapes] = kinds.map((values) => new Set(values).size) as [number, number, number];
      expect(asked).toHaveLength(sizes * shapes + colors * shapes + sizes * colors);
    }
  });

  it('never asks the same thing twice about a picture', () => {
    for (const part of PARTS) {
      for (const record of records.get(part) ?? []) {
        const texts = questionsOf(record).map(({ question }) => question);
        expect(new Set(texts).size).toBe(texts.length);
      }
    }
  });

  it('asks every type about equally often', () => {
    const counts = tally(asked.get('train') ?? [], ({ type }) => type);
    expect([...counts.keys()].sort()).toEqual([
      'color',
      'compare-amount',
      'compare-size',
      'count',
      'exist',
      'related-color',
      'related-shape',
      'relation',
      'shape',
      'size',
      'verify',
    ]);
    expect(Math.min(...counts.values())).toBeGreaterThan((asked.get('train')?.length ?? 0) / 11 / 3);
  });
});

/** Counts by key. */
function tally<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

/** Accuracy of the most frequent answer. */
const majority = (questions: readonly Asked[]): number =>
  Math.max(...tally(questions, ({ answer }) => answer).values()) / questions.length;

describe('what a guesser gets who does not see the picture', () => {
  const bounds: [string, number][] = [
    ['color', 0.16],
    ['shape', 0.22],
    ['size', 0.55],
    ['verify', 0.55],
    ['exist', 0.55],
    ['count', 0.3],
    ['relation', 0.55],
    ['related-color', 0.18],
    ['related-shape', 0.24],
    ['compare-amount', 0.55],
    ['compare-size', 0.55],
  ];
  it.each(bounds)('%s: always the same answer gets at most %f', (type, bound) => {
    const ofType = (part: string): Asked[] => (asked.get(part) ?? []).filter((question) => question.type === type);
    expect(majority(ofType('train'))).toBeLessThan(bound);
    // The test split here has 40 to 80 questions of a type, so single pictures show.
    expect(majority(ofType('test'))).toBeLessThan(bound + 0.08);
  });

  it.each([
    ['direction', 0.35],
    ['moves', 0.6],
  ])('%s of clips: always the same answer gets at most %f', (type, bound) => {
    expect(majority((asked.get('clips-train') ?? []).filter((question) => question.type === type))).toBeLessThan(bound);
  });

  it('the thing named first is not more often the answer than the one named second', () => {
    const which = (asked.get('clips-train') ?? []).filter(
      ({ question }) =>
        question.startsWith('Which is') || question.startsWith('Which appears') || question.startsWith('Which starts'),
    );
    const first = which.filter(({ question, answer }) => question.includes(`, the ${answer} or`)).length;
    expect(which.length).toBeGreaterThan(25);
    expect(Math.abs(first / which.length - 0.5)).toBeLessThan(0.1);
  });

  it('the wording of a yes/no question tells little: answers learnt by exact text on train stay near chance on test', () => {
    const isBinary = ({ answer }: Asked): boolean => answer === 'yes' || answer === 'no';
    const yes = tally(
      (asked.get('train') ?? []).filter(({ answer }) => answer === 'yes'),
      ({ question }) => question,
    );
    const no = tally(
      (asked.get('train') ?? []).filter(({ answer }) => answer === 'no'),
      ({ question }) => question,
    );
    const test = (asked.get('test') ?? []).filter(isBinary);
    const right = test.filter(({ question, answer }) => {
      const guess = (yes.get(question) ?? 0) > (no.get(question) ?? 0) ? 'yes' : 'no';
      return guess === answer;
    });
    expect(test.length).toBeGreaterThan(300);
    expect(right.length / test.length).toBeLessThan(0.6);
  });

  it('distribution.json reports the same majority as is measured here', async () => {
    const report = JSON.parse(await readFile(join(folder, 'distribution.json'), 'utf8')) as {
      train: Record<string, { questions: number; majority: number }>;
    };
    const sizes = (asked.get('train') ?? []).filter(({ type }) => type === 'size');
    expect(report.train.size?.questions).toBe(sizes.length);
    expect(report.train.size?.majority).toBeCloseTo(majority(sizes), 12);
  });
});

describeWithFfmpeg('clips as MP4 files', () => {
  it('show the frames that would be drawn', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const clips = shapesOptionsSchema.parse({ images: 0, clips: 2, seed: 3, testShare: 0 });
    await getShapes({ folder: join(root, 'drawn'), ...clips });
    await getShapes({ folder: join(root, 'films'), ...clips, clipFormat: 'mp4' });
    const read = (name: string) => readDataset(join(root, name, 'motion-train.jsonl')).samples;
    const [drawn, films] = [read('drawn'), read('films')];
    expect(films.length).toBe(drawn.length);
    const meant = await Promise.all(drawn.get(0).images.map(decodeImage));
    for (const [place, frame] of films.get(0).images.entries()) {
      const shown = await decodeImage(frame);
      const differences = meant.map(({ pixels }) =>
        sum([...pixels].map((v, i) => Math.abs(v - (shown.pixels[i] ?? 0)))),
      );
      expect([shown.width, shown.height]).toEqual([64, 64]);
      // Encoding blurs edges and colours a little, and less than things move from frame to frame.
      expect(differences[place]).toBe(Math.min(...differences));
    }
    drawn.close();
    films.close();
  });
});

describe('its bytes', () => {
  it('are the ones they have always been, on every machine', async () => {
    const small = shapesOptionsSchema.parse({ images: 6, clips: 2, size: 32, seed: 1, testShare: 0.5 });
    const { manifest } = await getShapes({ folder: join(root, 'pinned'), ...small });
    const all = createHash('sha256')
      .update(JSON.stringify([manifest.files, manifest.images]))
      .digest('hex');
    expect(all).toBe('48f9c30ec33a7e5a83d86ba4fac52f89a9a97511c38fcad772613fa872ab6691');
  });

  it('differ by seed, and the first pictures do not depend on how many follow', async () => {
    const make = async (name: string, images: number, seed: number): Promise<Buffer> => {
      const target = join(root, name);
      await getShapes({
        folder: target,
        ...shapesOptionsSchema.parse({ images, clips: 0, size: 32, seed, testShare: 0 }),
      });
      return readFile(join(target, 'images', 'train', '000001.png'));
    };
    const first = await make('a', 2, 1);
    expect(await make('b', 5, 1)).toEqual(first);
    expect(await make('c', 2, 2)).not.toEqual(first);
  });
});

describe('what is drawn', () => {
  it('shows every object at its place in its colour, and the background elsewhere', async () => {
    for (const { id, image } of (records.get('train') ?? []).slice(0, 40)) {
      const { data } = await sharp(join(folder, 'images', image as string))
        .raw()
        .toBuffer({ resolveWithObject: true });
      const scene = graphs.get(id) as SceneGraph;
      const pixel = (x: number, y: number): number[] => {
        const at = (Math.floor(y * 32) * 32 + Math.floor(x * 32)) * 3;
        return [...data.subarray(at, at + 3)];
      };
      expect(pixel(0, 0)).toEqual(scene.background);
      for (const { shape, color, x, y } of scene.objects) {
        if (shape !== 'ring') expect(pixel(x, y)).toEqual([...COLORS[color as keyof typeof COLORS]]);
      }
    }
  });

  it('keeps objects apart and inside the picture', () => {
    for (const { id } of records.get('train') ?? []) {
      const { objects } = graphs.get(id) as SceneGraph;
      for (const [i, a] of objects.entries()) {
        expect(Math.min(a.x, a.y, 1 - a.x, 1 - a.y)).toBeGreaterThan(RADII[a.size]);
        for (const b of objects.slice(i + 1)) {
          expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(RADII[a.size] + RADII[b.size]);
        }
      }
    }
  });

  it('uses colours that are easy to tell apart', () => {
    const all: [string, Rgb][] = [
      ...Object.entries(COLORS),
      ...BACKGROUNDS.map((rgb, i): [string, Rgb] => [`ground ${i}`, rgb]),
    ];
    for (const [i, [name, rgb]] of all.entries()) {
      for (const [other, otherRgb] of all.slice(i + 1)) {
        if (name.startsWith('ground')) continue;
        // 2.3 is a just noticeable difference; 30 is another colour name.
        expect([name, other, labDistance(rgb, otherRgb) > 30]).toEqual([name, other, true]);
      }
    }
  });
});

/** CIE76 distance of two sRGB colours. */
function labDistance(a: Rgb, b: Rgb): number {
  const toLab = (rgb: Rgb): number[] => {
    const [r = 0, g = 0, bl = 0] = rgb.map((v) =>
      v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
    );
    const xyz = [
      (0.4124 * r + 0.3576 * g + 0.1805 * bl) / 0.9505,
      0.2126 * r + 0.7152 * g + 0.0722 * bl,
      (0.0193 * r + 0.1192 * g + 0.9505 * bl) / 1.089,
    ];
    const [x = 0, y = 0, z = 0] = xyz.map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const [labA, labB] = [toLab(a), toLab(b)];
  return Math.hypot(...labA.map((value, i) => value - (labB[i] ?? 0)));
}
