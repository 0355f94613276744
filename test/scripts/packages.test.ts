import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPackages, packagesAreReady, samePackages } from '../../scripts/setup/packages.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const A = { version: '1.0.0', integrity: 'sha512-a' };
const B = { version: '2.0.0', integrity: 'sha512-b' };
const lock = { packages: { '': {}, 'node_modules/a': A, 'node_modules/b': { ...B, optional: true } } };

describe('samePackages', () => {
  it.each([
    ['all packages', { 'node_modules/a': A, 'node_modules/b': B }, true],
    ['an optional package of another system missing', { 'node_modules/a': A }, true],
    ['a needed package missing', { 'node_modules/b': B }, false],
    ['another version', { 'node_modules/a': { ...A, version: '1.0.1' } }, false],
    ['other content', { 'node_modules/a': { ...A, integrity: 'sha512-x' } }, false],
    ['a package too many', { 'node_modules/a': A, 'node_modules/c': A }, false],
  ])('%s', (_case, packages, expected) => {
    expect(samePackages(lock, { packages })).toBe(expected);
  });
});

describe('packagesAreReady', () => {
  it('accepts what npm has installed by hand, until the lock file changes', async () => {
    const project = temporaryFolder();
    const write = (file: string, content: object): void => writeFileSync(join(project, file), JSON.stringify(content));
    mkdirSync(join(project, 'node_modules'));
    write('package-lock.json', lock);
    write('node_modules/.package-lock.json', { packages: { 'node_modules/a': A } });
    expect(packagesAreReady(project)).toBe(false);
    await installPackages(project, () => {
      throw new Error('npm was started although all packages are there');
    });
    expect(packagesAreReady(project)).toBe(true);
    write('package-lock.json', { packages: { ...lock.packages, 'node_modules/c': A } });
    expect(packagesAreReady(project)).toBe(false);
  });
});
