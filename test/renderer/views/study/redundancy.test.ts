// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { beforeEach, describe, expect, it } from 'vitest';
import { h, nextTick, type Component } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { useConnection, type EventStream } from '../../../../src/renderer/src/api/events.ts';
import HeatMap from '../../../../src/renderer/src/views/study/redundancy/HeatMap.vue';
import StudyForm from '../../../../src/renderer/src/views/study/redundancy/StudyForm.vue';
import { cellColor, heatTables } from '../../../../src/renderer/src/views/study/redundancy/heat-cells.ts';
import {
  fixedChoices,
  paperLines,
  studyLines,
} from '../../../../src/renderer/src/views/study/redundancy/study-curves.ts';
import { readNumbers, suggestedGrid } from '../../../../src/renderer/src/views/study/redundancy/study-draft.ts';
import { useStudies } from '../../../../src/renderer/src/views/study/redundancy/studies-store.ts';
import type { StudySummary } from '../../../../src/shared/api/studies.ts';
import type { EvaluatedAnswer } from '../../../../src/shared/evaluation.ts';
import { studyResult } from '../../../../src/shared/redundancy-study.ts';
import { llava15 } from '../../../shared/llava-1.5-7b.ts';

const SETTINGS = ['none', '2/4', '2/8', '16/4', '16/8', '2/8:random'];
/** Of 100 questions full has 80 right; the settings lose 2, 10, 0, 3 and 40 of them. */
const LOST = [0, 2, 10, 0, 3, 40];
const answers: EvaluatedAnswer[] = Array.from({ length: 100 }, (_, i) => ({
  ...{ id: `${i}#0`, expected: 'yes', answers: SETTINGS.map(() => 'x') },
  correct: LOST.map((lost) => i < 80 && i >= lost),
  cost: { groupLengths: [576], textTokens: 62, generatedTokens: SETTINGS.map(() => 1) },
}));
const result = studyResult(answers, [], SETTINGS, llava15);
const study: StudySummary = {
  ...{ name: 's', createdAt: '2026-12-01T00:00:00Z', state: 'done', compressions: SETTINGS, depth: 32 },
  ...{ done: 100, total: 100 },
  request: {
    ...{ model: 'm', data: 'd', layers: [16, 2], strides: [4, 8], compressors: ['average-pool', 'random'] },
    ...{ seed: 0, maxTokens: 16, batchSize: 64 },
  },
};

const mountIn = (component: Component, props: Record<string, unknown> = {}): VueWrapper => {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:all(.*)', component: {} }] });
  const global = { plugins: [router] };
  return mount(() => h(TooltipProvider, () => h(component, props)), { attachTo: document.body, global });
};

describe('the heat map', () => {
  const [pool, random] = heatTables(study, { result });

  it('has a row for each layer and a column for each stride, and gaps where nothing was asked', () => {
    expect(pool!.rows.map(({ layer, cells }) => [layer, ...cells.map((cell) => cell?.difference.toFixed(0))])).toEqual([
      [2, '-2', '-10'],
      [16, '0', '-3'],
    ]);
    expect(random!.rows.map(({ cells }) => cells.map((cell) => cell?.compression))).toEqual([
      [undefined, '2/8:random'],
      [undefined, undefined],
    ]);
  });

  it('marks what is within 3 points, and paints a larger loss more strongly', () => {
    const cells = pool!.rows.flatMap(({ cells: row }) => row);
    expect(cells.map((cell) => cell?.isTolerated)).toEqual([true, false, true, true]);
    const part = (difference: number): number => Number(/(\d+)%/.exec(cellColor({ difference }))?.[1]);
    expect([part(0), part(-3) < part(-10), part(-30) === part(-15)]).toEqual([0, true, true]);
    expect(cellColor({ difference: 2 })).toContain('--good');
  });

  it('shows scores while it runs', () => {
    const score = (correct: number) => ({ questions: 10, correct });
    const scores = SETTINGS.map((compression, i) => ({ compression, score: score(i === 0 ? 8 : 6) }));
    const [table] = heatTables(study, { progress: { done: 10, total: 100, scores } });
    expect(table!.rows[0]!.cells[0]).toMatchObject({ accuracy: 0.6, isTolerated: false });
    expect(table!.rows[0]!.cells[0]!.difference).toBeCloseTo(-20, 10);
    expect(heatTables(study, {})).toEqual([]);
  });

  it('is told in words and walked by arrow keys', async () => {
    const said: unknown[] = [];
    const map = mountIn(HeatMap, { table: pool, 'onUpdate:chosen': (name: unknown) => said.push(name) });
    const cells = map.findAll('button');
    expect(cells).toHaveLength(4);
    expect(cells[0]!.attributes('aria-label')).toMatch(
      /^2\/4: 78\.0.% right .*2 lost, 0 gained.*29\.7 % .*within 3 points$/,
    );
    (cells[0]!.element as HTMLElement).focus();
    await cells[0]!.trigger('keydown', { key: 'ArrowRight' });
    expect(document.activeElement).toBe(cells[1]!.element);
    await cells[1]!.trigger('keydown', { key: 'ArrowDown' });
    expect(document.activeElement).toBe(cells[3]!.element);
    await cells[3]!.trigger('click');
    expect(said).toEqual(['16/8']);
    map.unmount();
  });
});

