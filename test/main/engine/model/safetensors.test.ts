import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BYTES_PER_ELEMENT,
  headerEnd,
  MAX_HEADER_BYTES,
  parseHeader,
} from '../../../../src/main/engine/model/safetensors-header.ts';
import { readAllTensors, readSafetensors } from '../../../../src/main/engine/model/safetensors.ts';
import type { SafetensorsFile } from '../../../../src/main/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import type { StoredTensor } from '../../../../src/main/engine/model/safetensors-write.ts';
import { REFERENCE, hasReference } from '../../../helpers/reference.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

/** A file of a header, given as text or JSON, and data. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array(0)): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return fileOfBytes(Buffer.concat([length, json, data]));
}

function fileOfBytes(bytes: Uint8Array): string {
  const file = join(temporaryFolder(), 'x.safetensors');
  writeFileSync(file, bytes);
  return file;
}

async function withFile<T>(file: string, use: (opened: SafetensorsFile) => Promise<T>): Promise<T> {
  const opened = await readSafetensors(file);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

const one = (dtype: string, shape: number[], start: number, end: number): unknown => ({
  dtype,
  shape,
  data_offsets: [start, end],
});
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe('reading', () => {
  it('reads every element type', async () => {
    const parts = {
      F64: new Float64Array([0.5, -3]),
      F32: new Float32Array([0.1, -0]),
      I64: new BigInt64Array([-1n, 599n]),
      I32: new Int32Array([-5, 2 ** 31 - 1]),
      F16: new Uint16Array([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0xfc00]),
      BF16: new Uint16Array([0x3f80, 0xc000, 0x7f80, 0x0001]),
      U8: new Uint8Array([0, 255]),
      BOOL: new Uint8Array([1, 0]),
    };
    const header: Record<string, unknown> = {};
    let start = 0;
    for (const [dtype, data] of Object.entries(parts)) {
      header[dtype] = one(dtype, [data.length], start, start + data.byteLength);
      start += data.byteLength;
    }
    const file = fileOf(header, Buffer.concat(Object.values(parts).map(bytesOf)));
    await withFile(file, async (opened) => {
      const floats = async (name: string): Promise<number[]> => [...(await opened.read(name)).data];
      expect(await floats('F64')).toEqual([0.5, -3]);
      expect(await floats('F32')).toEqual([Math.fround(0.1), -0]);
      expect(await floats('F16')).toEqual([1, -2, 65504, 2 ** -24, 2 ** -14, Infinity, -Infinity]);
      expect(await floats('BF16')).toEqual([1, -2, Infinity, Math.fround(2 ** -133)]);
      expect(await floats('I64')).toEqual([-1, 599]);
      expect([...(await opened.readIntegers('I64')).data]).toEqual([-1, 599]);
      expect([...(await opened.readIntegers('I32')).data]).toEqual([-5, 2 ** 31 - 1]);
      expect([...(await opened.readIntegers('U8')).data]).toEqual([0, 255]);
      expect([...(await opened.readIntegers('BOOL')).data]).toEqual([1, 0]);
      await expect(opened.readIntegers('F32')).rejects.toThrow('F32: must hold integers');
      await expect(opened.read('none')).rejects.toThrow('x.safetensors: none: no such tensor');
    });
  });

  it('refuses an integer beyond 32 bits', async () => {
    const file = fileOf({ a: one('I64', [2], 0, 16) }, bytesOf(new BigInt64Array([1n, 2n ** 31n])));
    await withFile(file, async (opened) => {
      await expect(opened.readIntegers('a')).rejects.toThrow('a[1]: must fit into 32 bits (found "2147483648")');
    });
  });

  it('reads scalars, empty tensors, metadata, and headers in any order and padded', async () => {
    const header = JSON.stringify({
      b: one('F32', [], 0, 4),
      a: one('F32', [0, 3], 0, 0),
      __metadata__: { format: 'pt', __proto__x: '1' },
    });
    const file = fileOf(`${header}   `, bytesOf(new Float32Array([7])));
    await withFile(file, async (opened) => {
      expect(opened.names).toEqual(['a', 'b']);
      expect(await opened.read('a')).toEqual({ shape: [0, 3], data: new Float32Array(0) });
      expect(await opened.read('b')).toEqual({ shape: [], data: new Float32Array([7]) });
      expect(opened.metadata.get('format')).toBe('pt');
    });
  });

  it('takes __proto__ as a name like any other', async () => {
    const file = fileOf('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(9));
    await withFile(file, async (opened) => {
      expect(opened.names).toEqual(['__proto__']);
      expect([...(await opened.read('__proto__')).data]).toEqual([9]);
    });
    expect(({} as Record<string, unknown>)['dtype']).toBeUndefined();
  });

  it('says when a file becomes shorter while it is open', async () => {
    const file = fileOf({ a: one('F32', [2], 0, 8) }, new Uint8Array(8));
    await withFile(file, async (opened) => {
      writeFileSync(file, '');
      await expect(opened.read('a')).rejects.toThrow('became shorter while it was read');
    });
  });
});

describe('refusing what breaks the format', () => {
  const length = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(16, ' ');
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  it.each<[string, () => string, string]>([
    ['empty', () => fileOfBytes(new Uint8Array(0)), 'is empty, so it is not a safetensors file'],
    [
      '7 bytes',
      () => fileOfBytes(new Uint8Array(7)),
      'is too short for a safetensors file: 7 bytes, at least 8 are needed',
    ],
    [
      'header length 2^63',
      () => fileOfBytes(length(2n ** 63n)),
      'header length: must be at most 100000000 bytes (found "9223372036854775808")',
    ],
    [
      'header beyond the file',
      () => fileOfBytes(length(9n)),
      'header length: must end inside the file, which has 16 bytes (found "9")',
    ],
    ['header of no bytes', () => fileOf(''), 'header: must start with {'],
    ['not an object', () => fileOf('[]'), 'header: must start with {'],
    ['a byte-order mark', () => fileOf('\ufeff{}'), 'header: must start with {'],
    ['not UTF-8', () => fileOfBytes(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff])), 'header: must be UTF-8 text'],
    ['broken JSON', () => fileOf('{"a":'), 'header: must be valid JSON'],
    [
      'a name twice',
      () =>
        fileOf(
          '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
          new Uint8Array(1),
        ),
      'header: must not give the key "a" twice',
    ],
    [
      'overlap',
      () => fileOf({ a: one('U8', [4], 0, 4), b: one('U8', [4], 2, 6) }, new Uint8Array(6)),
      'b: must not overlap the tensor before it, which ends at 4 (found 2)',
    ],
    [
      'a hole',
      () => fileOf({ a: one('U8', [4], 0, 4), b: one('U8', [4], 6, 10) }, new Uint8Array(10)),
      'b: must start where the tensor before it ends (4): holes are not allowed (found 6)',
    ],
    [
      'a hole at the start',
      () => fileOf({ a: one('U8', [4], 1, 5) }, new Uint8Array(5)),
      'a: must start where the tensor before it ends (0)',
    ],
    [
      'trailing bytes',
      () => fileOf({ a: one('U8', [4], 0, 4) }, new Uint8Array(7)),
      'has 3 trailing bytes that belong to no tensor',
    ],
    [
      'a cut end',
      () => fileOf({ a: one('U8', [4], 0, 4) }, new Uint8Array(3)),
      'is cut short: its tensors need 4 bytes, 3 are there',
    ],
    [
      'a shape that overflows',
      () => fileOf({ a: one('F32', [2 ** 32, 2 ** 32], 0, 0) }),
      'a: must have a shape of fewer than 2^53 bytes',
    ],
    [
      'a length above 2^53',
      () => fileOf('{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,0]}}'),
      'a.shape[0]: must be at most 9007199254740991',
    ],
    [
      'an offset above 2^53',
      () => fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9007199254740993]}}'),
      'a.data_offsets[1]: must be at most 9007199254740991',
    ],
    [
      'a negative offset',
      () => fileOf({ a: one('U8', [1], -1, 0) }),
      'a.data_offsets[0]: must be 0 or more (found -1)',
    ],
    ['a negative length', () => fileOf({ a: one('U8', [-1], 0, 1) }, new Uint8Array(1)), 'a.shape[0]: '],
    ['an end before the start', () => fileOf({ a: one('U8', [1], 1, 0) }, new Uint8Array(1)), 'a: must span 1 bytes'],
    [
      'shape against bytes',
      () => fileOf({ a: one('F32', [3], 0, 8) }, new Uint8Array(8)),
      'a: must span 12 bytes: F32 of shape [3] (found [0,8])',
    ],
    [
      'an unknown type',
      () => fileOf({ a: one('F8_E4M3', [1], 0, 1) }, new Uint8Array(1)),
      'a.dtype: must be a supported element type: I64, F64, F32',
    ],
    ['an entry that is no object', () => fileOf({ a: 1 }), 'a: must be a group of fields (found 1)'],
    [
      '__proto__ as an entry’s content',
      () => fileOf('{"a":{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}}', new Uint8Array(1)),
      'a.dtype: must be',
    ],
    ['metadata that is no object', () => fileOf({ __metadata__: 'pt' }), '__metadata__: must be a group of fields'],
    [
      'metadata that is not text',
      () => fileOf({ __metadata__: { format: 1 } }),
      '__metadata__.format: must be text (found 1)',
    ],
  ])('%s', async (_, make, message) => {
    const file = make();
    await expect(readSafetensors(file)).rejects.toMatchObject({ name: 'InputError', problem: { file } });
    await expect(readSafetensors(file)).rejects.toThrow(message);
  });

  it('a header above the limit of 100 MB is refused before it is read', async () => {
    await expect(readSafetensors(fileOfBytes(length(100_000_001n)))).rejects.toThrow('must be at most 100000000 bytes');
  });

  it('a missing file and a folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a.safetensors'));
    await expect(readSafetensors(join(folder, 'none'))).rejects.toThrow('none: cannot be opened (ENOENT)');
    await expect(readSafetensors(join(folder, 'a.safetensors'))).rejects.toThrow('must be a file');
  });

  it('any bytes are either read or refused with an InputError, and no file stays open', async () => {
    const header = JSON.stringify({ a: one('U8', [2, 1], 0, 2), b: one('F32', [1], 2, 6) });
    const valid = readFileSync(fileOf(header, new Uint8Array(6)));
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = process.platform === 'linux' ? descriptors() : 0;
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(valid.length), async (changes, cut) => {
        const bytes = Buffer.from(valid.subarray(0, changes.length % 2 ? cut : valid.length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const file = fileOfBytes(bytes);
        await readAllTensors(file).catch((error: unknown) => expect(error).toMatchObject({ name: 'InputError' }));
      }),
      { numRuns: 300 },
    );
    if (process.platform === 'linux') expect(descriptors()).toBe(before);
  });
});

describe('writing', () => {
  it('gives back what was written', async () => {
    const file = join(temporaryFolder(), 'x.safetensors');
    const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text !== '__metadata__');
    const tensor = fc.oneof(
      fc.float32Array({ maxLength: 9 }).map((data): StoredTensor => ({ shape: [data.length], data })),
      fc.int32Array({ maxLength: 9 }).map((data): StoredTensor => ({ shape: [1, data.length], data })),
      fc.uint8Array({ maxLength: 9 }).map((data): StoredTensor => ({ shape: [data.length, 1], data })),
      fc.bigInt64Array({ maxLength: 3 }).map((data): StoredTensor => ({ shape: [data.length], data })),
    );
    const tensors = fc.array(fc.tuple(name, tensor)).map((pairs) => new Map(pairs));
    await fc.assert(
      fc.asyncProperty(tensors, async (given) => {
        await writeSafetensors(file, given, new Map([['format', 'pt']]));
        await withFile(file, async (opened) => {
          expect(new Set(opened.names)).toEqual(new Set(given.keys()));
          for (const [key, { shape, data }] of given) {
            const expected = Float32Array.from(data as ArrayLike<number | bigint>, Number);
            expect(await opened.read(key)).toEqual({ shape, data: expected });
          }
        });
      }),
      { numRuns: 50 },
    );
  });

  it('lays the file out as the reference implementation does', async () => {
    // safetensors 0.8.0 (Python): save_file({'b': zeros(3, uint8), 'a': zeros(2, float32), 'c': zeros(1, int64),
    // 'z': zeros((), float32), 'e': zeros((0, 3), float32), 'i': zeros(1, int32)}, file, {'format': 'pt'})
    const file = join(temporaryFolder(), 'x.safetensors');
    const tensors = new Map<string, StoredTensor>([
      ['b', { shape: [3], data: new Uint8Array(3) }],
      ['a', { shape: [2], data: new Float32Array(2) }],
      ['c', { shape: [1], data: new BigInt64Array(1) }],
      ['z', { shape: [], data: new Float32Array(1) }],
      ['e', { shape: [0, 3], data: new Float32Array(0) }],
      ['i', { shape: [1], data: new Int32Array(1) }],
    ]);
    await writeSafetensors(file, tensors, new Map([['format', 'pt']]));
    const header =
      '{"__metadata__":{"format":"pt"},"c":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],' +
      '"data_offsets":[8,16]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[16,16]},"z":{"dtype":"F32","shape":[],' +
      '"data_offsets":[16,20]},"i":{"dtype":"I32","shape":[1],"data_offsets":[20,24]},"b":{"dtype":"U8","shape":[3],' +
      '"data_offsets":[24,27]}} ';
    expect(readFileSync(file).toString('latin1')).toBe(`\x68\x01${'\0'.repeat(6)}${header}${'\0'.repeat(27)}`);
  });

  it('leaves the old file and no other where writing fails', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x.safetensors');
    await writeSafetensors(file, new Map([['a', { shape: [1], data: new Float32Array([1]) }]]));
    const before = readFileSync(file);
    const broken = new Map([['a', { shape: [2], data: new Float32Array(1) }]]);
    await expect(writeSafetensors(file, broken)).rejects.toThrow('a: 1 elements do not fill the shape [2]');
    mkdirSync(join(folder, 'taken'));
    await expect(writeSafetensors(join(folder, 'taken'), new Map())).rejects.toThrow();
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual(['taken', 'x.safetensors']);
  });

  it.skipIf(!hasReference)(
    'writes the reference model byte for byte as Python wrote it (needs ../shared/reference)',
    async () => {
      const original = join(REFERENCE, 'clip-llama/model/model.safetensors');
      const copy = join(temporaryFolder(), 'copy.safetensors');
      await writeSafetensors(copy, await readAllTensors(original), new Map([['format', 'pt']]));
      expect(readFileSync(copy).equals(readFileSync(original))).toBe(true);
    },
  );
});

describe('a header of any content', () => {
  /** A header near enough to a valid one to get past the first checks. */
  const length = fc.oneof(
    fc.nat(4),
    fc.constantFrom(-1, 0.5, 1e308, 2 ** 31, 2 ** 53, 2 ** 53 - 1, 2 ** 63, '1', null, [1]),
  );
  const entry = fc.oneof(
    fc.record(
      {
        dtype: fc.constantFrom('F32', 'F16', 'BF16', 'U8', 'I64', 'F8_E4M3', 'toString', '__proto__', 7, null),
        shape: fc.oneof(fc.array(length, { maxLength: 5 }), fc.constantFrom(null, 'x', {})),
        data_offsets: fc.oneof(fc.array(length, { maxLength: 3 }), fc.constantFrom(null, 0)),
      },
      { requiredKeys: [] },
    ),
    fc.json().map((text) => JSON.parse(text) as unknown),
  );
  const name = fc.oneof(fc.constantFrom('a', 'b', '__proto__', '__metadata__', 'constructor', ''), fc.string());
  const header = fc.oneof(
    fc.array(fc.tuple(name, entry), { maxLength: 5 }).map((entries) => {
      const fields = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
      return Buffer.from(`{${fields.join(',')}}`);
    }),
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.concat([Buffer.from('{'), bytes])),
  );

  it('is read or refused with an InputError, and no tensor reaches beyond the file: 10,000 cases', () => {
    let read = 0;
    fc.assert(
      fc.property(header, fc.nat(64), (bytes, dataLength) => {
        try {
          const { tensors } = parseHeader(bytes, dataLength, 'x.safetensors');
          read++;
          // What reading would allocate is what the file has, so nothing is unbounded.
          let total = 0;
          for (const { dtype, shape, start, end } of tensors.values()) {
            expect(end - start).toBe(shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype]));
            total += end - start;
          }
          expect(total).toBe(dataLength);
        } catch (error) {
          expect(error).toMatchObject({ name: 'InputError', problem: { file: 'x.safetensors' } });
        }
      }),
      { numRuns: 10_000 },
    );
    expect(read).toBeGreaterThan(0);
  });

  it('any first 8 bytes of any file size ask for no more than the file and the limit allow', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.maxSafeNat(), (prefix, size) => {
        try {
          const end = headerEnd(Buffer.from(prefix), size, 'x.safetensors');
          expect(end).toBeLessThanOrEqual(Math.min(size, MAX_HEADER_BYTES + 8));
        } catch (error) {
          expect(error).toMatchObject({ name: 'InputError', problem: { file: 'x.safetensors' } });
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
