import { ref } from 'vue';

/** Pixels before a press becomes a drag. */
const THRESHOLD = 6;

export interface StageDragOptions {
  /** Middles of the stages in pixels of the track, in order. */
  readonly middles: () => readonly number[];
  /** Pixels from the window's left edge to the track's. */
  readonly left: () => number;
  readonly onMove: (from: number, to: number) => void;
  readonly onEnd: () => void;
}

/** Reorders stages by dragging one of them past its neighbours' middles. */
export function useStageDrag({ middles, left, onMove, onEnd }: StageDragOptions) {
  /** The stage that is dragged, at the place it has now. */
  const moving = ref<number>();
  let pressed: { readonly index: number; readonly x: number } | undefined;

  function press(event: PointerEvent, index: number): void {
    if (event.button !== 0) return;
    pressed = { index, x: event.clientX };
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  }

  function move(event: PointerEvent): void {
    if (!pressed) return;
    if (moving.value === undefined && Math.abs(event.clientX - pressed.x) < THRESHOLD) return;
    const from = (moving.value ??= pressed.index);
    const x = event.clientX - left();
    const places = middles();
    const [previous, next] = [places[from - 1], places[from + 1]];
    const to = previous !== undefined && x < previous ? from - 1 : next !== undefined && x > next ? from + 1 : from;
    if (to === from) return;
    moving.value = to;
    onMove(from, to);
  }

  function release(): void {
    pressed = undefined;
    if (moving.value === undefined) return;
    moving.value = undefined;
    onEnd();
  }

  return { moving, press, move, release };
}
