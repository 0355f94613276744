// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../../src/shared/api/datasets.ts';
import ConversationView from '../../../../src/renderer/src/views/data/sample/ConversationView.vue';
import MediaView from '../../../../src/renderer/src/views/data/sample/MediaView.vue';
import RawRecord from '../../../../src/renderer/src/views/data/sample/RawRecord.vue';
import SampleRow from '../../../../src/renderer/src/views/data/samples/SampleRow.vue';
import SampleTile from '../../../../src/renderer/src/views/data/samples/SampleTile.vue';

const HTML = '<img src=x onerror=alert(1)><script>1</script>';
const sample: Sample = {
  index: 3,
  id: HTML,
  modality: 'text',
  turns: 1,
  question: HTML,
  answer: HTML,
  media: [],
  textBytes: 20,
  line: 4,
  system: HTML,
  conversation: [{ question: HTML, media: 0, answer: HTML }],
  raw: JSON.stringify({ value: HTML }),
};
const broken: Sample = {
  ...sample,
  modality: 'image',
  media: [{ kind: 'image', path: 'cat.png', ids: [] }],
  broken: 'image: cat.png does not exist in the images folder',
};

describe('text of a dataset', () => {
  it.each([
    ['tile', mount(SampleTile, { props: { sample, isActive: false } })],
    ['row', mount(SampleRow, { props: { sample, isActive: false } })],
    ['conversation', mount(ConversationView, { props: { sample } })],
    ['record', mount(RawRecord, { props: { raw: sample.raw } })],
  ])('is text in a %s, never HTML', (_, shown) => {
    expect(shown.text()).toContain('<script>');
    expect(shown.find('img').exists()).toBe(false);
    expect(shown.find('script').exists()).toBe(false);
  });

  it('that is broken JSON is shown as it stands', () => {
    expect(
      mount(RawRecord, { props: { raw: '{"id": 1' } })
        .find('pre')
        .text(),
    ).toBe('{"id": 1');
  });
});

describe('a broken sample', () => {
  it('says why in its place', () => {
    for (const shown of [
      mount(SampleTile, { props: { sample: broken, isActive: false } }),
      mount(SampleRow, { props: { sample: broken, isActive: false } }),
      mount(MediaView, { props: { media: broken.media, broken: broken.broken } }),
    ])
      expect(shown.text()).toContain('cat.png does not exist');
  });

  it('says so where its picture cannot be decoded', async () => {
    const damaged = { ...broken, broken: undefined, media: [{ kind: 'image' as const, path: 'cat.png', ids: ['m1'] }] };
    const tile = mount(SampleTile, { props: { sample: damaged, isActive: false } });
    expect(tile.find('img').attributes('src')).toBe('/api/media/m1?size=512');
    await tile.find('img').trigger('error');
    expect(tile.find('img').exists()).toBe(false);
    expect(tile.text()).toContain('cannot be shown');
  });
});

describe('a video', () => {
  it('shows its frames one by one', async () => {
    const media = [{ kind: 'video' as const, path: 'clip', ids: ['f1', 'f2', 'f3'] }];
    const view = mount(MediaView, { props: { media }, global: { stubs: { AppTooltip: { template: '<slot />' } } } });
    expect(view.find('figcaption').text()).toBe('clip · frame 1 of 3');
    await view.findAll('[role=group] button')[2]?.trigger('click');
    expect(view.find('figcaption').text()).toBe('clip · frame 3 of 3');
    expect(view.find('.large img').attributes('src')).toBe('/api/media/f3');
  });
});
