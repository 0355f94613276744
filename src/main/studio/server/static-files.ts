import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Handler } from 'hono';
import { notFound } from '../request-error.ts';
import { isInside } from '../workspace.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** Names of built files hold a hash of their content. */
const YEAR = 'public, max-age=31536000, immutable';

async function fileAt(folder: string, path: string): Promise<string | undefined> {
  const root = await realpath(folder).catch(() => undefined);
  const file = root && (await realpath(join(root, path)).catch(() => undefined));
  if (root === undefined || file === undefined || !isInside(file, root)) return undefined;
  return (await stat(file)).isFile() ? file : undefined;
}

/** Gives the files of the built user interface, and nothing outside their folder. */
export function staticFiles(folder: string): Handler {
  return async (context) => {
    const path = decodeURIComponent(context.req.path);
    const file = await fileAt(folder, path === '/' ? 'index.html' : path);
    if (file === undefined && path === '/') throw notFound('user interface here: build it with npm run build');
    if (file === undefined) throw notFound('such page');
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    const headers = { 'Content-Type': type, 'Cache-Control': path.startsWith('/assets/') ? YEAR : 'no-cache' };
    return context.body(Readable.toWeb(createReadStream(file)) as ReadableStream, 200, headers);
  };
}
