import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveFiles, type ArchiveLimits } from '../../../../../src/main/engine/data/sources/archive.ts';
import { InputError } from '../../../../../src/shared/errors.ts';

interface TestEntry {
  readonly name: string;
  readonly content: string;
  /** Unix mode; a regular file when left out. */
  readonly mode?: number;
  /** Size that the headers claim; the true one when left out. */
  readonly claimedSize?: number;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;

/** A zip archive by hand, so that it can lie. */
function makeZip(entries: readonly TestEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content, mode = 0o100644, claimedSize = content.length } of entries) {
    const data = deflateRawSync(content);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(claimedSize, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const signature = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(value);
      return bytes;
    };
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([20, 3]);
    const local = Buffer.concat([signature(LOCAL_HEADER), common, nameBytes, data]);
    centrals.push(Buffer.concat([signature(CENTRAL_HEADER), madeBy, common, tail, nameBytes]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END_OF_DIRECTORY, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  file = join(folder, 'test.zip');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function unpack(content: Buffer, limits?: ArchiveLimits): Promise<Record<string, string>> {
  await writeFile(file, content);
  const found: Record<string, string> = {};
  for await (const entry of archiveFiles(file, limits)) found[entry.name] = (await entry.read()).toString();
  return found;
}

/** Text that hardly compresses. */
const varied = (length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(33 + ((i * i * 31 + i * 7) % 89))).join('');

const small: ArchiveLimits = { entries: 2, bytes: 1000, ratio: 20 };

describe('archiveFiles', () => {
  it('reads files and leaves directories out', async () => {
    const zip = makeZip([
      { name: 'a/', content: '', mode: 0o40755 },
      { name: 'a/one.txt', content: 'eins' },
      { name: 'two.txt', content: 'zwei' },
    ]);
    expect(await unpack(zip)).toEqual({ 'a/one.txt': 'eins', 'two.txt': 'zwei' });
  });

  const evil: [string, TestEntry[], RegExp][] = [
    ['a path with ..', [{ name: '../../x', content: 'x' }], /invalid relative path/],
    ['an absolute path', [{ name: '/etc/x', content: 'x' }], /absolute path/],
    ['a path with backslashes', [{ name: '..\\x', content: 'x' }], /invalid characters/],
    ['a symbolic link', [{ name: 'link', content: '/etc', mode: 0o120777 }], /symbolic links \(found "link"\)/],
    [
      'a name twice',
      [
        { name: 'a', content: '1' },
        { name: 'a', content: '2' },
      ],
      /twice/,
    ],
    ['too many entries', [1, 2, 3].map((n) => ({ name: `${n}`, content: 'x' })), /at most 2 entries/],
    ['too many bytes', [1, 2].map((n) => ({ name: `${n}`, content: varied(600) })), /at most 1000 bytes/],
    ['too much compression', [{ name: 'bomb', content: 'x'.repeat(900) }], /more than 20 times/],
    ['a size that is not true', [{ name: 'a', content: 'x'.repeat(50), claimedSize: 10 }], /too many bytes/],
  ];
  it.each(evil)('refuses %s', async (_name, entries, message) => {
    const attempt = unpack(makeZip(entries), small);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(InputError);
  });

  it('refuses an archive that is cut off', async () => {
    const zip = makeZip([{ name: 'a', content: 'x' }]);
    await expect(unpack(zip.subarray(0, zip.length - 10))).rejects.toThrow(/is not a sound zip archive/);
  });
});
