import { describe, expect, it } from 'vitest';
import { METRIC_KEYS } from '../../../../src/shared/api/metrics-query.ts';
import { chartsOf, keysOf } from '../../../../src/renderer/src/views/run/metrics/charts.ts';
import {
  chosenCharts,
  defaultChoice,
  moveChart,
  parseChoice,
  placeChart,
  toggleChart,
} from '../../../../src/renderer/src/views/run/metrics/chart-choice.ts';
import { linesToCsv } from '../../../../src/renderer/src/views/run/metrics/csv.ts';

describe('charts', () => {
  it('have ids of their own, and a vision tower has those of its phase', () => {
    const ids = chartsOf('instruct').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(chartsOf('vision').map(({ id }) => id)).toContain('accuracy');
    expect(chartsOf('vision').map(({ id }) => id)).not.toContain('visualTokens');
    expect(ids).not.toContain('accuracy');
  });

  it('ask for each recorded number once', () => {
    const keys = keysOf(chartsOf('instruct'));
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(METRIC_KEYS).toContain(key);
    expect(keys).toContain('visualTokensSeen');
  });
});

describe('the choice of charts', () => {
  it('starts without the extra ones', () => {
    expect(defaultChoice('instruct')).not.toContain('epoch');
    expect(defaultChoice('instruct')[0]).toBe('loss');
  });

  it('hides, shows at the end, and moves within the ends', () => {
    expect(toggleChart(['a', 'b'], 'a')).toEqual(['b']);
    expect(toggleChart(['b'], 'a')).toEqual(['b', 'a']);
    expect(moveChart(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b']);
    expect(moveChart(['a', 'b', 'c'], 'a', -5)).toEqual(['a', 'b', 'c']);
    expect(moveChart(['a', 'b', 'c'], 'a', 9)).toEqual(['b', 'c', 'a']);
    expect(placeChart(['a', 'b', 'c'], 'a', 'c')).toEqual(['b', 'c', 'a']);
    expect(placeChart(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b']);
  });

  it('forgets charts that are no longer known, and reads nothing from nonsense', () => {
    expect(chosenCharts('instruct', ['lr', 'gone', 'loss']).map(({ id }) => id)).toEqual(['lr', 'loss']);
    expect(parseChoice('["loss","loss","lr"]')).toEqual(['loss', 'lr']);
    expect(parseChoice('{')).toBeUndefined();
    expect(parseChoice('[1]')).toBeUndefined();
    expect(parseChoice(null)).toBeUndefined();
  });
});

describe('CSV', () => {
  it('has one row a point and an empty cell for what is not a number', () => {
    const columns = {
      steps: Float64Array.of(1, 2),
      x: Float64Array.of(10, 20),
      y: Float64Array.of(0.5, NaN),
      mean: Float64Array.of(0.5, NaN),
    };
    expect(linesToCsv([{ run: 'a', label: 'loss', columns }], 'Samples seen').split('\r\n')).toEqual([
      'run,line,step,Samples seen,value',
      'a,loss,1,10,0.5',
      'a,loss,2,20,',
      '',
    ]);
  });
});
