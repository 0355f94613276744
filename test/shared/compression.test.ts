import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FULL,
  compressionRatio,
  findCompressorProblem,
  formatCompression,
  parseCompression,
  scaleCompression,
  summedVisualTokens,
  visualTokensPerLayer,
  type Compression,
} from '../../src/shared/compression.ts';
import { COMPRESSORS, type CompressorName } from '../../src/shared/compressors.ts';
import { InputError } from '../../src/shared/errors.ts';

const average = (layer: number, stride: number) => ({ layer, stride, compressor: 'average-pool' }) as const;

/** Any setting of a decoder of `depth` layers whose strides together stay below 64. */
const compressions = (depth: number): fc.Arbitrary<Compression> =>
  fc
    .uniqueArray(
      fc.record({ layer: fc.integer({ min: -1, max: depth - 1 }), stride: fc.integer({ min: 2, max: 4 }) }),
      {
        selector: (point) => point.layer,
        maxLength: 3,
      },
    )
    .map((points) => points.sort((a, b) => a.layer - b.layer).map(({ layer, stride }) => average(layer, stride)));

describe('notation K/S', () => {
  it('reads one point, several points, none and full', () => {
    expect(parseCompression('2/8')).toEqual([average(2, 8)]);
    expect(parseCompression('-1/4')).toEqual([average(-1, 4)]);
    expect(parseCompression(' 4/2 + 2/2 ')).toEqual([average(2, 2), average(4, 2)]);
    expect(parseCompression('none')).toEqual(FULL);
    expect(parseCompression('Full')).toEqual(FULL);
  });

  it('takes stride 1 for no compression', () => {
    expect(parseCompression('16/1')).toEqual(FULL);
    expect(parseCompression('2/8+4/1')).toEqual([average(2, 8)]);
  });

  it.each([
    '',
    '2',
    '2/',
    '/8',
    '2/8/2',
    '2-8',
    '2/0',
    '-2/8',
    '2/2.5',
    '2/1e3',
    'NaN/2',
    '2/2+2/4',
    '2/8+',
    '9999999/2',
  ])('refuses %j', (text) => {
    expect(() => parseCompression(text)).toThrow(InputError);
  });

  it('writes what it reads', () => {
    fc.assert(fc.property(compressions(32), (c) => void expect(parseCompression(formatCompression(c))).toEqual(c)));
  });

  it('never fails with anything but an InputError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseCompression(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});

describe('compressors', () => {
  const point = (layer: number, stride: number, compressor: CompressorName) => ({ layer, stride, compressor });

  it('stand behind a point; the usual one goes without saying', () => {
    expect(parseCompression('2/8:k-means')).toEqual([point(2, 8, 'k-means')]);
    expect(parseCompression('2/2 : random + 4/2')).toEqual([point(2, 2, 'random'), point(4, 2, 'average-pool')]);
    expect(parseCompression('2/8:average-pool')).toEqual(parseCompression('2/8'));
    expect(formatCompression(parseCompression('2/2:random+4/2:average-pool'))).toBe('2/2:random+4/2');
  });

  it('of a stage are those of its points that name none', () => {
    const given = parseCompression('2/2+4/4:average-pool', 'random');
    expect(given).toEqual([point(2, 2, 'random'), point(4, 4, 'average-pool')]);
    expect(formatCompression(given, 'random')).toBe('2/2+4/4:average-pool');
  });

  it('are written as they are read, whichever is the usual one', () => {
    const settings = fc.uniqueArray(
      fc.record({
        layer: fc.integer({ min: 1, max: 31 }),
        stride: fc.constantFrom(4, 9),
        compressor: fc.constantFrom(...COMPRESSORS),
      }),
      { selector: ({ layer }) => layer, maxLength: 3 },
    );
    fc.assert(
      fc.property(settings, fc.constantFrom(...COMPRESSORS), (points, usual) => {
        const given = points.sort((a, b) => a.layer - b.layer);
        fc.pre(findCompressorProblem(given) === undefined);
        expect(parseCompression(formatCompression(given, usual), usual)).toEqual(given);
      }),
    );
  });

  it.each([
    ['2/8:kmeans', /Did you mean k-means|must be one of/],
    ['2/8:', /joined by/],
    ['0/2:attention', /layer K of attention must be 1 or more: it ranks by the attention of the layer before/],
    ['-1/2:attention-all', /must be 1 or more/],
    ['0/4:pixel-shuffle', /layer K of pixel-shuffle must be -1 \(before the decoder\): it works on the vision tower's/],
    ['2/8:average-pool-2d', /must be a square \(4, 9, 16 …\), and is 8/],
    ['2/2+4/4:average-pool-2d', /must not come behind average-pool, which leaves no patch grid/],
  ])('%s is refused', (text, message) => {
    expect(() => parseCompression(text)).toThrow(message);
  });

  it('squares must fill the patch grid', () => {
    expect(visualTokensPerLayer([576], 3, parseCompression('1/16:average-pool-2d'))).toEqual([576, 36, 36]);
    expect(visualTokensPerLayer([576], 3, parseCompression('1/4:average-pool-2d+2/9:average-pool-2d'))).toEqual([
      576, 144, 16,
    ]);
    expect(() => visualTokensPerLayer([576], 3, parseCompression('1/25:average-pool-2d'))).toThrow(
      /squares of 5 × 5 must fill the patch grid, which is 24 × 24/,
    );
    expect(() => visualTokensPerLayer([50], 3, parseCompression('1/4:average-pool-2d'))).toThrow(
      /50 tokens, no square/,
    );
  });

  it('that meet at one layer of a shallower decoder are one if they are the same, else the second goes behind', () => {
    const scaled = (text: string, depth: number): string =>
      formatCompression(scaleCompression(parseCompression(text), 32, depth));
    expect(scaled('2/2:random+4/4:random', 6)).toBe('1/8:random');
    expect(scaled('2/2:random+4/4+6/2', 6)).toBe('1/2:random+2/8');
    // No layer is behind the last.
    expect(scaled('30/2:random+31/4', 6)).toBe('5/8');
  });
});

describe('scaling to another depth', () => {
  it('moves layers 2 and 16 of 32 to 1 and 3 of 6', () => {
    expect(formatCompression(scaleCompression(parseCompression('2/8+16/2'), 32, 6))).toBe('1/8+3/2');
  });

  it('keeps 0 and -1, and never leaves the decoder', () => {
    expect(formatCompression(scaleCompression(parseCompression('-1/2+0/2+31/2'), 32, 6))).toBe('-1/2+0/2+5/2');
  });

  it('multiplies strides that meet at one layer', () => {
    expect(formatCompression(scaleCompression(parseCompression('2/2+4/4'), 32, 6))).toBe('1/8');
  });

  it('leaves every setting as it is at the same depth', () => {
    fc.assert(fc.property(compressions(12), (c) => void expect(scaleCompression(c, 12, 12)).toEqual(c)));
  });
});

describe('visual tokens', () => {
  it('counts layers before K in full', () => {
    expect(visualTokensPerLayer([576], 6, parseCompression('2/8'))).toEqual([576, 576, 72, 72, 72, 72]);
    expect(visualTokensPerLayer([576], 3, parseCompression('-1/4'))).toEqual([144, 144, 144]);
    expect(visualTokensPerLayer([576], 3, parseCompression('0/4'))).toEqual([144, 144, 144]);
  });

  it('applies every point to what reaches its layer', () => {
    expect(visualTokensPerLayer([64], 5, parseCompression('1/2+3/4'))).toEqual([64, 32, 32, 8, 8]);
  });

  it('pools every group alone and drops its remainder', () => {
    expect(visualTokensPerLayer([7, 7], 2, parseCompression('1/2'))).toEqual([14, 6]);
  });

  it('is 0 for text only', () => {
    expect(visualTokensPerLayer([], 2, parseCompression('1/2'))).toEqual([0, 0]);
    expect(compressionRatio([], 2, parseCompression('1/2'))).toBe(100);
  });

  it('names the limit of a stride that leaves no token, and of a layer outside the decoder', () => {
    expect(() => visualTokensPerLayer([16], 4, parseCompression('1/4+2/8'))).toThrow(/stride must be at most 4.*2\/8/);
    expect(() => visualTokensPerLayer([16], 4, parseCompression('4/2'))).toThrow(/between -1 and 3.*4\/2/);
  });

  it('never grows from layer to layer, and the ratio is never below 100 %', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 64, max: 600 }), { maxLength: 4 }), compressions(6), (groups, c) => {
        const tokens = visualTokensPerLayer(groups, 6, c);
        expect(tokens).toEqual([...tokens].sort((a, b) => b - a));
        expect(compressionRatio(groups, 6, c)).toBeGreaterThanOrEqual(100);
      }),
    );
  });
});

describe('compression ratios of the paper (Tab. 1, Eq. 3: 32 layers, 576 visual tokens)', () => {
  it.each([
    ['2/8', 556.5, 557],
    ['16/8', 177.8, 178],
    ['2/2', 188.2, 188],
    ['16/2', 133.3, 133],
    ['2/16', 825.8, 825], // printed truncated, the others rounded
    ['16/16', 188.2, 188],
    ['16/4', 160.0, 160],
    ['none', 100, 100],
  ])('%s is %f, printed as %d', (setting, exact, printed) => {
    const percent = compressionRatio([576], 32, parseCompression(setting));
    expect(percent).toBeCloseTo(exact, 1);
    expect(Math.abs(percent - printed)).toBeLessThan(1);
  });

  it('has 18432 tokens uncompressed', () => {
    expect(summedVisualTokens([576], 32, FULL)).toBe(18432);
  });

  it('falls with depth: 1/8 is 505 % of 12 layers and 369 % of 6', () => {
    expect(Math.round(compressionRatio([576], 12, parseCompression('1/8')))).toBe(505);
    expect(Math.round(compressionRatio([576], 6, parseCompression('1/8')))).toBe(369);
  });
});
