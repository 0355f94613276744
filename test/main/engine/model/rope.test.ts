import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RopeScaling, TextConfig } from '../../../../src/main/engine/model/config.ts';
import { rotaryFrequencies } from '../../../../src/main/engine/model/rope.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { expectNoLeakedTensors, valuesOf } from '../../../helpers/tensors.ts';
import { TINY } from '../../../helpers/tiny-model.ts';

interface Golden {
  readonly headDim: number;
  readonly theta: number;
  readonly maxPositions: number;
  readonly scaling: RopeScaling;
  /** The farthest position of the row. */
  readonly position: number;
  /** `inv_freq` of transformers' rotary embedding after a call with that position. */
  readonly frequencies: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../golden/rope-frequencies.json', import.meta.url), 'utf8'),
) as Golden[];

const textOf = ({ headDim, theta, maxPositions, scaling }: Omit<Golden, 'position' | 'frequencies'>): TextConfig => ({
  ...TINY.text,
  headDim,
  ropeTheta: theta,
  maxPositions,
  ropeScaling: scaling,
});

function frequencies(positions: number[], text: TextConfig): readonly number[] {
  return tf.tidy(() => Array.from(valuesOf(rotaryFrequencies(tf.tensor1d(positions, 'int32'), text))));
}

describe('rotary frequencies', () => {
  it.each(golden.map((one) => [JSON.stringify({ ...one, frequencies: undefined }), one] as const))(
    'are transformers’ with %s',
    (_, one) => {
      const ours = frequencies([0, one.position, 1], textOf(one));
      expect(ours.length).toBe(one.frequencies.length);
      one.frequencies.forEach((expected, i) => expect(Math.abs((ours[i] as number) / expected - 1)).toBeLessThan(2e-6));
    },
  );

  it('change with NTK scaling only once a row is longer than the model, whichever row it is', async () => {
    await expectNoLeakedTensors(() => {
      const text = textOf({ headDim: 8, theta: 100, maxPositions: 10, scaling: { type: 'dynamic', factor: 2 } });
      const plain = frequencies([0], text);
      expect(frequencies([0, 9, 3], text)).toEqual(plain);
      const longer = frequencies([10, 0], text);
      expect(longer[0]).toBe(1);
      expect(longer[3]).toBeLessThan(plain[3] as number);
      // Twelve positions: θ becomes 100 · (2 · 12/10 − 1)^(8/6), and the second pair turns by its −1/4th power.
      expect(frequencies([0, 11], text)[1]).toBeCloseTo((100 * 1.4 ** (8 / 6)) ** -0.25, 6);
      return Promise.resolve();
    });
  });
});
