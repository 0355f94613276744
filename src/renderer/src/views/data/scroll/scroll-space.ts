/**
 * Where rows of one height lie under a scroll bar, however many there are. A browser cannot lay out a million rows of 40
 * pixels: Chromium ends an element at 33.5 million pixels, Firefox at 17.8 million. So the content the browser knows of is
 * never taller than `TALLEST_SPACE`; beyond that its scroll bar stands for the rows in proportion, while wheel and keys
 * still move by true pixels. Pure.
 */

/** Pixels the browser is asked to lay out at most. */
export const TALLEST_SPACE = 8_000_000;

/** Views by which a scroll may differ from the one before and still be a movement, not a jump of the scroll bar. */
const LARGEST_MOVE = 4;

/** Rows of one height, in a view; pixels. */
export interface ScrollShape {
  readonly rows: number;
  readonly rowHeight: number;
  readonly viewHeight: number;
}

/** `offset`: true pixels of content above the view. `scrollTop`: what the browser says instead of it. */
export interface ScrollPlace {
  readonly offset: number;
  readonly scrollTop: number;
}

/** Rows `first` (inclusive) to `end` (exclusive), and where their block begins in the browser's space, pixels. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
  readonly top: number;
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** Pixels of all rows. */
const contentHeight = ({ rows, rowHeight }: ScrollShape): number => rows * rowHeight;

/** Pixels that the browser lays out for them. */
export function spaceHeight(shape: ScrollShape): number {
  return Math.min(contentHeight(shape), Math.max(TALLEST_SPACE, shape.viewHeight));
}

const largestOffset = (shape: ScrollShape): number => Math.max(0, contentHeight(shape) - shape.viewHeight);
const largestScroll = (shape: ScrollShape): number => Math.max(0, spaceHeight(shape) - shape.viewHeight);

/** The place where the view begins `offset` true pixels down: scroll bar and content agree. */
export function placeAt(offset: number, shape: ScrollShape): ScrollPlace {
  const most = largestOffset(shape);
  const kept = clamp(offset, 0, most);
  return { offset: kept, scrollTop: most === 0 ? 0 : (kept / most) * largestScroll(shape) };
}

/** The place after the browser scrolled: small moves are true pixels, large ones a share of the whole. */
export function placeAfterScroll(before: ScrollPlace, scrollTop: number, shape: ScrollShape): ScrollPlace {
  const [mostScroll, mostOffset] = [largestScroll(shape), largestOffset(shape)];
  const now = clamp(scrollTop, 0, mostScroll);
  if (mostScroll === mostOffset) return { offset: now, scrollTop: now };
  const moved = now - before.scrollTop;
  const isMove = Math.abs(moved) <= LARGEST_MOVE * shape.viewHeight;
  const offset = isMove ? before.offset + moved : (now / mostScroll) * mostOffset;
  return { offset: clamp(offset, 0, mostOffset), scrollTop: now };
}

/**
 * Whether moves by true pixels are about to bring the scroll bar to an end of its way before the rows: it must be put
 * back now (`placeAt`), or scrolling would stop short.
 */
export function isAtFalseEnd({ offset, scrollTop }: ScrollPlace, shape: ScrollShape): boolean {
  const margin = shape.viewHeight;
  const isNearEnd = scrollTop < margin || scrollTop > largestScroll(shape) - margin;
  return isNearEnd && Math.abs(placeAt(offset, shape).scrollTop - scrollTop) > margin / 4;
}

/** The rows to draw: those in view and `spare` beyond either edge. */
export function rowWindow(place: ScrollPlace, shape: ScrollShape, spare: number): RowWindow {
  const { rows, rowHeight, viewHeight } = shape;
  const first = clamp(Math.floor(place.offset / rowHeight) - spare, 0, rows);
  const end = clamp(Math.ceil((place.offset + viewHeight) / rowHeight) + spare, first, rows);
  return { first, end, top: place.scrollTop - place.offset + first * rowHeight };
}

/** The nearest offset at which row `row` is wholly in view. */
export function offsetToShow(row: number, offset: number, shape: ScrollShape): number {
  const top = row * shape.rowHeight;
  if (top < offset) return top;
  return Math.max(offset, Math.min(top, top + shape.rowHeight - shape.viewHeight));
}
