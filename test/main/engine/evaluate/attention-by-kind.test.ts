import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCompression } from '../../../../src/shared/compression.ts';
import type { EncodedRow } from '../../../../src/main/engine/data/batch.ts';
import {
  attentionByKind,
  kindRow,
  meanAttention,
  type KindAttention,
} from '../../../../src/main/engine/evaluate/attention-by-kind.ts';
import { planBatch } from '../../../../src/main/engine/model/batch-plan.ts';
import { withDeviceBatch } from '../../../../src/main/engine/model/device-batch.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { rowOf, TINY, tinyPixels, tinyWeights } from '../../../helpers/tiny-model.ts';

/** Queries of zeros: every token looks at all tokens up to itself alike, which can be computed by hand. */
let uniform: Parameters;
beforeAll(() => {
  const weights = tinyWeights();
  for (const [name, { data }] of weights) if (name.includes('q_proj')) data.fill(0);
  uniform = new Parameters(weights);
});
afterAll(() => uniform.dispose());

function measure(rows: readonly EncodedRow[], opening: number, setting = 'none'): KindAttention[][] {
  const images = rows.reduce((count, { groups }) => count + groups.length, 0);
  const vision = { pixels: tinyPixels(images), imageSize: TINY.vision.imageSize };
  const kinds = rows.map((row) => kindRow(row, opening));
  return uniform.withWeights((weights) =>
    withDeviceBatch(planBatch(rows, parseCompression(setting)), vision, (batch) =>
      attentionByKind(batch, weights, TINY, kinds),
    ),
  );
}

const close = (value: number): unknown => expect.closeTo(value, 6);

describe('attentionByKind', () => {
  it('finds what uniform attention pays, worked out by hand', () => {
    // 2 system tokens, 4 visual, 3 of the question; the answer's tokens stand at 9 and 10, and see 10 and 11 tokens.
    const layers = measure([rowOf('1 5 #4 6 7 8 >9 >10')], 2);
    expect(layers).toHaveLength(3);
    const each = (1 / 10 + 1 / 11) / 2;
    for (const [row] of layers) {
      expect(row).toEqual({
        visualTokens: 4,
        perToken: { system: close(each), visual: close(each), question: close(each), answer: close(each) },
        share: {
          system: close(2 * each),
          visual: close(4 * each),
          question: close(3 * each),
          answer: close((1 / 10 + 2 / 11) / 2),
        },
      });
    }
  });

  it('counts the visual tokens that are left behind a compression point', () => {
    const [before, at, behind] = measure([rowOf('1 5 #4 6 7 8 >9 >10')], 2, '1/2').map(([row]) => row!);
    expect(before!.share.visual).toBeCloseTo((4 / 10 + 4 / 11) / 2, 6);
    // Two visual tokens are gone, so the answer's tokens see 8 and 9.
    for (const row of [at!, behind!]) {
      expect(row.visualTokens).toBe(2);
      expect(row.share.visual).toBeCloseTo((2 / 8 + 2 / 9) / 2, 6);
      expect(row.perToken.system).toBeCloseTo((1 / 8 + 1 / 9) / 2, 6);
    }
  });

  it('gives every row of a batch what it gives the row alone, padding and number of answers aside', () => {
    const rows = [rowOf('1 5 #4 6 >7'), rowOf('1 #4 8 #4 9 10 11 >12 >13 >14'), rowOf('1 5 6 >7 >8')];
    const together = measure(rows, 1);
    rows.forEach((row, b) => {
      const alone = measure([row], 1);
      alone.forEach(([found], layer) => {
        for (const kind of ['system', 'visual', 'question', 'answer'] as const) {
          expect(together[layer]![b]!.share[kind]).toBeCloseTo(found!.share[kind], 6);
        }
      });
    });
    expect(together[0]![2]!.perToken.visual).toBeNull();
  });

  it('leaves no tensors', async () => {
    await expectNoLeakedTensors(() => measure([rowOf('1 #4 5 >6')], 1, '1/2:attention'));
  });
});

describe('meanAttention', () => {
  it('divides by the tokens that each asking token sees', () => {
    // Kinds: system, visual, visual, question, then two tokens of the answer, the second of which sees the first too.
    const masses = [0.5, 0.2, 0.1, 0.2, 0.3, 0.4, 0.1, 0.2];
    expect(meanAttention(masses, [0, 1, 1, 2, 3, 3], [4, 5])).toEqual({
      visualTokens: 2,
      perToken: { system: close(0.4), visual: close(0.15), question: close(0.1), answer: close((0.2 + 0.1) / 2) },
      share: { system: close(0.4), visual: close(0.3), question: close(0.1), answer: close(0.2) },
    });
  });
});
