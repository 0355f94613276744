// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import VirtualCells from '../../../../src/renderer/src/views/data/scroll/VirtualCells.vue';

const VIEW = { width: 800, height: 400 };

beforeEach(() => {
  // happy-dom lays nothing out: the view gets its size from here.
  vi.stubGlobal(
    'ResizeObserver',
    class {
      private readonly tell: ResizeObserverCallback;
      constructor(tell: ResizeObserverCallback) {
        this.tell = tell;
      }
      observe() {
        this.tell([{ contentRect: VIEW } as ResizeObserverEntry], this);
      }
      unobserve() {}
      disconnect() {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

async function mountCells(props: { count: number; cellWidth?: number; active?: number }) {
  const cells = mount(VirtualCells, {
    attachTo: document.body,
    props: {
      label: 'Samples',
      rowHeight: 40,
      active: undefined,
      'onUpdate:active': (active: number | undefined) => cells.setProps({ active }),
      ...props,
    },
    slots: { default: ({ index }: { index: number }) => `cell ${index}` },
  });
  await nextTick();
  await nextTick();
  const press = async (key: string) => {
    await cells.trigger('keydown', { key });
    await nextTick();
  };
  const options = () => cells.findAll('[role=option]');
  const selected = () => cells.find('[aria-selected=true]');
  return { cells, press, options, selected };
}

describe('a million rows', () => {
  it('exist only near the view', async () => {
    const { cells, options } = await mountCells({ count: 1_000_000 });
    expect(options()).toHaveLength(10 + 3);
    expect(options()[0]?.text()).toBe('cell 0');
    expect(options()[0]?.attributes()).toMatchObject({ 'aria-posinset': '1', 'aria-setsize': '1000000' });
    expect(cells.emitted('window')?.at(-1)).toEqual([0, 13]);
  });

  it('are walked by keys from the first to the last', async () => {
    const { cells, press, selected } = await mountCells({ count: 1_000_000 });
    await press('ArrowDown');
    expect(selected().text()).toBe('cell 0');
    await press('ArrowDown');
    expect(selected().text()).toBe('cell 1');
    await press('End');
    expect(selected().text()).toBe('cell 999999');
    expect(cells.attributes('aria-activedescendant')).toBe(selected().attributes('id'));
    await press('PageUp');
    expect(selected().text()).toBe('cell 999989');
    await press('Home');
    expect(selected().text()).toBe('cell 0');
  });

  it('go to their ends from the start', async () => {
    const { press, selected } = await mountCells({ count: 1_000_000 });
    await press('End');
    expect(selected().text()).toBe('cell 999999');
  });

  it('follow the scroll bar', async () => {
    const { cells, options } = await mountCells({ count: 1_000_000 });
    cells.element.scrollTop = 4_000_000;
    await cells.trigger('scroll');
    expect(Number(options()[0]?.attributes('aria-posinset'))).toBeCloseTo(500_000, -3);
  });
});

describe('a grid', () => {
  it('has as many columns as fit, and keys move by them', async () => {
    const { press, selected, options } = await mountCells({ count: 1000, cellWidth: 100, active: 0 });
    expect(options()).toHaveLength(8 * 13);
    await press('ArrowDown');
    expect(selected().text()).toBe('cell 8');
    await press('ArrowRight');
    expect(selected().text()).toBe('cell 9');
  });

  it('opens by Enter and by a press', async () => {
    const { cells, press, options } = await mountCells({ count: 1000, cellWidth: 100, active: 5 });
    await press('Enter');
    await options()[7]?.trigger('click');
    expect(cells.emitted('open')).toEqual([[5], [7]]);
    expect(cells.props('active')).toBe(7);
  });

  it('leaves other keys alone', async () => {
    const { cells, press } = await mountCells({ count: 1000, active: 5 });
    await press('a');
    await cells.trigger('keydown', { key: 'ArrowDown', ctrlKey: true });
    expect(cells.props('active')).toBe(5);
  });
});
