import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../../../src/main/serve.ts';
import { apiErrorSchema } from '../../../../src/shared/api/failures.ts';
import { STRANGER_RATE } from '../../../../src/main/studio/server/rate-limit.ts';
import { send, serveForTest, type TestStudio } from '../../../helpers/served-studio.ts';

const PATIENCE_MS = 120_000;
let studio: TestStudio;
let port: number;

beforeAll(async () => {
  studio = await serveForTest();
  ({ port } = studio.served);
}, PATIENCE_MS);
afterAll(() => studio.close(), PATIENCE_MS);

const causeOf = (text: string): string => apiErrorSchema.parse(JSON.parse(text)).error.cause;

describe('who may come in', () => {
  it('exchanges a token once for a cookie that scripts and other sites do not get, and drops it from the address', async () => {
    const path = `/${new URL(studio.served.newUrl()).search}`;
    const first = await send(port, { path });
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^llavolta_[0-9a-f]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await send(port, { path: '/api/session', headers: { cookie: cookie.split(';')[0] } })).status).toBe(200);
    expect(await send(port, { path })).toMatchObject({
      status: 401,
      headers: expect.not.objectContaining({ 'set-cookie': expect.anything() as unknown }) as object,
    });
  });

  it.each([
    ['without a cookie', {}],
    ['with a wrong cookie', { cookie: `llavolta_000000000000=${'x'.repeat(43)}` }],
  ])('answers nothing %s', async (_, headers) => {
    const answer = await send(port, { path: '/api/session', headers });
    expect(answer.status).toBe(401);
    expect(causeOf(answer.text)).toBe('This browser has no session with the studio');
    expect((await send(port, { path: '/', headers })).status).toBe(401);
  });

  it.each(['x'.repeat(43), '', '%00', 'x'.repeat(5000)])('gives no cookie for the wrong token %j', async (token) => {
    const answer = await send(port, { path: `/?token=${token}` });
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('does not take the token of the address for an API request', async () => {
    const { search } = new URL(studio.served.newUrl());
    expect((await send(port, { path: `/api/session${search}` })).status).toBe(401);
  });
});

describe('where requests may come from', () => {
  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:80',
    'a b',
    '169.254.169.254',
    '0.0.0.0',
    'localhost@evil.example',
  ])('refuses Host %j', async (host) => {
    expect((await studio.ask('/api/session', { headers: { host } })).status).toBeGreaterThanOrEqual(400);
  });

  it.each(['127.0.0.1:1', 'localhost:9000', 'LOCALHOST', '[::1]:80'])(
    'takes Host %j: a tunnel has another port',
    async (host) => {
      expect((await studio.ask('/api/session', { headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    [{ origin: 'http://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:1' }],
    [{ origin: 'https://127.0.0.1' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('refuses %j, with the cookie too', async (headers) => {
    const host = `127.0.0.1:${port}`;
    expect((await studio.ask('/api/session', { headers: { host, ...headers } })).status).toBe(403);
  });

  it('takes what its own page sends, and tells no other site anything', async () => {
    const host = `127.0.0.1:${port}`;
    const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    const answer = await studio.ask('/api/session', { headers });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('refuses an opened address (Sec-Fetch-Site none) that would change something', async () => {
    const answer = await studio.ask('/api/demo', { method: 'POST', headers: { 'sec-fetch-site': 'none' } });
    expect(answer.status).toBe(403);
  });
});

describe('odd requests', () => {
  it.each([
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/../../etc/passwd',
    '/api/runs/%2e%2e',
    '/api/media/%00',
    '/index.html%00.js',
    '/a%5c..%5cb',
    'http://evil.example/',
  ])('refuses the path %s', async (path) => {
    expect([400, 404]).toContain((await studio.ask(path)).status);
    const answer = await studio.ask(path);
    expect(answer.text).not.toMatch(/root:|"name": "llavolta/);
  });

  it.each(['TRACE', 'PUT', 'OPTIONS'])('refuses the method %s', async (method) => {
    expect((await studio.ask('/api/session', { method })).status).toBe(400);
  });

  it('refuses a body of a gigabyte before it is sent, and one that grows too long', async () => {
    const headers = { 'content-length': '1000000000', 'content-type': 'application/json' };
    const raw = `POST /api/recipes/check HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${studio.cookie}\r\n`;
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`${raw}${head.join('')}\r\n{`));
      socket.once('data', (bytes) => {
        resolve(bytes.toString());
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    const long = { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } };
    const grown = await studio.ask('/api/recipes/check', { ...long, body: new Uint8Array(5_000_000) });
    expect(grown.status).toBe(413);
  });

  it('refuses headers of many kilobytes', async () => {
    const answer = await studio.ask('/api/session', { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(answer.status).toBe(431);
  });

  it.each([
    ['{', 400],
    ['{"yaml": 5}', 400],
    ['{"yaml": "", "more": 1}', 400],
  ])('answers the body %s by %i', async (body, status) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await studio.ask('/api/recipes/check', { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
  });

  it('names field, value and rule of a wrong request', async () => {
    const answer = await studio.ask('/api/runs/a/metrics?points=1');
    const { error } = apiErrorSchema.parse(JSON.parse(answer.text));
    expect(error.problem).toMatchObject({ field: 'points', rule: 'must be 4 or more' });
  });

  it('gives errors of the API as JSON and of pages as text', async () => {
    const api = await studio.ask('/api/runs/none');
    expect(api.status).toBe(404);
    expect(causeOf(api.text)).toBe('There is no run none');
    expect((await studio.ask('/nothing')).headers['content-type']).toMatch(/^text\/plain/);
  });
});

it('puts the security headers on every answer, refused ones too', async () => {
  for (const answer of [await studio.ask('/api/session'), await send(port, { path: '/api/session' })]) {
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self';/);
    expect(answer.headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['x-frame-options']).toBe('DENY');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
  }
});

it('slows down a flood of strangers', async () => {
  const flood = Array.from({ length: STRANGER_RATE.capacity + 40 }, () => send(port, { path: '/api/session' }));
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(statuses).toContain(429);
  expect(statuses.filter((status) => status !== 429 && status !== 401)).toEqual([]);
  // Whoever has a session is not held up by them.
  expect((await studio.ask('/api/session')).status).toBe(200);
});

it('lists folders below the root only', async () => {
  mkdirSync(join(studio.workspace, 'data', 'set'), { recursive: true });
  writeFileSync(join(studio.workspace, 'data', 'set', 'train.jsonl'), '{}\n');
  writeFileSync(join(studio.workspace, 'data', 'set', 'secret.txt'), '');
  const list = await studio.json<{ entries: { name: string }[]; parent?: string }>('/files?path=data/set');
  expect(list).toMatchObject({ path: 'data/set', parent: 'data' });
  expect(list.entries.map(({ name }) => name)).toEqual(['train.jsonl']);
  for (const path of ['..', '/etc', '../../etc', 'data/../../..']) {
    const answer = await studio.ask(`/api/files?path=${encodeURIComponent(path)}`);
    expect(answer.text).not.toContain('passwd');
  }
  expect((await studio.ask('/api/files?path=..')).status).toBe(404);
});

it('listens to other machines only when told so twice', async () => {
  const options = { workspace: join(studio.workspace, 'other'), port: 0 };
  await expect(serve({ ...options, host: '0.0.0.0' })).rejects.toThrow('--allow-remote');
});

it('does not open a workspace twice', async () => {
  await expect(serve({ workspace: studio.workspace, port: 0, host: '127.0.0.1' })).rejects.toThrow(
    'is open in another studio',
  );
});
