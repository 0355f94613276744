import { expect, it } from 'vitest';
import type { RunSummary } from '../../../../src/shared/api/runs.ts';
import { findRuns, parseTags, tagsOf } from '../../../../src/renderer/src/views/runs/run-columns.ts';

function run(name: string, fields: Partial<RunSummary> = {}): RunSummary {
  return {
    ...{ name, title: name, state: 'finished', recipe: '4stage', phase: 'instruct', step: 10, secondsTrained: 1 },
    ...{ createdAt: '2026-11-22T12:00:00Z', updatedAt: '2026-11-22T12:00:00Z', stages: [], losses: [] },
    ...{ tags: [], note: '', hasModel: true },
    ...fields,
  };
}

const RUNS = [
  run('staged-0', { tags: ['seed', 'paper'] }),
  run('tower', { phase: 'vision', recipe: 'easy-vqa-tower', state: 'stopped', tags: ['seed'] }),
  run('live', { state: 'running', stages: [{ firstStep: 0, untilStep: 1, share: 1, compression: '2/8' }] }),
];
const names = (runs: readonly RunSummary[]): string[] => runs.map(({ name }) => name);

it('finds by every word, over name, recipe, tags and stages', () => {
  expect(names(findRuns(RUNS, 'seed TOWER', 'all', []))).toEqual(['tower']);
  expect(names(findRuns(RUNS, '2/8', 'all', []))).toEqual(['live']);
  expect(names(findRuns(RUNS, '', 'all', ['seed', 'paper']))).toEqual(['staged-0']);
});

it('filters by where runs stand', () => {
  expect(names(findRuns(RUNS, '', 'active', []))).toEqual(['live']);
  expect(names(findRuns(RUNS, '', 'open', []))).toEqual(['tower']);
  expect(names(findRuns(RUNS, '', 'finished', []))).toEqual(['staged-0']);
});

it('lists and reads tags', () => {
  expect(tagsOf(RUNS)).toEqual(['seed', 'paper']);
  expect(parseTags(' a, b ,a,, c d ')).toEqual(['a', 'b', 'c d']);
});
