import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve, type ServedStudio } from '../../src/main/serve.ts';

const PROJECT = process.cwd();

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpRequest {
  readonly method?: string;
  /** Sent as it is, not tidied up as `fetch` does. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** Sends a request exactly as given. */
export function send(port: number, { method = 'GET', path, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export interface TestStudio {
  readonly served: ServedStudio;
  readonly workspace: string;
  readonly cookie: string;
  /** A request with the session's cookie. */
  ask(path: string, request?: Partial<HttpRequest>): Promise<HttpAnswer>;
  /** The JSON of an answer to `path`, below /api. */
  json<T>(path: string, body?: unknown, method?: string): Promise<T>;
  close(): Promise<void>;
}

/** The engine of `engines/short-training.ts`, which needs no TensorFlow. */
export const SHORT_TRAINING = fileURLToPath(new URL('engines/short-training.ts', import.meta.url));

/**
 * A studio in a folder of its own with a session. Close it when done; the folder goes with it unless it was given.
 *
 * @param engine `short` needs no TensorFlow and trains nothing; `real` is the engine itself
 */
export async function serveForTest(given?: string, engine: 'short' | 'real' = 'short'): Promise<TestStudio> {
  const workspace = given ?? realpathSync(mkdtempSync(join(tmpdir(), 'llavolta-studio-')));
  const entry = engine === 'short' ? { entry: SHORT_TRAINING } : {};
  const served = await serve({ workspace, port: 0, host: '127.0.0.1', ...entry });
  const { port } = served;
  const entered = await send(port, { path: new URL(served.url).pathname + new URL(served.url).search });
  const [cookie = ''] = (entered.headers['set-cookie']?.[0] ?? '').split(';');
  const ask: TestStudio['ask'] = (path, options = {}) =>
    send(port, { path, ...options, headers: { cookie, ...options.headers } });
  return {
    ...{ served, workspace, cookie, ask },
    json: async <T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> => {
      const options = { method, headers: { 'content-type': 'application/json' } };
      const answer = await ask(
        `/api${path}`,
        body === undefined ? { method } : { ...options, body: JSON.stringify(body) },
      );
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return JSON.parse(answer.text) as T;
    },
    close: async () => {
      await served.close();
      process.chdir(PROJECT);
      if (given === undefined) rmSync(workspace, { recursive: true, force: true });
    },
  };
}

/** Waits until something is so. @throws after `patienceMs` */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  patienceMs = 100_000,
): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error('it did not come about in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
