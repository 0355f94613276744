import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderBytes, wheelFault } from '../../scripts/setup/python.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const content = Buffer.from('the bytes of a wheel');
const wheel = {
  project: 'example',
  version: '1.0',
  sha256: createHash('sha256').update(content).digest('hex'),
  bytes: content.length,
  folders: [],
};

it('accepts exactly the pinned file', async () => {
  const file = join(temporaryFolder(), 'example.whl');
  expect(await wheelFault(file, wheel)).toBe('no file arrived');
  writeFileSync(file, content);
  expect(await wheelFault(file, wheel)).toBeUndefined();
  writeFileSync(file, content.subarray(0, 10));
  expect(await wheelFault(file, wheel)).toBe('10 bytes arrived instead of 20');
  writeFileSync(file, Buffer.from('the bytes of a whee1'));
  expect(await wheelFault(file, wheel)).toMatch(/^its sha256 is [0-9a-f]{64}, expected/);
});

it('counts the bytes of a folder and all below it', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'deep/deeper'), { recursive: true });
  writeFileSync(join(folder, 'a'), 'abc');
  writeFileSync(join(folder, 'deep/deeper/b'), 'defgh');
  expect(folderBytes(folder)).toBe(8);
  expect(folderBytes(join(folder, 'missing'))).toBe(0);
});
