// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { sampleTrayItem } from '../../../src/renderer/src/views/compare/ask/sample-picture.ts';
import { sortFiles } from '../../../src/renderer/src/views/compare/ask/upload.ts';
import { formatPoints, settingRows } from '../../../src/renderer/src/views/compare/batch/batch-results.ts';
import { describeToken, paneTokens } from '../../../src/renderer/src/views/compare/overlay/pane-tokens.ts';
import { tokenGroups } from '../../../src/renderer/src/views/compare/overlay/token-groups.ts';
import { metricRows, reasonInWords } from '../../../src/renderer/src/views/compare/panes/answer-metrics.ts';
import { matchesSearch } from '../../../src/renderer/src/views/compare/state/history.ts';
import { paneViews, type AnsweredPane } from '../../../src/renderer/src/views/compare/state/pane-views.ts';
import { reopen } from '../../../src/renderer/src/views/compare/state/reopen.ts';
import { parseCompression } from '../../../src/shared/compression.ts';
import { wilsonInterval, type SettingResult } from '../../../src/shared/evaluation.ts';
import type { StudioModel } from '../../../src/shared/api/models.ts';
import { askOf, statsOf } from './helpers.ts';

const size = { layers: 1, hiddenSize: 1, intermediateSize: 1 };
const MODEL: StudioModel = {
  ...{ id: 'm', label: 'm', kind: 'final', description: '', depth: 6, imageSize: 64 },
  ...{ gridWidth: 8, gridHeight: 8, visualTokensPerImage: 64 },
  shape: {
    vision: { ...size, imageSize: 64, patchSize: 8, hasClassToken: true },
    decoder: { ...size, heads: 1, kvHeads: 1, headDim: 1, vocabSize: 1 },
  },
};

describe('what a setting does to the pictures of a question', () => {
  it('is known before asking', () => {
    // Layer 0 full, layers 1–5 an eighth: 2·(64 + 5·8) of 2·384.
    expect(paneTokens(MODEL, '1/8', 2)).toMatchObject({
      perLayer: [128, 16, 16, 16, 16, 16],
      fullPerLayer: 128,
      summed: 208,
      summedFull: 768,
    });
    expect(paneTokens(MODEL, '1/8', 2)?.ratio).toBeCloseTo((100 * 768) / 208, 9);
  });

  it('is nothing where the setting does not fit', () => {
    expect(paneTokens(MODEL, '6/2', 1)).toBeUndefined();
    expect(paneTokens(MODEL, '1/65', 1)).toBeUndefined();
  });

  it('is no compression where there are no pictures', () => {
    expect(paneTokens(MODEL, '1/8', 0)).toMatchObject({ summed: 0, ratio: 100 });
  });

  it('is said token by token', () => {
    const grid = { width: 4, height: 2 };
    const pooled = tokenGroups(grid, parseCompression('0/3'), 0, 14);
    expect(describeToken(grid, pooled, 4, true)).toBe(
      'Token 2 of 2 · mean of 3 patches · row 1, column 4; row 2, columns 1–2 · position 18',
    );
    expect(describeToken(grid, pooled, 7, true)).toMatch(/^Dropped: row 2, column 4\./);
    expect(describeToken(grid, tokenGroups(grid, [], 0), 5, false)).toBe(
      'Token 6 of 8 · one patch · row 2, column 2 · position +5',
    );
  });
});

describe('what an answer took', () => {
  const row = (key: string, first = statsOf()) =>
    metricRows(statsOf({ timeToFirstTokenMs: 10, tokensPerSecond: 150, flopsExact: 2.02e8 }), first).find(
      (one) => one.key === key,
    );

  it('is compared with the first pane: less time is better, fewer tokens a second are worse', () => {
    expect(row('firstToken')).toMatchObject({ factor: '× 0.50', judged: 'better' });
    expect(row('speed')).toMatchObject({ factor: '× 1.50', judged: 'better' });
    expect(row('speed', statsOf({ tokensPerSecond: 300 }))).toMatchObject({ factor: '× 0.50', judged: 'worse' });
  });

  it('is not judged where it is about the same, or where neither is better', () => {
    expect(row('flopsExact')).toMatchObject({ factor: '× 1.01', judged: undefined });
    expect(row('memory')?.judged).toBeUndefined();
  });

  it('stands alone in the first pane and where there is nothing to compare', () => {
    expect(metricRows(statsOf()).some(({ key }) => key === 'outliers')).toBe(false);
    expect(metricRows(statsOf({ outliers: [3, 4] })).find(({ key }) => key === 'outliers')).toMatchObject({
      value: '7',
    });
    expect(metricRows(statsOf()).every(({ factor }) => factor === undefined)).toBe(true);
    const { tokensPerSecond: _, ...single } = statsOf({ tokens: 1 });
    expect(metricRows(single, statsOf()).find(({ key }) => key === 'speed')).toMatchObject({ value: '–' });
  });

  it('ends for a reason', () => {
    expect(reasonInWords(statsOf({ reason: 'length' }))).toMatch(/longest/);
  });
});

