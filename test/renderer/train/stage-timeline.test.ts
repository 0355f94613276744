// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import StageTimeline from '../../../src/renderer/src/views/train/timeline/StageTimeline.vue';

const timeline = (changes: Record<string, unknown> = {}) =>
  mount(StageTimeline, {
    attachTo: document.body,
    props: {
      notations: ['2/8', '16/8', 'none'],
      ends: [0.25, 0.5, 1],
      depth: 32,
      visualTokens: 576,
      totalSteps: 600,
      bySteps: false,
      selected: 0,
      ...changes,
    },
  });

describe('the stage timeline', () => {
  it('says what each stage is', () => {
    const labels = timeline()
      .findAll('.block')
      .map((block) => block.attributes('aria-label')?.replaceAll('\u202f', ' '));
    expect(labels).toEqual([
      'Stage 1: 2/8, 25.0 % of the run, steps 1–150, compression ratio 557 %',
      'Stage 2: 16/8, 25.0 % of the run, steps 151–300, compression ratio 178 %',
      'Stage 3: no compression, 50.0 % of the run, steps 301–600, compression ratio 100 %',
    ]);
  });

  it('draws stages as wide as they are long and layers as high as the decoder has them', () => {
    const [first] = timeline().findAll('.block');
    expect(first!.attributes('style')).toMatch(/left: 0%; width: 25%/);
    const bands = first!.findAll('.band').map((band) => band.attributes('style'));
    expect(bands).toHaveLength(2);
    expect(bands[0]).toContain('height: 6.25%');
  });

  it('moves a boundary by arrow keys, on the grid', async () => {
    const wrapper = timeline();
    const boundary = wrapper.findAll('[role="slider"]')[0]!;
    expect(boundary.attributes('aria-valuetext')?.replaceAll('\u202f', ' ')).toBe('step 150, 25.0 %');
    await boundary.trigger('keydown', { key: 'ArrowRight' });
    await boundary.trigger('keydown', { key: 'ArrowLeft', shiftKey: true });
    await boundary.trigger('keydown', { key: 'ArrowRight', altKey: true });
    await boundary.trigger('keydown', { key: 'End' });
    const moves = wrapper.emitted<[number, number]>('move-end')!.map(([index, to]) => [index, Number(to.toFixed(6))]);
    expect(moves).toEqual([
      [0, 0.26],
      [0, 0.15],
      [0, Number((151 / 600).toFixed(6))],
      [0, 0.5],
    ]);
  });

  it('moves a boundary by pointer and settles once it is let go', async () => {
    const wrapper = timeline();
    Object.defineProperty(wrapper.find('.track').element, 'clientWidth', { value: 1000 });
    const boundary = wrapper.findAll('[role="slider"]')[0]!;
    Object.assign(boundary.element, { setPointerCapture: () => undefined });
    await boundary.trigger('pointerdown', { button: 0, clientX: 250, pointerId: 1 });
    await boundary.trigger('pointermove', { clientX: 333, pointerId: 1 });
    await boundary.trigger('pointerup', { pointerId: 1 });
    await boundary.trigger('pointermove', { clientX: 900, pointerId: 1 });
    expect(wrapper.emitted('move-end')).toEqual([[0, 1 / 3]]);
    expect(wrapper.emitted('settle')).toHaveLength(1);
  });

  it('has a boundary between stages only', () => {
    expect(timeline().findAll('[role="slider"]')).toHaveLength(2);
    expect(timeline({ notations: ['none'], ends: [1] }).findAll('[role="slider"]')).toHaveLength(0);
  });

  it('is steered by keys on a stage', async () => {
    const wrapper = timeline();
    const blocks = wrapper.findAll('.block');
    await blocks[0]!.trigger('keydown', { key: 'ArrowRight' });
    expect(wrapper.emitted('update:selected')).toEqual([[1]]);
    await blocks[1]!.trigger('keydown', { key: 's' });
    await blocks[1]!.trigger('keydown', { key: 'Delete' });
    await blocks[1]!.trigger('keydown', { key: 'ArrowRight', altKey: true });
    await blocks[2]!.trigger('keydown', { key: 'ArrowRight', altKey: true });
    expect(wrapper.emitted('split')).toEqual([[1]]);
    expect(wrapper.emitted('remove')).toEqual([[1]]);
    expect(wrapper.emitted('reorder')).toEqual([[1, 2]]);
  });

  it('reorders a stage that is dragged past the middle of its neighbour', async () => {
    const wrapper = timeline();
    Object.defineProperty(wrapper.find('.track').element, 'clientWidth', { value: 1000 });
    const first = wrapper.findAll('.block')[0]!;
    Object.assign(first.element, { setPointerCapture: () => undefined });
    await first.trigger('pointerdown', { button: 0, clientX: 100, pointerId: 1 });
    await first.trigger('pointermove', { clientX: 300, pointerId: 1 });
    expect(wrapper.emitted('reorder')).toBeUndefined();
    await first.trigger('pointermove', { clientX: 400, pointerId: 1 });
    await first.trigger('pointerup', { pointerId: 1 });
    expect(wrapper.emitted('reorder')).toEqual([[0, 1]]);
    expect(wrapper.emitted('settle')).toHaveLength(1);
  });

  it('shows a setting that does not fit the model without failing', () => {
    const wrapper = timeline({ notations: ['2/1000'], ends: [1] });
    expect(wrapper.find('.block').attributes('aria-label')).not.toContain('compression ratio');
  });
});
