import { describe, expect, it } from 'vitest';
import { FLOAT_BYTES, type FloatType, type StoredFloats } from '../../../../src/main/engine/backend/stored-floats.ts';
import { upload } from '../../../../src/main/engine/backend/upload.ts';
import { decodeElements } from '../../../../src/main/engine/model/host-tensor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** Bytes of a tensor as a file would give them: in one buffer that every call fills anew. */
function stored(shape: readonly number[], dtype: FloatType, all: Uint8Array): StoredFloats {
  const staging = new Uint8Array(all.length);
  return {
    shape,
    dtype,
    bytes: (start, length) => {
      staging.fill(0xff);
      staging.set(all.subarray(start, start + length));
      return staging.subarray(0, length);
    },
  };
}

function uploaded(source: StoredFloats): Float32Array {
  const tensor = upload(source);
  try {
    expect(tensor.shape).toEqual(source.shape);
    return tensor.dataSync().slice() as Float32Array;
  } finally {
    tensor.dispose();
  }
}

const allHalves = new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, i) => i).buffer);

describe('upload', () => {
  it.each(['F16', 'BF16'] as const)('every %s is what the table of halves says', (dtype) => {
    const expected = decodeElements(allHalves.slice().buffer, dtype) as Float32Array;
    const actual = uploaded(stored([256, 256], dtype, allHalves));
    expect([...actual].findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
  });

  it('doubles are rounded to the nearest float32', () => {
    const doubles = Float64Array.of(0.1, -1e300, 2 ** -149, 1 / 3);
    const bytes = new Uint8Array(doubles.buffer);
    expect(uploaded(stored([4], 'F64', bytes))).toEqual(Float32Array.from(doubles));
  });

  it('a tensor of several pieces and an odd number of halves', () => {
    const shape = [5, 3, 699_051];
    const size = 5 * 3 * 699_051;
    for (const dtype of ['BF16', 'F32'] as const) {
      const bytes = new Uint8Array(size * FLOAT_BYTES[dtype]);
      for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + (i >> 9)) & 0x3f;
      const expected = decodeElements(bytes.slice().buffer, dtype) as Float32Array;
      const actual = uploaded(stored(shape, dtype, bytes));
      expect(Buffer.from(actual.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
    }
  });

  it('scalars and empty tensors', () => {
    expect([...uploaded(stored([], 'F16', Uint8Array.of(0, 0x3c)))]).toEqual([1]);
    expect(uploaded(stored([0, 3], 'BF16', new Uint8Array(0)))).toHaveLength(0);
  });

  it('leaves nothing behind', async () => {
    await expectNoLeakedTensors(() => upload(stored([3, 1], 'F16', new Uint8Array(6))).dispose());
  });
});
