import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeFloats } from '../../../../src/main/engine/model/float-encoding.ts';
import { decodeElements, type HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { openTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { openWeightFiles } from '../../../../src/main/engine/model/weight-files.ts';
import { writeWeightFiles } from '../../../../src/main/engine/model/weight-files-write.ts';
import { toHostTensors, type FileTensor } from '../../../../src/main/engine/model/weight-tensor.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const tensor = (...values: number[]): HostTensor => ({ shape: [values.length], data: Float32Array.from(values) });
const WEIGHTS = new Map([
  ['b', tensor(1, 2, 3)],
  ['a', tensor(4, 5)],
  ['c', tensor(6, 7, 8, 9, 10, 11)],
]);

describe('weights above the limit', () => {
  it('are written in shards with an index, each tensor whole, and read as one', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'model.safetensors'), 'of an earlier model');
    await writeWeightFiles(dir, WEIGHTS, { shardBytes: 20 });
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
    expect(readdirSync(dir).sort()).toEqual([...shards, 'model.safetensors.index.json']);
    expect(readFileSync(join(dir, 'model.safetensors.index.json'), 'utf8')).toBe(
      `${JSON.stringify({ metadata: { total_size: 44 }, weight_map: { a: shards[0], b: shards[0], c: shards[1] } }, null, 2)}\n`,
    );
    const files = await openWeightFiles(dir);
    expect([...files.holder.keys()].sort()).toEqual(['a', 'b', 'c']);
    await files.close();
    expect(toHostTensors(await openTensors(join(dir, shards[1])))).toEqual(new Map([['c', WEIGHTS.get('c')]]));
  });

  it('one file again leaves no shard of an earlier model', async () => {
    const dir = temporaryFolder();
    await writeWeightFiles(dir, WEIGHTS, { shardBytes: 1 });
    expect(readdirSync(dir)).toHaveLength(4);
    await writeWeightFiles(dir, WEIGHTS);
    expect(readdirSync(dir)).toEqual(['model.safetensors']);
  });
});

describe('the type of the floats', () => {
  it.each(['F16', 'BF16'] as const)(
    '%s: every value of the type comes back, and a copy has the same bytes',
    async (dtype) => {
      const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
      const data = decodeElements(bits.buffer, dtype) as Float32Array;
      const [dir, copy] = [temporaryFolder(), temporaryFolder()];
      await writeWeightFiles(dir, new Map([['x', { shape: [256, 256], data }]]), { dtype });
      const stored = await openTensors(join(dir, 'model.safetensors'));
      expect((stored.get('x') as FileTensor).dtype).toBe(dtype);
      expect(toHostTensors(stored).get('x')?.data).toEqual(data);
      await writeWeightFiles(copy, stored, { dtype: 'stored' });
      const [original, again] = [dir, copy].map((folder) => readFileSync(join(folder, 'model.safetensors')));
      expect(again).toEqual(original);
    },
  );

  it('rounds to nearest, ties to even, as torch does (golden: torch.tensor(x).to(dtype); NaN is any NaN there)', () => {
    const values = Float32Array.of(
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65519,
      65520,
      2 ** -25,
      3 * 2 ** -26,
      -(2 ** -24) * 1.5,
    );
    expect([...new Uint16Array(encodeFloats(values, 'F16').slice().buffer)].map((bits) => bits.toString(16))).toEqual([
      '3c00',
      '3c02',
      '7bff',
      '7c00',
      '0',
      '1',
      '8002',
    ]);
    const wide = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, NaN, -Infinity);
    expect([...new Uint16Array(encodeFloats(wide, 'BF16').slice().buffer)].map((bits) => bits.toString(16))).toEqual([
      '3f80',
      '3f82',
      '7f80',
      '7fc0',
      'ff80',
    ]);
  });
});

it('a tensor whose file was changed is not read', async () => {
  const dir = temporaryFolder();
  await writeWeightFiles(dir, WEIGHTS);
  const file = join(dir, 'model.safetensors');
  const stored = await openTensors(file);
  writeFileSync(file, 'another one');
  expect(() => toHostTensors(stored)).toThrow('model.safetensors: has changed since its header was read');
});
