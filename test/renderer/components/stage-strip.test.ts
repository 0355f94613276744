// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { expect, it } from 'vitest';
import StageStrip from '../../../src/renderer/src/components/StageStrip.vue';

const STAGES = [
  { firstStep: 0, untilStep: 25, compression: '2/8' },
  { firstStep: 25, untilStep: 100, compression: 'none' },
];

it('draws stages as wide as they are long, in the colours of what they keep', () => {
  const strip = mount(StageStrip, { props: { stages: STAGES, depth: 32, labels: true } });
  const stages = strip.findAll<HTMLElement>('.stage');
  expect(stages.map(({ element }) => Number(element.style.flexGrow))).toEqual([0.25, 0.75]);
  expect(stages.map(({ element }) => element.style.background)).toEqual(['var(--stage-0)', 'var(--stage-5)']);
  expect(stages.map((stage) => stage.text())).toEqual(['2/8', 'none']);
  expect(strip.find('.marker').exists()).toBe(false);
});

it('marks the step it stands at, and says everything in words', () => {
  const strip = mount(StageStrip, { props: { stages: STAGES, depth: 32, step: 50 } });
  expect(strip.get<HTMLElement>('.marker').element.style.left).toBe('50%');
  const words = strip.get('[role="img"]').attributes('aria-label')?.replaceAll('\u202f', ' ');
  expect(words).toBe('Stages: 2/8 for 25 %, none for 75 %; 50 % done');
});

it('needs no marker for a run that is done, and bears one without stages', () => {
  expect(
    mount(StageStrip, { props: { stages: STAGES, step: 100 } })
      .find('.marker')
      .exists(),
  ).toBe(false);
  expect(mount(StageStrip, { props: { stages: [], step: 3 } }).findAll('.stage')).toHaveLength(0);
});
