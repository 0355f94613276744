import { describe, expect, it } from 'vitest';
import { parseCompressorBench } from '../../../../src/main/bench/compressor-arguments.ts';
import { compressorReport } from '../../../../src/main/bench/compressor-report.ts';
import { benchCompressors } from '../../../../src/main/engine/bench/compressor-bench.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { CompressorBenchJob } from '../../../../src/shared/compressor-bench.ts';
import { COMPRESSORS } from '../../../../src/shared/compressors.ts';

const SHAPE = ['--hidden=16', '--layers=3', '--heads=4', '--intermediate=24', '--vocab=50', '--nvis=16', '--text=6'];
const jobOf = (...more: string[]): CompressorBenchJob =>
  parseCompressorBench([...SHAPE, '--batch=2', '--layer', '1', '--mode', 'eager', '--rounds=2', '--warmup=0', ...more])
    .job;

describe('a bench of compressors', () => {
  it('times every one beside full, and knows what each saves', async () => {
    const job = jobOf();
    const result = await benchCompressors(job);
    const [full, ...others] = result.rows;
    expect(full).toMatchObject({ compression: 'none', visualTokens: 16, timeRatio: 1, flopsRatio: 1 });
    // Every compressor, and average pooling before the decoder.
    expect(others).toHaveLength(COMPRESSORS.length + 1);
    for (const { compression, visualTokens, timeRatio, flopsRatio } of others) {
      expect([compression, visualTokens]).toEqual([compression, 4]);
      expect(timeRatio).toBeGreaterThan(0);
      expect(flopsRatio).toBeLessThan(1);
    }
    // Before the projector, fewer tokens go through it.
    const flopsOf = (setting: string): number => others.find((row) => row.compression === setting)?.flopsRatio ?? NaN;
    expect(flopsOf('-1/4:visionzip')).toBeLessThan(flopsOf('-1/4'));
    expect(flopsOf('-1/4')).toBeLessThan(flopsOf('1/4:attention'));
    expect(compressorReport(job, result)).toContain('| -1/4:visionzip | 4 |');
    const before = tf.memory().numTensors;
    await benchCompressors({ ...job, rounds: 1, settings: ['-1/4:visionzip', '1/4:parametric'] });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves out what does not fit, and says why', async () => {
    const job = { ...jobOf('--stride', '3'), settings: ['1/3', '1/3:average-pool-2d', '7/3'] };
    const result = await benchCompressors({ ...job, rounds: 1 });
    expect(result.rows.map(({ compression }) => compression)).toEqual(['none', '1/3']);
    expect(result.leftOut.map(({ compression }) => compression)).toEqual(['1/3:average-pool-2d', '7/3']);
    expect(compressorReport(job, result)).toMatch(/Left out: 1\/3:average-pool-2d\. .*square/);
  });

  it('puts every compressor at K where it can stand, and refuses what makes no sense', () => {
    expect(jobOf('--layer', '-1').settings).toContain('1/4:attention');
    expect(jobOf('--layer', '-1').settings).toContain('-1/4:k-means');
    expect(jobOf().settings).toContain('-1/4:prumerge');
    expect(() => jobOf('--nvis=15')).toThrow('--nvis');
    expect(() => jobOf('--mode=both')).toThrow('graph or eager');
  });
});
