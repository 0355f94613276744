import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  programIn,
  pythonFolder,
  pythonIsReady,
  pythonPrograms,
  testsInstallPython,
} from '../../scripts/setup/python-packages.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it('takes the Python that is named, and no other', () => {
  expect(pythonPrograms({ LLAVOLTA_PYTHON: '/opt/python' })).toEqual(['/opt/python']);
});

it('takes its own only once it is whole, then before the system’s', () => {
  const XDG_CACHE_HOME = temporaryFolder();
  const cache = join(XDG_CACHE_HOME, 'llavolta-studio');
  const folder = pythonFolder(cache);
  mkdirSync(folder, { recursive: true });
  expect(pythonIsReady(cache)).toBe(false);
  expect(pythonPrograms({ XDG_CACHE_HOME })).toEqual(['python3']);
  writeFileSync(join(folder, 'llavolta-ready'), '');
  expect(pythonIsReady(cache)).toBe(true);
  expect(pythonPrograms({ XDG_CACHE_HOME })).toEqual([programIn(folder), 'python3']);
});

it('installs for tests in CI alone, and not where another Python is named', () => {
  expect(testsInstallPython({})).toBe(false);
  expect(testsInstallPython({ CI: 'true' })).toBe(true);
  expect(testsInstallPython({ CI: 'true', LLAVOLTA_PYTHON: '/opt/python' })).toBe(false);
});
