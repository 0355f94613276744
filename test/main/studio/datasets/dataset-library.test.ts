import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Dataset, DatasetDetail, DatasetStats, Sample, SamplePage } from '../../../../src/shared/api/datasets.ts';
import { PUBLISHED, writeFiles, writeMedia } from '../../../helpers/benchmark-files.ts';
import { serveForTest, until, type TestStudio } from '../../../helpers/served-studio.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { blockFile, noticesOf } from '../../../helpers/unwritable.ts';
import { describeWithFfmpeg, shownFrame, writeVideo } from '../../../helpers/video.ts';

const [COUNT, PATIENCE_MS] = [3000, 120_000];
let studio: TestStudio;
let dataset: Dataset;

const record = (i: number): object => ({
  id: `r${i}`,
  ...(i % 3 !== 2 && { image: `pictures/${i % 4}.png` }),
  conversations: [
    { from: 'human', value: i % 3 !== 2 ? `<image>\nWhat is number ${i}?` : `What is number ${i}?` },
    { from: 'gpt', value: i % 2 ? 'odd' : 'even' },
    ...(i % 10 === 0
      ? [
          { from: 'human', value: 'Is it round?' },
          { from: 'gpt', value: `Yes, ten times ${i / 10}` },
        ]
      : []),
  ],
});

async function imported(path: string): Promise<Dataset> {
  const { id } = await studio.json<Dataset>('/datasets', { path });
  return until(async () => {
    const { dataset: found } = await studio.json<DatasetDetail>(`/datasets/${id}`);
    return found.state !== 'importing' && found;
  });
}

const page = (query: string): Promise<SamplePage> =>
  studio.json<SamplePage>(`/datasets/${dataset.id}/samples?${query}`);
const whole = (query: string): Promise<SamplePage> =>
  until(async () => {
    const found = await page(query);
    return found.isComplete && found;
  });

