import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { codeOf, InputError } from '../../../shared/errors.ts';
import { syncFolder } from '../model/durable-file.ts';

/** Weights of an earlier export: none of them may stay beside new ones. */
const WEIGHTS = /^(?:adapter_)?model(?:-\d+-of-\d+)?\.safetensors(?:\.index\.json)?$/;

const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    const rule = codeOf(error) === 'ENOTDIR' ? 'is a file' : `cannot be read (${codeOf(error)})`;
    throw new InputError({ file: folder, rule, hint: 'Name another folder' }, { cause: error });
  });
}

/** The nearest folder above a path that is there, links followed, with the rest of the path behind it. */
async function realPlace(path: string): Promise<string> {
  if (existsSync(path)) return realpath(path);
  return join(await realPlace(dirname(path)), basename(path));
}

/**
 * Checks that an export can go to a folder. Nothing is made yet.
 *
 * @param source folder of the model or run that is exported: nothing is written into it
 * @throws InputError where the folder holds files and `replace` was not given, or lies in the source
 */
export async function checkTarget(folder: string, source: string, replace: boolean): Promise<void> {
  if (isInside(await realPlace(resolve(folder)), await realpath(source)))
    throw new InputError({ file: folder, rule: 'lies in what is exported', hint: 'Name another folder' });
  const names = await namesIn(folder);
  if (names.length === 0 || replace) return;
  const rule = `is not empty (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`;
  throw new InputError({ file: folder, rule, hint: 'Name another folder, or let its files be replaced' });
}

async function moveInto(temporary: string, folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (WEIGHTS.test(name)) await rm(join(folder, name));
  for (const name of await readdir(temporary)) await rename(join(temporary, name), join(folder, name));
  await rmdir(temporary);
}

/**
 * Fills a folder whole or not at all: `write` fills a temporary one beside it, which then takes its name. In a folder that
 * holds files already, those of the same names and old weights are replaced, others stay.
 */
export async function writeTarget(folder: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const temporary = join(parent, `.${basename(folder)}.${process.pid}.tmp`);
  await mkdir(temporary);
  try {
    await write(temporary);
    const names = await namesIn(folder);
    if (names.length > 0) await moveInto(temporary, folder);
    else {
      await rm(folder, { recursive: true, force: true });
      await rename(temporary, folder);
    }
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}
