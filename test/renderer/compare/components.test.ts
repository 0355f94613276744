// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { beforeEach, describe, expect, it } from 'vitest';
import { h, nextTick, type Component } from 'vue';
import { useConnection, type EventStream } from '../../../src/renderer/src/api/events.ts';
import CompressionField from '../../../src/renderer/src/components/CompressionField.vue';
import TokenOverlay from '../../../src/renderer/src/views/compare/overlay/TokenOverlay.vue';
import { tokenGroups } from '../../../src/renderer/src/views/compare/overlay/token-groups.ts';
import AnswerText from '../../../src/renderer/src/views/compare/panes/AnswerText.vue';
import { compareWords } from '../../../src/renderer/src/views/compare/panes/word-diff.ts';
import { useAsks } from '../../../src/renderer/src/views/compare/state/asks.ts';
import type { StudioEvent } from '../../../src/shared/api/events.ts';
import { parseCompression } from '../../../src/shared/compression.ts';
import { askOf, statsOf } from './helpers.ts';

/** A component as the page holds it: tooltips need their provider. */
function mountIn(component: Component, props: Record<string, unknown>): VueWrapper {
  return mount(() => h(TooltipProvider, () => h(component, props)), { attachTo: document.body });
}

describe('the compression field', () => {
  const mountField = (modelValue: string) => {
    const said: string[] = [];
    const props = { depth: 6, visualTokens: 64, modelValue, 'onUpdate:modelValue': (text: string) => said.push(text) };
    const field = mountIn(CompressionField, props);
    const text = field.findAll('input').at(-1)!;
    return { field, text, said };
  };

  it('passes on what fits the model, and says what does not', async () => {
    const { field, text, said } = mountField('1/8');
    await text.setValue('3/4');
    expect(said).toEqual(['3/4']);
    await text.setValue('9/4');
    expect(said).toEqual(['3/4']);
    expect(field.text()).toContain('between -1 and 5');
    expect(text.attributes('aria-invalid')).toBe('true');
    await text.setValue('none');
    expect(said).toEqual(['3/4', 'none']);
  });

  it('adds and removes points', async () => {
    const { field, said } = mountField('1/8');
    await field
      .findAll('button')
      .find((button) => button.text() === 'Add a point')!
      .trigger('click');
    expect(said).toEqual(['1/8+2/2']);
    await field.find('button[aria-label="Remove the point at layer 1"]').trigger('click');
    expect(said).toEqual(['1/8+2/2', '2/2']);
  });

  it('shows what is left', () => {
    expect(mountField('1/8').field.text()).toMatch(/64 → 8 visual tokens per picture in the last layer · CR 369/);
  });
});

describe('an answer', () => {
  it('is text, whatever it holds', () => {
    const text = '<img src=x onerror=alert(1)> **red**';
    const answer = mount(AnswerText, { props: { text, isGrowing: false } });
    expect(answer.text()).toBe(text);
    expect(answer.find('img').exists()).toBe(false);
  });

  it('marks words that differ and places where words are missing', () => {
    const { words } = compareWords('a big red circle', 'a red square');
    const answer = mount(AnswerText, { props: { text: 'a red square', words, isGrowing: false } });
    expect(answer.find('ins').text()).toBe('square');
    expect(answer.find('del').attributes('aria-label')).toBe('missing: big');
    expect(answer.text().replaceAll('‸', '').replace(/\s+/g, ' ')).toBe('a red square');
  });
});