describe('panes side by side', () => {
  const pane = (key: string, text: string, state: 'ended' | 'answering' = 'ended'): AnsweredPane => ({
    pane: { key, model: 'm', compression: 'none' },
    answer: { state, text, stats: statsOf(), signature: '' },
    isStale: false,
  });

  it('mark words against the first pane', () => {
    const [first, other] = paneViews([pane('a', 'a red circle'), pane('b', 'a red square')], true);
    expect(first?.words?.map(({ kind }) => kind)).toEqual(['same', 'same', 'different']);
    expect(other?.words?.map(({ kind }) => kind)).toEqual(['same', 'same', 'different']);
    expect(other?.difference).toBe('1 word differs');
    expect(first?.difference).toBeUndefined();
    expect(other?.firstStats).toEqual(statsOf());
  });

  it('are only counted where marks are off', () => {
    const [first, other] = paneViews([pane('a', 'red'), pane('b', 'blue')], false);
    expect([first?.words, other?.words, other?.difference]).toEqual([undefined, undefined, '1 word differs']);
  });

  it('are compared once both answers are there', () => {
    const [first, other] = paneViews([pane('a', 'a red circle'), pane('b', 'a red', 'answering')], true);
    expect([first?.words, other?.words, other?.difference]).toEqual([undefined, undefined, undefined]);
  });
});

describe('the history', () => {
  it('is searched by all words, in questions and answers', () => {
    expect(matchesSearch(askOf(), 'SHAPE square')).toBe(true);
    expect(matchesSearch(askOf(), 'shape triangle')).toBe(false);
    expect(matchesSearch(askOf(), '')).toBe(true);
  });

  it('is reopened with its pictures: uploads one by one, a sample as it is', () => {
    expect(reopen(askOf({ media: ['u.1', 'u.2'] })).images.map(({ media }) => media)).toEqual([['u.1'], ['u.2']]);
    const request = { ...askOf().request, images: [{ dataset: 'd', sample: 3 }] };
    expect(reopen(askOf({ request, media: ['s.0', 's.1'] })).images).toEqual([
      { sources: [{ dataset: 'd', sample: 3 }], media: ['s.0', 's.1'], label: 'Sample', kind: 'video' },
    ]);
    expect(reopen(askOf()).panes.map(({ compression }) => compression)).toEqual(['none', '1/8']);
  });
});

describe('pictures', () => {
  const file = (name: string, type: string): File => new File(['x'], name, { type });

  it('are told from what cannot be shown', () => {
    const { usable, refused } = sortFiles([file('a.PNG', ''), file('b.mp4', 'video/mp4'), file('c.txt', 'text/plain')]);
    expect(usable.map(({ name }) => name)).toEqual(['a.PNG', 'b.mp4']);
    expect(refused).toEqual(['c.txt is neither a picture nor a video.']);
  });

  it('of a sample are taken together; a sample without is none', () => {
    const media = [{ kind: 'video', path: 'clip', ids: ['s.0', 's.1'] }] as const;
    expect(
      sampleTrayItem('d', 'shapes', { index: 4, id: 'x', media: media.map((m) => ({ ...m, ids: [...m.ids] })) }),
    ).toEqual({
      sources: [{ dataset: 'd', sample: 4 }],
      media: ['s.0', 's.1'],
      label: 'shapes x',
      kind: 'video',
    });
    expect(sampleTrayItem('d', 'shapes', { index: 4, id: 'x', media: [] })).toBeUndefined();
  });
});

describe('results of a batch', () => {
  const result = (compression: string, correct: number): SettingResult => ({
    compression,
    score: { questions: 100, correct },
    accuracy: correct / 100,
    interval: wilsonInterval({ questions: 100, correct }),
    byType: {},
    ...{
      visualTokens: 1,
      retainedPercent: 1,
      compressionRatio: 100,
      flopsPaper: 1,
      flopsExact: 1,
      prefillMs: 1,
      totalMs: 1,
    },
  });
  const report = {
    ...{ model: 'm', data: 'd', questions: 100, images: 100, layers: 6, loadMs: 1, visionMs: 1, durationMs: 1 },
    settings: [result('none', 90), result('1/8', 85)],
  };

  it('compare every setting with full', () => {
    const [full, pooled] = settingRows({
      report,
      changes: [
        { lost: 0, gained: 0 },
        { lost: 10, gained: 5 },
      ],
    });
    expect(full).toMatchObject({ isFull: true });
    expect(full?.difference).toBeUndefined();
    expect(pooled).toMatchObject({ isFull: false, lost: 10, gained: 5 });
    expect(pooled?.difference).toBeCloseTo(-5, 9);
    // 2 · Σ_{k ≤ 5} C(15, k) / 2^15
    expect(pooled?.probability).toBeCloseTo(0.3018, 4);
  });

  it('are none while it runs', () => {
    expect(settingRows({ changes: [] })).toEqual([]);
  });

  it('are written with their sign', () => {
    expect([1.25, -3.44, 0.01, -0.04].map(formatPoints)).toEqual(['+1.3', '−3.4', '0.0', '0.0']);
  });
});