beforeAll(async () => {
  studio = await serveForTest();
  const folder = join(studio.workspace, 'data', 'set');
  mkdirSync(join(folder, 'images', 'pictures'), { recursive: true });
  for (let i = 0; i < 4; i++) {
    const picture = sharp({
      create: { width: 20 + i, height: 30, channels: 3, background: { r: 50 * i, g: 0, b: 0 } },
    });
    await picture.png().toFile(join(folder, 'images', 'pictures', `${i}.png`));
  }
  const lines = Array.from({ length: COUNT }, (_, i) => JSON.stringify(record(i)));
  lines[7] = '{"id": "r7", "conversations": []}';
  lines[8] = JSON.stringify({ ...record(9), image: '../../../secret.png' });
  writeFileSync(join(folder, 'train.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(join(studio.workspace, 'secret.png'), '');
  dataset = await imported('data/set');
}, PATIENCE_MS);
afterAll(() => studio.close(), PATIENCE_MS);

describe('a dataset of the library', () => {
  it('is counted, and its broken samples are listed with the reason', async () => {
    expect(dataset).toMatchObject({
      state: 'ready',
      name: 'set',
      file: 'data/set/train.jsonl',
      images: 'data/set/images',
      records: COUNT,
      broken: 2,
    });
    expect(dataset.modalities).toEqual({ text: 999, image: 1999, video: 0 });
    const { brokenSamples } = await studio.json<DatasetDetail>(`/datasets/${dataset.id}`);
    expect(brokenSamples).toMatchObject([
      { index: 7, line: 8, id: 'r7' },
      { index: 8, line: 9 },
    ]);
    expect(brokenSamples[1]?.reason).toContain('leaves the images folder');
  });

  it('gives pages anywhere', async () => {
    expect(await page('offset=0&limit=2')).toMatchObject({
      total: COUNT,
      isComplete: true,
      samples: [{ index: 0, id: 'r0', turns: 2 }, { index: 1 }],
    });
    const last = await page(`offset=${COUNT - 1}&limit=60`);
    expect(last.samples).toMatchObject([{ index: COUNT - 1, id: `r${COUNT - 1}`, line: COUNT }]);
    expect((await page(`offset=${COUNT + 5}`)).samples).toEqual([]);
  });

  it.each([
    ['broken=true', 2],
    ['hasImage=true', 1999],
    ['hasImage=false&broken=false', 999],
    ['hasVideo=true', 0],
    ['turns=2', 300],
    ['turns=2-', 300],
    ['turns=1-2&broken=false', 2998],
    ['text=NUMBER%20299', 11],
    ['answer=ten%20times&text=r20', 12],
    ['answerIs=even&turns=1', 1199],
    ['answerLength=4&turns=1', 1199],
    ['media=0&broken=false', 999],
    ['imageWidth=21&turns=2', 0],
    ['imageWidth=20&turns=2', 100],
  ])('finds by %s', async (query, total) => {
    const found = await whole(`limit=1&${query}`);
    expect(found.total).toBe(total);
  });

  it('shows a sample with its conversation, raw text and pictures', async () => {
    const sample = await studio.json<Sample>(`/datasets/${dataset.id}/samples/10`);
    expect(sample.conversation).toEqual([
      { question: 'What is number 10?', media: 1, answer: 'even' },
      { question: 'Is it round?', media: 0, answer: 'Yes, ten times 1' },
    ]);
    expect(JSON.parse(sample.raw)).toEqual(record(10));
    expect(sample.media).toMatchObject([{ kind: 'image', path: 'pictures/2.png', ids: [`s.${dataset.id}.10.0`] }]);
    const broken = await studio.json<Sample>(`/datasets/${dataset.id}/samples/8`);
    expect(broken.broken).toContain('leaves the images folder');
    expect((await studio.ask(`/api/datasets/${dataset.id}/samples/${COUNT}`)).status).toBe(404);
  });

  it('tells how samples are distributed', async () => {
    const stats = await studio.json<DatasetStats>(`/datasets/${dataset.id}/stats`);
    expect(stats.turns).toEqual({ edges: [1, 2, 3], counts: [2698, 300] });
    expect(stats.answers[0]).toEqual({ answer: 'even', count: 1499 });
    expect(stats.imageWidth.edges[0]).toBe(20);
    expect(stats.pictures).toBeGreaterThan(0);
  });

  it('refuses odd queries', async () => {
    for (const query of ['turns=a', 'limit=0', 'limit=9999', 'broken=maybe', 'other=1', 'offset=-1']) {
      expect((await studio.ask(`/api/datasets/${dataset.id}/samples?${query}`)).status).toBe(400);
    }
  });
});

describe('pictures', () => {
  it('come by ids, with a type told by their content', async () => {
    const answer = await studio.ask(`/api/media/s.${dataset.id}.0.0`);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'image/png', 'x-content-type-options': 'nosniff' },
    });
    expect((await studio.ask(`/api/media/s.${dataset.id}.0.0?size=16`)).status).toBe(200);
  });

  it.each(['s.000000000000.0.0', 'u.0', 'x', '..%2f..%2fsecret.png', 's.%s.8.0', 's.%s.0.1', 's.%s.99999.0'])(
    'are not had by %s',
    async (id) => {
      const { status } = await studio.ask(`/api/media/${id.replace('%s', dataset.id)}`);
      expect([400, 404, 409]).toContain(status);
    },
  );

  it('do not lead out of the images folder by a link', async () => {
    const folder = join(studio.workspace, 'data', 'linked');
    mkdirSync(join(folder, 'images'), { recursive: true });
    symlinkSync('/etc/hostname', join(folder, 'images', '0.png'));
    writeFileSync(join(folder, 'train.jsonl'), `${JSON.stringify({ ...record(0), image: '0.png' })}\n`);
    const linked = await imported('data/linked');
    expect(linked.broken).toBe(1);
    expect((await studio.ask(`/api/media/s.${linked.id}.0.0`)).status).toBe(404);
  });

  it('can be uploaded when they are pictures of a sensible size', async () => {
    const post = (body: Uint8Array) =>
      studio.ask('/api/uploads', { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body });
    const png = await sharp({ create: { width: 9, height: 7, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const answer = await post(png);
    expect(answer.status).toBe(201);
    const upload = JSON.parse(answer.text) as { id: string };
    expect(upload).toMatchObject({ type: 'image/png', width: 9, height: 7, bytes: png.length });
    expect((await studio.ask(`/api/media/${upload.id}`)).headers['content-type']).toBe('image/png');
    for (const text of ['<svg xmlns="http://www.w3.org/2000/svg"></svg>', '', 'PK', '\x89PNG\r\n\x1a\n']) {
      expect((await post(Buffer.from(text, 'latin1'))).status).toBe(400);
    }
    const bomb = await sharp({ create: { width: 9000, height: 6000, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    expect(JSON.parse((await post(bomb)).text)).toMatchObject({ error: { problem: { value: '9000 x 6000' } } });
    expect((await post(new Uint8Array(20_000_001))).status).toBe(413);
  });
});

describeWithFfmpeg('videos', () => {
  beforeAll(() => void vi.stubEnv('XDG_CACHE_HOME', join(studio.workspace, 'cache')));
  afterAll(() => void vi.unstubAllEnvs());

  const post = (body: Uint8Array, query = '') =>
    studio.ask(`/api/uploads/video${query}`, { method: 'POST', headers: { 'content-type': 'video/mp4' }, body });

  it('of a dataset are shown as their frames, without a path', async () => {
    const folder = join(studio.workspace, 'data', 'films');
    mkdirSync(join(folder, 'images'), { recursive: true });
    writeVideo(join(folder, 'images', 'film.mp4'), { frames: 15 });
    writeFileSync(join(folder, 'images', 'list.mp4'), '#EXTM3U\nfilm.mp4\n');
    const films = ['film.mp4', 'list.mp4'].map((video, i) => ({ ...record(0), id: `v${i}`, image: undefined, video }));
    writeFileSync(join(folder, 'train.jsonl'), films.map((film) => JSON.stringify(film)).join('\n'));
    const { id, broken, media, modalities } = await imported('data/films');
    expect({ broken, media, videos: modalities.video }).toEqual({ broken: 1, media: 8, videos: 1 });
    const { brokenSamples } = await studio.json<DatasetDetail>(`/datasets/${id}`);
    expect(brokenSamples[0]?.reason).toContain('video: list.mp4: is a playlist that names other files');
    const { media: shown } = await studio.json<Sample>(`/datasets/${id}/samples/0`);
    expect(shown).toEqual([{ kind: 'video', path: 'film.mp4', ids: shown[0]?.ids }]);
    expect(shown[0]?.ids).toHaveLength(8);
    expect((await studio.ask(`/api/media/${shown[0]?.ids[7]}`)).headers['content-type']).toBe('image/png');
  });

  it('can be uploaded, and become as many pictures as asked for', async () => {
    const file = join(studio.workspace, 'upload.mp4');
    writeVideo(file, { frames: 15 });
    const answer = await post(readFileSync(file), '?frames=3');
    const { frames } = JSON.parse(answer.text) as { frames: { id: string; width: number }[] };
    expect([answer.status, frames.map(({ width }) => width)]).toEqual([201, [32, 32, 32]]);
    const pictures = frames.map(({ id }) => join(studio.workspace, '.llavolta', 'uploads', id.slice(2)));
    // floor(i · 14 / 2)
    expect(await Promise.all(pictures.map(shownFrame))).toEqual([0, 7, 14]);
    expect(
      readdirSync(join(studio.workspace, '.llavolta', 'uploads')).filter((name) => name.startsWith('video-')),
    ).toEqual([]);
  });

  it('are refused where they are none, with no word about where they lay', async () => {
    const { status, text } = await post(Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n"));
    expect([status, text]).toEqual([400, expect.stringContaining('is a playlist that names other files')]);
    expect(text).not.toContain(studio.workspace);
    expect((await post(Buffer.from(''))).status).toBe(400);
    expect((await post(Buffer.from('x'), '?frames=101')).status).toBe(400);
  });
});

describe('importing', () => {
  it.each([
    ['data/none.jsonl', 'does not exist'],
    ['data', 'holds no conversation file'],
    ['/etc/hostname', 'must lie below'],
    ['../../etc', 'must lie below'],
  ])('refuses %s at once', async (path, rule) => {
    const answer = await studio.ask('/api/datasets', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path }),
    });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(rule);
  });

  it('makes a dataset of a benchmark’s published files, and shows its pictures', async () => {
    const [from, images] = ['published', 'pictures'].map((name) => join(studio.workspace, name)) as [string, string];
    writeFiles(from, PUBLISHED.gqa);
    writeMedia(images, 'gqa');
    const request = { benchmark: 'gqa', path: 'published', images: 'pictures' };
    const { id } = await studio.json<Dataset>('/datasets/benchmarks', request);
    const found = await until(async () => {
      const { dataset: now } = await studio.json<DatasetDetail>(`/datasets/${id}`);
      return now.state !== 'importing' && now;
    });
    expect(found).toMatchObject({ name: 'GQA', state: 'ready', records: 2, broken: 0, media: 2 });
    const sample = await studio.json<Sample>(`/datasets/${id}/samples/0`);
    expect((await studio.ask(`/api/media/${sample.media[0]!.ids[0]!}`)).status).toBe(200);
    writeFiles(from, { 'testdev_balanced_questions.json': { '1': { imageId: 'n11', question: 'Why?' } } });
    const again = await studio.json<Dataset>('/datasets/benchmarks', request);
    expect(again.id).toBe(id);
    const replaced = await until(async () => {
      const { dataset: now } = await studio.json<DatasetDetail>(`/datasets/${id}`);
      return now.state !== 'importing' && now;
    });
    expect(replaced).toMatchObject({ state: 'ready', records: 1 });
  });

  it('says why a file cannot be read as a whole', async () => {
    writeFileSync(join(studio.workspace, 'data', 'cut.json'), '[{"id": 1}, {"id"');
    const failed = await imported('data/cut.json');
    expect(failed).toMatchObject({
      state: 'failed',
      failure: { cause: expect.stringContaining('ends early') as string },
    });
  });

  it('takes a file again that has changed, under the same id, and forgets one with its index', async () => {
    appendFileSync(join(studio.workspace, 'data', 'set', 'train.jsonl'), `${JSON.stringify(record(COUNT))}\n`);
    const again = await imported('data/set/train.jsonl');
    expect(again).toMatchObject({ id: dataset.id, records: COUNT + 1 });
    await studio.json(`/datasets/${dataset.id}`, undefined, 'DELETE');
    expect((await studio.ask(`/api/datasets/${dataset.id}`)).status).toBe(404);
  });

  it('reads a file also where the list of datasets cannot be written, and says so', async () => {
    const notices = noticesOf(studio.served.studio.events);
    const mend = blockFile(join(studio.workspace, '.llavolta', 'datasets.json'));
    expect(await imported('data/set/train.jsonl')).toMatchObject({ state: 'ready' });
    await until(() => notices.length === 2);
    expect(notices[0]).toMatch(/^List of datasets: /);
    mend();
  });
});

describe('a library of an earlier version', () => {
  it(
    'reads files again whose index it cannot read, and says which are gone',
    async () => {
      const workspace = temporaryFolder();
      const before = await serveForTest(workspace);
      for (const name of ['kept', 'gone']) {
        const path = join('data', `${name}.jsonl`);
        writeFileSync(join(workspace, path), `${JSON.stringify(record(2))}\n`);
        await before.json('/datasets', { path });
      }
      await until(() => before.served.studio.datasets.list().every(({ state }) => state === 'ready'));
      await before.close();
      rmSync(join(workspace, 'data', 'gone.jsonl'));
      const indexes = join(workspace, '.llavolta', 'datasets');
      for (const id of readdirSync(indexes)) {
        const head = join(indexes, id, 'index.json');
        writeFileSync(head, JSON.stringify({ ...(JSON.parse(readFileSync(head, 'utf8')) as object), format: 1 }));
      }

      const after = await serveForTest(workspace);
      const { datasets } = after.served.studio;
      await until(() => datasets.list().every(({ state }) => state !== 'importing'));
      expect(datasets.list().map(({ name, state, records }) => [name, state, records])).toEqual([
        ['data kept', 'ready', 1],
        ['data gone', 'missing', 1],
      ]);
      await after.close();
    },
    PATIENCE_MS,
  );
});