describe('the token overlay', () => {
  const GRID = { width: 4, height: 4 };
  const mountOverlay = async (notation: string) => {
    const overlay = mount(TokenOverlay, {
      props: {
        ...{
          src: '/api/media/u.1',
          label: 'Picture 1',
          fit: 'pad' as const,
          grid: GRID,
          showTokens: true,
          cell: undefined,
        },
        tokens: tokenGroups(GRID, parseCompression(notation), 0),
      },
    });
    const image = overlay.find('img.measure').element;
    Object.defineProperties(image, { naturalWidth: { value: 60 }, naturalHeight: { value: 40 } });
    await overlay.find('img.measure').trigger('load');
    return overlay;
  };

  it('lays the grid over the padded square', async () => {
    const svg = (await mountOverlay('0/4')).find('svg');
    expect(svg.attributes('viewBox')).toBe('0 -10 60 60');
    expect(svg.find('g').attributes('transform')).toBe('translate(0 -10) scale(15 15)');
    expect(svg.attributes('aria-label')).toContain('4 visual tokens');
  });

  it('darkens what was dropped', async () => {
    expect((await mountOverlay('0/3')).find('.dropped').attributes('d')).toBe('M3 3h1v1h-1z');
    expect((await mountOverlay('0/4')).find('.dropped').exists()).toBe(false);
  });

  it('is walked with the arrow keys, at most to an edge', async () => {
    const overlay = await mountOverlay('0/4');
    const press = async (key: string): Promise<unknown> => {
      await overlay.find('svg').trigger('keydown', { key });
      const cell = overlay.emitted('update:cell')?.at(-1)?.[0];
      await overlay.setProps({ cell: cell as number });
      return cell;
    };
    expect(await press('ArrowRight')).toBe(0);
    expect(await press('ArrowRight')).toBe(1);
    expect(await press('ArrowDown')).toBe(5);
    expect(await press('ArrowUp')).toBe(1);
    expect(await press('ArrowUp')).toBe(1);
    // The whole token is outlined, not the cell alone.
    expect(overlay.find('.active').attributes('d')).toContain('M3 0');
  });
});

describe('answers by events', () => {
  let stream: EventStream;
  const deliver = (event: StudioEvent): void => stream.onmessage?.({ data: JSON.stringify(event), lastEventId: '1' });

  beforeEach(() => {
    setActivePinia(createPinia());
    stream = { onopen: null, onmessage: null, onerror: null, readyState: 1, close: () => undefined };
    useConnection().connect(() => stream);
  });

  it('come to the panes that asked', async () => {
    const asks = useAsks();
    const running = askOf({ state: 'running', answers: askOf().request.panes.map((pane) => ({ ...pane, text: '' })) });
    asks.show(running, ['a', 'b']);
    expect(asks.isRunning).toBe(true);
    deliver({ kind: 'answer', ask: 'q1', event: { type: 'begin', index: 1, compression: '1/8' } });
    deliver({ kind: 'answer', ask: 'q1', event: { type: 'text', index: 1, text: 'squ' } });
    deliver({ kind: 'answer', ask: 'q1', event: { type: 'text', index: 1, text: 'are' } });
    deliver({ kind: 'answer', ask: 'another', event: { type: 'text', index: 1, text: 'no' } });
    expect(asks.answerOf('b')).toMatchObject({ state: 'answering', text: 'square' });
    expect(asks.answerOf('a')?.state).toBe('waiting');
    deliver({ kind: 'answer', ask: 'q1', event: { type: 'end', index: 1, stats: statsOf() } });
    deliver({ kind: 'ask-ended', ask: askOf() });
    await nextTick();
    expect(asks.isRunning).toBe(false);
    expect(asks.endedAsk('a')).toBe('q1');
    expect(asks.answerOf('a')).toMatchObject({ state: 'ended', text: 'circle' });
  });

  it('are taken from the snapshot after a lost connection', () => {
    const asks = useAsks();
    asks.show(askOf({ state: 'running', answers: [{ model: 'm', compression: 'none', text: 'ci' }] }), ['a', 'b']);
    deliver({
      kind: 'snapshot',
      runs: [],
      jobs: [],
      datasets: [],
      asks: [askOf({ state: 'running' })],
      demo: { state: 'none' },
      studies: [],
    });
    expect(asks.answerOf('a')?.text).toBe('circle');
  });
});
