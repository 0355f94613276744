/** Files that lie outside, links that lead there, and drawings that could run scripts: over HTTP nothing of them is to be had. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, DatasetDetail } from '../../../../src/shared/api/datasets.ts';
import { serve, type ServedStudio } from '../../../../src/main/serve.ts';
import { send, serveForTest, until, type HttpAnswer, type TestStudio } from '../../../helpers/served-studio.ts';

const PATIENCE_MS = 120_000;
const SECRET = 'nobody may read this';
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
let studio: TestStudio;
let outside: string;

beforeAll(async () => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), 'llavolta-outside-')));
  writeFileSync(join(outside, 'secret.txt'), SECRET);
  writeFileSync(join(outside, 'secret.jsonl'), `{"id": "${SECRET}"}\n`);
  studio = await serveForTest();
}, PATIENCE_MS);
afterAll(async () => {
  await studio.close();
  rmSync(outside, { recursive: true, force: true });
}, PATIENCE_MS);

const inWorkspace = (...path: string[]): string => join(studio.workspace, ...path);

function post(path: string, body: unknown): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/json' };
  return studio.ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function imported(path: string): Promise<Dataset> {
  const { id } = await studio.json<Dataset>('/datasets', { path });
  return until(async () => {
    const { dataset } = await studio.json<DatasetDetail>(`/datasets/${id}`);
    return dataset.state !== 'importing' && dataset;
  });
}

/** A dataset of one sample that shows `picture.png`. */
function writeDataset(name: string): string {
  const folder = inWorkspace('data', name);
  mkdirSync(join(folder, 'images'), { recursive: true });
  const conversations = [
    { from: 'human', value: '<image>\nWhat is it?' },
    { from: 'gpt', value: 'red' },
  ];
  writeFileSync(join(folder, 'train.jsonl'), `${JSON.stringify({ id: '0', image: 'picture.png', conversations })}\n`);
  return join(folder, 'images', 'picture.png');
}

const realPicture = (): Promise<Buffer> =>
  sharp({ create: { width: 9, height: 7, channels: 3, background: 'red' } })
    .png()
    .toBuffer();

describe('links that lead out of the root', () => {
  it('are neither listed nor followed when folders are browsed', async () => {
    mkdirSync(inWorkspace('browsed'));
    symlinkSync(outside, inWorkspace('browsed', 'away'));
    symlinkSync(join(outside, 'secret.jsonl'), inWorkspace('browsed', 'secret.jsonl'));
    expect(await studio.json('/files?path=browsed')).toMatchObject({ entries: [] });
    for (const path of ['browsed/away', 'browsed%00', '%2e%2e%2f%2e%2e%2f', encodeURIComponent(outside)]) {
      const answer = await studio.ask(`/api/files?path=${path}`);
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain('secret.jsonl');
    }
  });

  it('are not imported, as a file, as a folder or as the folder of the pictures', async () => {
    mkdirSync(inWorkspace('linked'));
    symlinkSync(outside, inWorkspace('linked', 'away'));
    symlinkSync(join(outside, 'secret.jsonl'), inWorkspace('linked', 'train.jsonl'));
    writeDataset('own');
    for (const body of [
      { path: 'linked/train.jsonl' },
      { path: 'linked/away/secret.jsonl' },
      { path: 'data/own', images: outside },
      { path: 'data/own', images: 'linked/away' },
    ]) {
      const answer = await post('/api/datasets', body);
      expect(`${answer.status} ${answer.text}`).toMatch(/^400 .*must lie below/);
      expect(answer.text).not.toContain(SECRET);
    }
  });

  it('are not followed by a picture that became one after the import', async () => {
    const picture = writeDataset('swapped');
    writeFileSync(picture, await realPicture());
    const { id, broken } = await imported('data/swapped');
    expect(broken).toBe(0);
    const address = `/api/media/s.${id}.0.0`;
    expect((await studio.ask(address)).status).toBe(200);
    writeFileSync(join(outside, 'secret.png'), await realPicture());
    unlinkSync(picture);
    symlinkSync(join(outside, 'secret.png'), picture);
    for (const query of ['', '?size=64']) expect((await studio.ask(address + query)).status).toBe(404);
  });
});

describe('a drawing (SVG) under the name of a picture', () => {
  it.each([['svg', SVG] as const, ['svg-with-head', `\ufeff<?xml version="1.0"?>\n${SVG}`] as const])(
    'is given neither as it is nor scaled: %s',
    async (name, text) => {
      const picture = writeDataset(name);
      writeFileSync(picture, await realPicture());
      const { id } = await imported(`data/${name}`);
      writeFileSync(picture, text);
      for (const query of ['', '?size=64']) {
        const answer = await studio.ask(`/api/media/s.${id}.0.0${query}`);
        expect(answer.status).toBe(415);
        expect(answer.headers['content-type']).toBe('application/json');
        expect(answer.text).not.toContain('<svg');
      }
    },
  );

  it('is not given where it was there at the import', async () => {
    writeFileSync(writeDataset('drawn'), SVG);
    const { id } = await imported('data/drawn');
    const { status, text } = await studio.ask(`/api/media/s.${id}.0.0`);
    expect([404, 415]).toContain(status);
    expect(text).not.toContain('<svg');
  });
});

describe('the files of the page', () => {
  let served: ServedStudio;
  let cookie: string;

  beforeAll(async () => {
    const pages = inWorkspace('pages');
    mkdirSync(join(pages, 'assets'), { recursive: true });
    writeFileSync(join(pages, 'index.html'), '<!doctype html><title>page</title>');
    writeFileSync(join(pages, 'assets', 'main.js'), 'export {};');
    symlinkSync(join(outside, 'secret.txt'), join(pages, 'assets', 'secret.txt'));
    served = await serve({ workspace: inWorkspace('second'), port: 0, host: '127.0.0.1', pages });
    const entered = await send(served.port, { path: `/${new URL(served.url).search}` });
    [cookie = ''] = (entered.headers['set-cookie']?.[0] ?? '').split(';');
  }, PATIENCE_MS);
  afterAll(() => served.close(), PATIENCE_MS);

  const get = (path: string): Promise<HttpAnswer> => send(served.port, { path, headers: { cookie } });

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/assets/main.js', 'text/javascript; charset=utf-8'],
  ])('%s comes under a policy that runs no inline script', async (path, type) => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toMatch(/(^|; )script-src 'self'(;|$)/);
    expect(headers['content-security-policy']).toMatch(/(^|; )default-src 'none'(;|$)/);
  });

  it.each([
    '/assets/secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets/main.js%00.txt',
    '/assets',
    '/%',
  ])('nothing else is had by %s', async (path) => {
    const answer = await get(path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain(SECRET);
  });
});