describe('curves', () => {
  it('join the strides of a layer and end at full', () => {
    const [line, deep] = studyLines(result, { by: 'layer', fixed: 'average-pool', scale: 'difference' });
    expect(line!.label).toBe('K 2');
    expect(Array.from(line!.x, (x) => x.toFixed(1))).toEqual(['18.0', '29.7', '100.0']);
    expect(Array.from(line!.y, Math.round)).toEqual([-10, -2, 0]);
    expect(line!.low![0]).toBeLessThan(-10);
    expect(deep!.label).toBe('K 16');
  });

  it('join those of a compressor at one layer, in percent', () => {
    expect(fixedChoices(result, 'compressor').map(({ value }) => value)).toEqual(['2', '16']);
    const lines = studyLines(result, { by: 'compressor', fixed: '2', scale: 'accuracy' });
    expect(lines.map(({ label }) => label)).toEqual(['Average pooling', 'Random']);
    expect(Array.from(lines[1]!.y, Math.round)).toEqual([40, 80]);
  });

  it("have the paper's beside them", () => {
    const [line] = paperLines(2);
    expect(line).toMatchObject({ label: 'Paper, K 2 of 32', isDashed: true, color: 'var(--series-2)' });
    expect(Array.from(line!.y, (y) => y.toFixed(1))).toEqual(['-17.9', '-11.7', '-6.3', '-3.4', '0.0']);
  });
});

describe('the form', () => {
  beforeEach(() => setActivePinia(createPinia()));

  it("begins with the paper's layers at the depth of the model", () => {
    expect(suggestedGrid(32, 576)).toEqual({ layers: [2, 8, 16], strides: [2, 4, 8, 16] });
    expect(suggestedGrid(12, 64)).toEqual({ layers: [1, 3, 6], strides: [2, 4, 8, 16] });
    expect(suggestedGrid(3, 4)).toEqual({ layers: [1, 2], strides: [2, 4] });
  });

  it.each([
    ['4, 2 2', 2, { value: [2, 4] }],
    ['-1,3', -1, { value: [-1, 3] }],
    ['1', 2, { error: 'must be 2 or more' }],
    ['2.5', 2, { error: 'must be whole numbers with commas' }],
    [' ', 2, { error: 'must be given' }],
  ])('reads %j', (text, least, reading) => expect(readNumbers(text, least)).toEqual(reading));

  it('does not start without a model, and says so', async () => {
    const form = mountIn(StudyForm, { busy: false });
    await nextTick();
    expect(form.find('[role="status"]').text()).toBe('Choose a model.');
    expect(form.find('button[type="submit"]').attributes('disabled')).toBeDefined();
    form.unmount();
  });
});

it('studies come with the snapshot and follow events', () => {
  setActivePinia(createPinia());
  const stream: EventStream = { onopen: null, onmessage: null, onerror: null, readyState: 1, close: () => undefined };
  const connection = useConnection();
  const studies = useStudies();
  connection.connect(() => stream);
  const send = (id: number, event: unknown): void =>
    stream.onmessage?.({ data: JSON.stringify(event), lastEventId: String(id) });
  const rest = { runs: [], jobs: [], datasets: [], asks: [], demo: { state: 'none' } };
  send(1, { kind: 'snapshot', ...rest, studies: [{ ...study, state: 'interrupted', done: 4 }] });
  expect(studies.list.map(({ name, state }) => `${name} ${state}`)).toEqual(['s interrupted']);
  send(2, { kind: 'study-removed', name: 's' });
  expect(studies.list).toEqual([]);
});
