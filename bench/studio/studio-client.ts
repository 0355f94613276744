/** Asks a studio as another program would: by its API, with a session of its own. */
import type { RunningStudio } from './studio-process.ts';

const WAIT_MS = 300_000;
const POLL_MS = 200;

/** Sends a request below /api and resolves to its answer's JSON. */
export type Ask = (path: string, body?: unknown) => Promise<unknown>;

export async function openSession(studio: RunningStudio): Promise<Ask> {
  const entered = await fetch(await studio.newUrl(), { redirect: 'manual' });
  const [cookie = ''] = (entered.headers.get('set-cookie') ?? '').split(';');
  return async (path, body) => {
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const headers = { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${studio.origin}/api${path}`, { ...sent, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
    return JSON.parse(text) as unknown;
  };
}

/** Looks again and again until there is something. @throws after five minutes */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const end = performance.now() + WAIT_MS;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${what} did not come within ${WAIT_MS / 1000} s`);
}
