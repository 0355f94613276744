import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchSampler, type SamplerPosition } from '../../../../src/main/engine/data/sampler.ts';

const settings = fc.record({
  modalities: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 12, maxLength: 200 }),
  batchSize: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(1000),
  mixed: fc.boolean(),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

const samplerOf = ({ modalities, ...rest }: Settings): BatchSampler =>
  new BatchSampler({ ...rest, modalities, lengths: modalities.map((_, i) => (i * 37) % 101) });
const epochOf = (sampler: BatchSampler, epoch: number): number[][] =>
  Array.from({ length: sampler.batchesPerEpoch }, (_, batchIndex) => [...sampler.batchAt({ epoch, batchIndex })]);

describe('BatchSampler', () => {
  it('takes no row twice in an epoch, and leaves out fewer rows than a batch of each modality', () => {
    fc.assert(
      fc.property(settings, fc.nat(3), (one, epoch) => {
        const batches = epochOf(samplerOf(one), epoch);
        const rows = batches.flat();
        expect(new Set(rows).size).toBe(rows.length);
        expect(batches.every((batch) => batch.length === one.batchSize)).toBe(true);
        const missing = one.modalities.map((code, i) => ({ code, i })).filter(({ i }) => !rows.includes(i));
        const groups = one.mixed ? [missing] : [0, 1, 2].map((code) => missing.filter((row) => row.code === code));
        for (const group of groups) expect(group.length).toBeLessThan(one.batchSize);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('takes every row once where the modalities fill their batches', () => {
    const modalities = Array.from({ length: 24 }, (_, i) => (i < 8 ? 0 : 1));
    const rows = epochOf(samplerOf({ modalities, batchSize: 4, seed: 1, mixed: false }), 0).flat();
    expect(rows.sort((a, b) => a - b)).toEqual(modalities.map((_, i) => i));
  });

  it('keeps modalities apart unless they may mix', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const kinds = epochOf(samplerOf(one), 0).map((batch) => new Set(batch.map((i) => one.modalities[i])).size);
        const mixedBatches = kinds.filter((count) => count > 1).length;
        expect(mixedBatches).toBeLessThanOrEqual(one.mixed ? 3 : 0);
      }),
      { seed: 4, numRuns: 60 },
    );
  });

  it('gives the same order for the same seed, another for another seed or epoch', () => {
    fc.assert(
      fc.property(settings, (one) => {
        expect(epochOf(samplerOf(one), 1)).toEqual(epochOf(samplerOf(one), 1));
      }),
      { seed: 5, numRuns: 20 },
    );
    const one = { modalities: new Array<number>(64).fill(1), batchSize: 4, seed: 1, mixed: false };
    expect(epochOf(samplerOf(one), 0)).not.toEqual(epochOf(samplerOf(one), 1));
    expect(epochOf(samplerOf(one), 0)).not.toEqual(epochOf(samplerOf({ ...one, seed: 2 }), 0));
  });

  it('goes on from any position as if it had never stopped', () => {
    fc.assert(
      fc.property(settings, fc.nat(30), (one, stop) => {
        const follow = (from: SamplerPosition, steps: number): [number[][], SamplerPosition] => {
          const sampler = samplerOf(one);
          const batches: number[][] = [];
          let position = from;
          for (let i = 0; i < steps; i++, position = sampler.after(position))
            batches.push([...sampler.batchAt(position)]);
          return [batches, position];
        };
        const start = { epoch: 0, batchIndex: 0 };
        const [before, position] = follow(start, stop);
        const stored = JSON.parse(JSON.stringify(position)) as SamplerPosition;
        expect([...before, ...follow(stored, 10)[0]]).toEqual(follow(start, stop + 10)[0]);
      }),
      { seed: 6, numRuns: 30 },
    );
  });

  it('puts rows of like length together, longest first', () => {
    const lengths = Array.from({ length: 800 }, (_, i) => (i * 7919) % 800);
    const sampler = new BatchSampler({ lengths, modalities: new Uint8Array(800).fill(1), batchSize: 4, seed: 1 });
    const spreads = epochOf(sampler, 0).map((batch) => {
      const sizes = batch.map((i) => lengths[i] as number);
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
      return (sizes[0] as number) - (sizes[3] as number);
    });
    // Random batches of 4 spread over 480 of 800 on average; sorted stretches of 200 rows over about 12.
    expect(spreads.reduce((sum, spread) => sum + spread, 0) / spreads.length).toBeLessThan(40);
  });

  it('refuses batches that cannot be filled', () => {
    const modalities = [0, 0, 1, 1, 2];
    const make =
      (batchSize: number, mixed = false) =>
      () =>
        new BatchSampler({ lengths: modalities, modalities, batchSize, seed: 1, mixed });
    expect(make(3)).toThrow(
      'batchSize: is more than the rows there are to fill a batch with (2 text, 2 image, 1 video)',
    );
    expect(make(3, true)).not.toThrow();
    for (const size of [0, 1.5, NaN]) expect(make(size)).toThrow('batchSize: must be 1 or more');
    expect(() => new BatchSampler({ lengths: [1], modalities, batchSize: 1, seed: 1 })).toThrow(RangeError);
    expect(() => make(1)().batchAt({ epoch: 0, batchIndex: 5 })).toThrow(RangeError);
  });
});
