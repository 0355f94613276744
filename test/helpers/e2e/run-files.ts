/** A run as its files say it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseMetrics, trainMetricsSchema, type TrainMetrics } from '../../../src/shared/metrics.ts';
import { RUN_LOCK, runOwnerSchema } from '../../../src/shared/run-record.ts';
import { runOwner } from '../../../src/main/studio/runs/run-owner.ts';
import { sum } from '../../../src/shared/sum.ts';

export function metricsRows(folder: string): TrainMetrics[] {
  const file = join(folder, 'metrics.jsonl');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line, i) => parseMetrics(trainMetricsSchema, line, `${file}:${i + 1}`));
}

/** Every step from the first to the last has one row, and running totals are the sums of the rows: nothing was left out or counted twice. */
export function expectEveryStepOnce(folder: string, steps: number, batchSize: number): void {
  const rows = metricsRows(folder);
  expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  expect(rows.map(({ samples }) => samples)).toEqual(rows.map(({ step }) => step * batchSize));
  expect(rows.at(-1)?.visualTokensSeen).toBe(sum(rows.map(({ visualTokens }) => visualTokens)));
}

/** The engine process that trains a run. @throws where none does */
export function enginePid(folder: string): number {
  return runOwnerSchema.parse(JSON.parse(readFileSync(join(folder, RUN_LOCK), 'utf8'))).pid;
}

/** Whether a process still trains the run. */
export async function engineIsThere(folder: string): Promise<boolean> {
  return (await runOwner(folder)) !== undefined;
}
