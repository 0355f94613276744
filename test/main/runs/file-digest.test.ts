import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rememberSha256, sha256 } from '../../../src/main/runs/file-digest.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const digestOf = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

it('is that of the whole file, also where it is longer than one reading', async () => {
  const file = join(temporaryFolder(), 'data');
  const content = Buffer.alloc((4 << 20) + 12_345, 'abcdefg');
  writeFileSync(file, content);
  expect(sha256(file)).toBe(digestOf(content));
  const other = join(temporaryFolder(), 'data');
  writeFileSync(other, content);
  await rememberSha256(other);
  expect(sha256(other)).toBe(digestOf(content));
});

it('follows the file as it changes, and is nothing of one that is gone', async () => {
  const file = join(temporaryFolder(), 'data');
  for (const content of ['one', 'two', 'three']) {
    writeFileSync(file, content);
    expect(sha256(file)).toBe(digestOf(content));
  }
  rmSync(file);
  await rememberSha256(file);
  expect(() => sha256(file)).toThrow('ENOENT');
});
