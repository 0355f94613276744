/** Answering behind a compressor that counts position ids anew. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EncodedRow } from '../../../../src/main/engine/data/batch.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { Random } from '../../../../src/shared/random.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import {
  answeredRow,
  fullForward,
  randomPixels,
  randomRow,
  smallModel,
  greedyWithLogits,
  type SmallModel,
} from '../../../helpers/small-model.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

let model: SmallModel;

/** Greedy tokens behind one prompt, and the logits of each step. */
function answer(row: EncodedRow, pixels: Float32Array, setting: string, count: number) {
  const { ids, logits } = greedyWithLogits([row], pixels, parseCompression(setting), count, model);
  return { ids: ids[0]!, logits };
}

describe.each(EXECUTION_MODES)('in %s mode', (execution) => {
  beforeAll(async () => {
    model = await smallModel(execution);
  });
  afterAll(() => model.dispose());

  it.each(['2/4:pyramid-drop', '0/2:pyramid-drop+1/2+4/4:pyramid-drop', '2/4:pyramid-drop-kept'])(
    'gives at %s the logits of a forward pass over everything, at every step',
    (setting) => {
      const random = Random.from(1, 'counted anew');
      const row = randomRow(random, [5, 11]);
      const pixels = randomPixels(random, [row], model.config);
      const { ids, logits } = answer(row, pixels, setting, 4);
      logits.forEach((ours, step) => {
        const whole = fullForward(answeredRow(row, ids.slice(0, step)), pixels, parseCompression(setting), model);
        expect(Math.max(...ours.map((value, i) => Math.abs(value - whole[i]!)))).toBeLessThan(1e-4);
      });
    },
  );

  it('says other things than where positions are kept', () => {
    const random = Random.from(2, 'counted anew');
    const row = randomRow(random, [5, 11]);
    const pixels = randomPixels(random, [row], model.config);
    const [anew, kept] = ['', '-kept'].map((rest) => answer(row, pixels, `2/4:pyramid-drop${rest}`, 1).logits[0]!);
    expect(Math.max(...anew!.map((value, i) => Math.abs(value - kept![i]!)))).toBeGreaterThan(1e-3);
  });

  it('leaves no tensors', () => {
    const random = Random.from(3, 'counted anew');
    const row = randomRow(random, [5, 11]);
    const pixels = randomPixels(random, [row], model.config);
    return expectNoLeakedTensors(() => answer(row, pixels, '0/2:pyramid-drop+2/4:pyramid-drop', 3));
  });
});
