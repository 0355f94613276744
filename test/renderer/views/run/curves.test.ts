import { describe, expect, it } from 'vitest';
import type { MetricsAnswer } from '../../../../src/shared/api/metrics-query.ts';
import type { TrainMetrics, VisionMetrics } from '../../../../src/shared/metrics.ts';
import { Curve, nearestIndex } from '../../../../src/renderer/src/views/run/metrics/curve.ts';
import { columnsOf } from '../../../../src/renderer/src/views/run/metrics/derived.ts';
import { RunCurves } from '../../../../src/renderer/src/views/run/metrics/run-curves.ts';

const visionRow = (step: number, loss: number): VisionMetrics => ({
  step,
  loss,
  epoch: step / 10,
  samples: step * 64,
  lr: 0.1,
  gradNorm: 1,
  stepMs: 500,
  memoryBytes: 1,
  tensors: 1,
  time: '2026-11-22T17:29:13.450Z',
  accuracy: 0.5,
  imagesPerSecond: 3,
});

const trainRow = (step: number, seen: number, saved: number): TrainMetrics => ({
  ...visionRow(step, 1),
  stage: 0,
  compression: '1/8',
  visualTokens: 10,
  visualTokensPerLayer: [8, 2],
  compressionRatio: 160,
  visualTokensSeen: seen,
  visualTokensSaved: saved,
  flopsPaper: 1,
  flopsExact: 1,
  flopsSavedPaper: 1,
  flopsSavedExact: 1,
  supervisedTokens: 1,
  tokensPerSecond: 1,
});

const answer = (x: MetricsAnswer['x'], series: MetricsAnswer['series']): MetricsAnswer => ({
  run: 'a',
  x,
  rows: 3,
  isDecimated: false,
  range: [0, 0],
  series,
});

describe('Curve', () => {
  it('grows beyond its first room and keeps every point', () => {
    const curve = new Curve();
    for (let step = 1; step <= 1000; step++) curve.push(step, step * 2, step * 3);
    const { x, y, steps } = curve.columns;
    expect([x.length, y.length, steps.length]).toEqual([1000, 1000, 1000]);
    expect([steps[999], x[999], y[999]]).toEqual([1000, 2000, 3000]);
    expect([steps[0], x[0], y[0]]).toEqual([1, 2, 3]);
  });

  it('drops what lies beyond a step, and leaves views alone that were handed out', () => {
    const curve = new Curve();
    for (let step = 1; step <= 10; step++) curve.push(step, step, step);
    const before = curve.columns;
    curve.cutAfter(4);
    curve.push(5, 5, 50);
    expect([...curve.columns.y]).toEqual([1, 2, 3, 4, 50]);
    expect(before.y[4]).toBe(5);
    expect(curve.lastStep).toBe(5);
  });
});

describe('nearestIndex', () => {
  it.each([
    [-5, 0],
    [1.4, 0],
    [1.6, 1],
    [3.1, 2],
    [99, 3],
  ])('of %d is %d', (x, index) => expect(nearestIndex([1, 2, 3, 5], x)).toBe(index));

  it('is -1 without points', () => expect(nearestIndex([], 3)).toBe(-1));
});

describe('RunCurves', () => {
  it('goes on where the recorded rows end, and counts a row once', () => {
    const curves = new RunCurves(answer('step', [{ key: 'loss', steps: [1, 2], x: [1, 2], values: [3, 2] }]));
    curves.append([visionRow(2, 99), visionRow(3, 1)]);
    curves.append([visionRow(3, 98)]);
    expect([...columnsOf(curves, 'loss')!.y]).toEqual([3, 2, 1]);
    expect(curves.rowsAdded).toBe(1);
    expect(curves.end).toBe(3);
  });

  it('begin with the first row where the run had none, on the axis that was asked for', () => {
    const curves = new RunCurves(answer('step', []), { axis: 'samples', keys: ['loss', 'accuracy', 'visualTokens'] });
    curves.append([visionRow(1, 3), visionRow(2, 2)]);
    expect(Array.from(curves.get('loss')?.columns.x ?? [])).toEqual([64, 128]);
    expect(curves.get('accuracy')?.length).toBe(2);
    expect(curves.get('visualTokens')).toBeUndefined();
  });

  it('adds the duration of each step on the axis of time', () => {
    const curves = new RunCurves(answer('time', [{ key: 'loss', steps: [1], x: [4], values: [3] }]));
    curves.append([visionRow(2, 2), visionRow(3, 1)]);
    expect([...columnsOf(curves, 'loss')!.x]).toEqual([4, 4.5, 5]);
  });

  it('smooths a thinned-out curve by the means of its rows, and live rows by themselves', () => {
    const series = { key: 'loss' as const, steps: [1, 9], x: [1, 9], values: [0.1, 8], means: [1, 1] };
    const curves = new RunCurves(answer('step', [series]));
    curves.append([visionRow(10, 2)]);
    expect([...columnsOf(curves, 'loss')!.mean]).toEqual([1, 1, 2]);
    expect([...columnsOf(curves, 'loss')!.y]).toEqual([0.1, 8, 2]);
  });

  it('has no value where a row has no such number', () => {
    const curves = new RunCurves(answer('step', [{ key: 'lr', steps: [1], x: [1], values: [null] }]));
    expect(columnsOf(curves, 'lr')!.y[0]).toBeNaN();
    expect(columnsOf(curves, 'loss')).toBeUndefined();
  });

  it('forgets the steps that a run went back over, and takes them again', () => {
    const curves = new RunCurves(answer('step', [{ key: 'loss', steps: [1, 2, 3], x: [1, 2, 3], values: [3, 2, 1] }]));
    curves.rewind(1);
    curves.append([visionRow(2, 20)]);
    expect([...columnsOf(curves, 'loss')!.y]).toEqual([3, 20]);
  });

  it('tells the compression ratio so far from what was seen and saved', () => {
    const curves = new RunCurves(
      answer('step', [
        { key: 'visualTokensSeen', steps: [1, 3], x: [1, 3], values: [100, 300] },
        { key: 'visualTokensSaved', steps: [1, 3], x: [1, 3], values: [100, 150] },
      ]),
    );
    curves.append([trainRow(4, 400, 150)]);
    expect([...columnsOf(curves, 'runCompressionRatio')!.y]).toEqual([200, 150, 137.5]);
  });
});
