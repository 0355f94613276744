// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import CostsTable from '../../../../src/renderer/src/views/run/parts/CostsTable.vue';
import ForecastTable from '../../../../src/renderer/src/views/run/parts/ForecastTable.vue';
import type { Costs, RunCosts } from '../../../../src/shared/run-costs.ts';
import type { RunForecast } from '../../../../src/shared/run-forecast.ts';

const flops = { flopsPaper: 1e9, flopsFastv: 2e9, flopsPyramidDrop: 3e9, flopsExact: 4e9 };
const costs = (changes: Partial<Costs>): Costs => ({
  ...{ steps: 10, ms: 2000, memoryBytes: 5e8, visualTokens: 1000, compressionRatio: 200, ...flops },
  ...changes,
});
const COSTS: RunCosts = {
  stages: [
    { firstStep: 0, untilStep: 10, compression: '1/8', ...costs({}) },
    { firstStep: 10, untilStep: 20, compression: 'none', ...costs({ ms: 4000, memoryBytes: 7e8, steps: 5 }) },
  ],
  run: costs({ steps: 15, ms: 6000, memoryBytes: 7e8, visualTokens: 2000 }),
};

const cells = (table: VueWrapper): string[][] =>
  table.findAll('tbody tr').map((row) => row.findAll('th, td').map((cell) => cell.text().replaceAll('\u202f', ' ')));
const heads = (table: VueWrapper): string[] => table.findAll('thead th').map((head) => head.text());

describe('what a run took', () => {
  it('is a row for each stage and one for the run, with FLOPs by each rule', () => {
    const table = mount(CostsTable, { props: { costs: COSTS, phase: 'instruct' } });
    expect(heads(table).slice(6, 10)).toEqual(['FLOPs, paper', 'FLOPs, FastV', 'FLOPs, PyramidDrop', 'FLOPs, exact']);
    expect(cells(table).map(([name, steps, time, step]) => [name, steps, time, step])).toEqual([
      ['1/8', '10', '2.00 s', '200 ms'],
      ['full', '5', '4.00 s', '800 ms'],
      ['Whole run', '15', '6.00 s', '400 ms'],
    ]);
    expect(cells(table)[2]).toContain('3.00 GFLOPs');
  });

  it('says of each count what it counts', () => {
    const table = mount(CostsTable, { props: { costs: COSTS, phase: 'instruct' } });
    const titles = table.findAll('thead span[title]').map((head) => head.attributes('title'));
    expect(titles.find((title) => title?.includes('2ndm'))).toContain('FastV');
  });

  it('has no tokens and FLOPs in the vision phase, whose only row is the run', () => {
    const table = mount(CostsTable, { props: { costs: COSTS, phase: 'vision' } });
    expect(heads(table)).toEqual(['K/S', 'Steps', 'Time', 'A step', 'Memory']);
    expect(cells(table)).toEqual([['Whole run', '15', '6.00 s', '400 ms', '700 MB']]);
  });
});

describe('forecast and what it took', () => {
  const stage = { ms: 2500, memoryBytes: 5.1e8, visualTokens: 1000 };
  const forecast: RunForecast = {
    ...{ format: 1, madeAt: '2026-01-02T03:04:05.000Z', savingMs: 100 },
    stages: COSTS.stages.map(({ firstStep, untilStep, compression }) => ({
      firstStep,
      untilStep,
      compression,
      ...stage,
    })),
    run: { ms: 5100, memoryBytes: 5.1e8, visualTokens: 2000 },
  };

  it('stand side by side, with how far off the forecast was', () => {
    const table = mount(ForecastTable, { props: { forecast, costs: COSTS } });
    expect(cells(table)[0]?.slice(0, 7)).toEqual(['1/8', '2.50 s', '2.00 s', '+25.0 %', '510 MB', '500 MB', '+2.0 %']);
    expect(table.findAll('.far').map((cell) => cell.text().replaceAll('\u202f', ' '))).toEqual(['+25.0 %']);
  });

  it('leaves out what is not over', () => {
    const table = mount(ForecastTable, { props: { forecast, costs: COSTS } });
    expect(cells(table)[1]?.slice(0, 4)).toEqual(['full', '2.50 s', '–', '']);
    expect(cells(table)[2]?.slice(0, 4)).toEqual(['Whole run', '5.10 s', '–', '']);
  });
});
