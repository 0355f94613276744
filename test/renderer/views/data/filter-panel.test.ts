// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import type { Dataset, DatasetStats, Histogram } from '../../../../src/shared/api/datasets.ts';
import FilterPanel from '../../../../src/renderer/src/views/data/filters/FilterPanel.vue';
import { NO_FILTERS, type SampleFilters } from '../../../../src/renderer/src/views/data/filters/sample-filters.ts';

const dataset: Dataset = {
  id: 'd',
  name: 'easy',
  file: 'data/easy/train.jsonl',
  images: 'data/easy/images',
  state: 'ready',
  bytes: 100,
  records: 12,
  broken: 2,
  turns: 20,
  media: 8,
  modalities: { text: 2, image: 8, video: 0 },
  importedAt: '2026-11-22T12:00:00Z',
};
const all: Histogram = { edges: [64, 64], counts: [8] };
const stats: DatasetStats = {
  turns: { edges: [1, 2, 3], counts: [6, 4] },
  answerLength: { edges: [2, 3, 9], counts: [5, 15] },
  questionLength: all,
  imagesPerSample: { edges: [0, 1, 1], counts: [2, 8] },
  textBytes: all,
  imageWidth: all,
  imageHeight: all,
  pictures: 8,
  answers: [
    { answer: 'yes', count: 11 },
    { answer: '<b>no</b>', count: 9 },
  ],
  meanTurns: 2,
};

function mountPanel(filters: Partial<SampleFilters> = {}) {
  const panel = mount(FilterPanel, {
    props: {
      dataset,
      stats,
      statsFailure: undefined,
      modelValue: { ...NO_FILTERS, ...filters },
      'onUpdate:modelValue': (modelValue: SampleFilters) => panel.setProps({ modelValue }),
    },
  });
  const button = (name: string) => {
    const found = panel
      .findAll('button')
      .find((one) => one.attributes('aria-label') === name || one.text().startsWith(name));
    if (!found) throw new Error(`there is no button ${name}`);
    return found;
  };
  return { panel, button, filters: () => panel.props('modelValue') };
}

describe('FilterPanel', () => {
  it('filters by a press on a bar, and by a second one no more', async () => {
    const { button, filters } = mountPanel();
    await button('1: 6 samples').trigger('click');
    expect(filters()).toEqual({ ...NO_FILTERS, turns: '1' });
    expect(button('1: 6 samples').attributes('aria-pressed')).toBe('true');
    await button('1: 6 samples').trigger('click');
    expect(filters()).toEqual(NO_FILTERS);
  });

  it('joins filters', async () => {
    const { button, filters } = mountPanel();
    await button('yes').trigger('click');
    await button('Images').trigger('click');
    await button('Broken').trigger('click');
    expect(filters()).toEqual({ ...NO_FILTERS, answerIs: 'yes', modality: 'image', broken: 'only' });
  });

  it('shows answers as text', () => {
    const { panel, button } = mountPanel();
    expect(button('<b>no</b>').text()).toContain('<b>no</b>');
    expect(panel.find('b').exists()).toBe(false);
  });

  it('takes no kind that no sample has', () => {
    expect(mountPanel().button('Video').attributes('disabled')).toBeDefined();
  });

  it('tells what is the same everywhere instead of a filter', () => {
    const { panel } = mountPanel();
    expect(panel.text()).toContain('The same everywhere');
    expect(panel.find('[aria-label="Image width, pixels"]').exists()).toBe(false);
    expect(mountPanel({ imageWidth: '64' }).panel.find('[aria-label="Image width, pixels"]').exists()).toBe(true);
  });

  it('filters by a typed range once it can be read, and says what one is until then', async () => {
    const { panel, filters } = mountPanel();
    const field = panel.findAll('input').find((input) => input.attributes('placeholder')?.includes('2-5'));
    await field?.setValue('2-x');
    expect(filters()).toEqual(NO_FILTERS);
    expect(panel.find('[role=alert]').text()).toMatch(/a number or a range/);
    await field?.setValue('2 – 5');
    expect(filters().turns).toBe('2-5');
    expect(panel.find('[role=alert]').exists()).toBe(false);
  });
});
