import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../../../../shared/errors.ts';
import { cacheFolder } from '../cache-folder.ts';

/** One exact file of the Python package index. */
export interface PinnedWheel {
  readonly package: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

/** How the wheel is reached; the defaults are what users have. */
export interface WheelOptions {
  /** A wheel file that was brought along (for machines without a network). */
  readonly file?: string;
  readonly cache?: string;
  /** Commands that may be a pip, first to last. */
  readonly pips?: readonly (readonly string[])[];
  /** Said when the wheel cannot be had. */
  readonly hint: string;
}

const PIPS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip'], ['py', '-m', 'pip']];
const ATTEMPTS = 2;

/** The folder for downloads that all projects of this user share. */
export function downloadCache(): string {
  return cacheFolder('downloads');
}

/**
 * Path of the verified wheel: from the cache when it is there and sound, else downloaded with pip.
 * @throws InputError when there is no pip, no network, or the file is not the pinned one.
 */
export async function fetchWheel(wheel: PinnedWheel, options: WheelOptions): Promise<string> {
  if (options.file !== undefined) {
    await checkDigest(options.file, wheel);
    return options.file;
  }
  const cache = options.cache ?? downloadCache();
  const cached = join(cache, wheel.file);
  if ((await digestOf(cached)) === wheel.sha256) return cached;
  await mkdir(cache, { recursive: true });
  // Downloaded beside the cache entry and moved in when it is verified: two runs at once cannot spoil each other.
  const work = await mkdtemp(join(cache, '.download-'));
  try {
    await download(wheel, work, options);
    await moveFile(join(work, wheel.file), cached);
    return cached;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(wheel: PinnedWheel, folder: string, options: WheelOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await runPip(wheel, folder, options);
    try {
      return await checkDigest(join(folder, wheel.file), wheel);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await rm(join(folder, wheel.file), { force: true });
    }
  }
}

async function runPip(wheel: PinnedWheel, folder: string, options: WheelOptions): Promise<void> {
  const what = `${wheel.package} ${wheel.version}`;
  const arguments_ = ['download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input'];
  arguments_.push('--retries', '1', '--timeout', '20', '--dest', folder, `${wheel.package}==${wheel.version}`);
  for (const pip of options.pips ?? PIPS) {
    const { code, output } = await run([...pip, ...arguments_]);
    if (code === 0) return;
    // A command that is missing, or a Python without pip: the next one may have it.
    if (code === undefined || /No module named pip/.test(output)) continue;
    throw new InputError({ file: what, rule: `cannot be downloaded: ${reasonIn(output)}`, hint: options.hint });
  }
  throw new InputError({
    file: what,
    rule: 'needs pip (of any Python 3) to be downloaded, and none is found',
    hint: options.hint,
  });
}

/** Exit code (undefined = the command does not exist) and what was printed. */
function run(command: readonly string[]): Promise<{ code: number | undefined; output: string }> {
  return new Promise((resolve) => {
    const [program = '', ...arguments_] = command;
    const child = spawn(program, arguments_, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', () => resolve({ code: undefined, output }));
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

/** pip says "no matching distribution" when it is offline too; its connection warnings come first and tell the two apart. */
function reasonIn(output: string): string {
  if (/connection|resolve|network|timed out|ProxyError|SSLError/i.test(output)) {
    return 'the Python package index is not reachable (offline?)';
  }
  const errors = output.split('\n').filter((line) => line.startsWith('ERROR'));
  return errors.at(-1)?.replace(/^ERROR:\s*/, '') ?? (output.trim().split('\n').at(-1) || 'pip failed');
}

async function checkDigest(file: string, wheel: PinnedWheel): Promise<void> {
  const digest = await digestOf(file);
  if (digest === wheel.sha256) return;
  if (digest === undefined) throw new InputError({ file, rule: `is missing; it must be ${wheel.file}` });
  const rule = `is not the ${wheel.file} it must be: sha256 ${digest}, expected ${wheel.sha256}`;
  throw new InputError({ file: basename(file), rule, hint: 'The download is broken or was changed: try again' });
}

async function digestOf(file: string): Promise<string | undefined> {
  const content = await readFile(file).catch(() => undefined);
  return content && createHash('sha256').update(content).digest('hex');
}

async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async () => {
    // Windows refuses to rename over a file that another process has open.
    await copyFile(from, to);
  });
}
