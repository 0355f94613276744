import { describe, expect, it } from 'vitest';
import { engineContender } from '../../../../src/main/bench/engine-contender.ts';
import { benchGeneration } from '../../../../src/main/engine/bench/generate-bench.ts';
import { benchTraining } from '../../../../src/main/engine/bench/train-bench.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import type { BenchJob } from '../../../../src/shared/bench.ts';

const JOB: BenchJob = {
  kind: 'train',
  shape: { hidden: 16, layers: 3, heads: 4, kvHeads: 2, intermediate: 24, vocab: 50, nvis: 16, text: 6, batch: 2 },
  compression: '1/4',
  mode: 'graph',
  steps: 3,
  warmup: 1,
  newTokens: 5,
};
/** Embedding and head; q, o, k, v, MLP and two norms of each layer; the last norm. */
const PARAMETERS = 2 * 50 * 16 + 3 * (2 * 256 + 2 * 8 * 16 + 3 * 24 * 16 + 2 * 16) + 16;

describe('a training bench', () => {
  it('trains every weight of the shape: the loss of the same batch falls', () => {
    const result = benchTraining(JOB);
    expect(result.parameters).toBe(PARAMETERS);
    // Random weights know nothing: the loss of guessing among 50 tokens.
    expect(Math.abs(result.lossFirst - Math.log(50))).toBeLessThan(0.2);
    expect(result.lossLast).toBeLessThan(result.lossFirst);
    expect(result.optimizerMs).toBeLessThan(result.msMin);
    expect(result.msMin).toBeLessThanOrEqual(result.msMedian);
  });

  it('does the same in both modes, and pooling before the decoder too', () => {
    for (const compression of ['none', '-1/4']) {
      const [graph, eager] = (['graph', 'eager'] as const).map((mode) => benchTraining({ ...JOB, compression, mode }));
      expect(graph?.lossLast).toBeCloseTo(eager?.lossLast ?? NaN, 5);
    }
  });

  it('leaves no tensors', () => {
    benchTraining({ ...JOB, mode: 'eager' });
    const before = tf.memory().numTensors;
    benchTraining({ ...JOB, mode: 'eager' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a generation bench', () => {
  it.each(EXECUTION_MODES)(
    'in %s mode fills each layer’s cache with what reaches it, and leaves no tensors',
    (mode) => {
      const job: BenchJob = { ...JOB, kind: 'generate', mode };
      const { cacheLengths, decodeTokensPerSecondMax } = benchGeneration(job);
      expect(cacheLengths).toEqual([22 + 4, 4 + 6 + 4, 4 + 6 + 4]);
      expect(decodeTokensPerSecondMax).toBeGreaterThan(0);
      const before = tf.memory().numTensors;
      benchGeneration(job);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

describe('a bench process', () => {
  it('answers with its result', async () => {
    const result = await engineContender({ ...JOB, mode: 'eager' }).run();
    expect(result).toMatchObject({ kind: 'train', parameters: PARAMETERS });
    expect(result.peakMb).toBeGreaterThan(50);
  });

  it('says what it cannot do', async () => {
    await expect(engineContender({ ...JOB, mode: 'eager', compression: 'much' }).run()).rejects.toThrow(
      /must be 'none' or points K\/S/,
    );
  });
});
