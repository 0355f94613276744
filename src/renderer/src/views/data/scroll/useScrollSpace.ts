import { computed, onScopeDispose, reactive, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import {
  isAtFalseEnd,
  offsetToShow,
  placeAfterScroll,
  placeAt,
  rowWindow,
  spaceHeight,
  type RowWindow,
  type ScrollShape,
} from './scroll-space.ts';

/** After so long without a scroll, the scroll bar is brought in line with the rows. */
const REST_MS = 160;

export interface ScrollSpace {
  /** Rows to draw. */
  readonly window: ComputedRef<RowWindow>;
  /** Pixels to lay out. */
  readonly height: ComputedRef<number>;
  /** Of the scrolling element inside, pixels. */
  readonly view: { readonly width: number; readonly height: number };
  readonly firstRow: () => number;
  /** Scrolls no more than is needed to have a row in view. */
  readonly showRow: (row: number) => void;
  /** Scrolls until a row is the first in view. */
  readonly toRow: (row: number) => void;
  readonly onScroll: () => void;
}

/**
 * Scrolling of an element through any number of rows of one height.
 *
 * @param spare rows drawn beyond either edge of the view
 */
export function useScrollSpace(
  element: Ref<HTMLElement | null>,
  rows: () => number,
  rowHeight: () => number,
  spare: number,
): ScrollSpace {
  const view = reactive({ width: 0, height: 0 });
  const shape = computed<ScrollShape>(() => ({ rows: rows(), rowHeight: rowHeight(), viewHeight: view.height }));
  const place = shallowRef({ offset: 0, scrollTop: 0 });
  let rest: ReturnType<typeof setTimeout> | undefined;

  function moveTo(offset: number): void {
    place.value = placeAt(offset, shape.value);
    if (element.value) element.value.scrollTop = place.value.scrollTop;
  }

  function onScroll(): void {
    if (!element.value) return;
    place.value = placeAfterScroll(place.value, element.value.scrollTop, shape.value);
    if (isAtFalseEnd(place.value, shape.value)) moveTo(place.value.offset);
    clearTimeout(rest);
    rest = setTimeout(() => moveTo(place.value.offset), REST_MS);
  }

  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    view.width = entry.contentRect.width;
    view.height = entry.contentRect.height;
  });
  watch(element, (next, before) => {
    if (before) observer.unobserve(before);
    if (next) observer.observe(next);
  });
  // After the space was laid out anew: the same rows stay in view.
  watch(shape, () => moveTo(place.value.offset), { flush: 'post' });
  onScopeDispose(() => {
    observer.disconnect();
    clearTimeout(rest);
  });

  return {
    window: computed(() => rowWindow(place.value, shape.value, spare)),
    height: computed(() => spaceHeight(shape.value)),
    view,
    firstRow: () => Math.floor(place.value.offset / rowHeight()),
    showRow: (row) => moveTo(offsetToShow(row, place.value.offset, shape.value)),
    toRow: (row) => moveTo(row * rowHeight()),
    onScroll,
  };
}
