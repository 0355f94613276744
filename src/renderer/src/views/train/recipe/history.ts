/** Undo and redo over whole values. */
export interface History<T> {
  readonly past: readonly Entry<T>[];
  readonly present: Entry<T>;
  readonly future: readonly Entry<T>[];
}

interface Entry<T> {
  readonly value: T;
  /** What was changed to get here. Changes that follow each other with the same mark are undone as one. */
  readonly mark: string;
}

const LONGEST_PAST = 200;

export function newHistory<T>(value: T): History<T> {
  return { past: [], present: { value, mark: '' }, future: [] };
}

/**
 * A change made. What had been undone is forgotten.
 *
 * @param mark names a continuing change, such as the dragging of one boundary or typing in one field; empty = on its own
 */
export function changed<T>(history: History<T>, value: T, mark = ''): History<T> {
  const { past, present } = history;
  if (value === present.value) return history;
  const continues = mark !== '' && mark === present.mark;
  return {
    past: continues ? past : [...past, present].slice(-LONGEST_PAST),
    present: { value, mark },
    future: [],
  };
}

/** Ends a continuing change: the next one is undone on its own, whatever its mark. */
export function settled<T>(history: History<T>): History<T> {
  if (history.present.mark === '') return history;
  return { ...history, present: { ...history.present, mark: '' } };
}

export function undone<T>({ past, present, future }: History<T>): History<T> {
  const last = past.at(-1);
  if (!last) return { past, present, future };
  return { past: past.slice(0, -1), present: { ...last, mark: '' }, future: [{ ...present, mark: '' }, ...future] };
}

export function redone<T>({ past, present, future }: History<T>): History<T> {
  const [next, ...rest] = future;
  if (!next) return { past, present, future };
  return { past: [...past, { ...present, mark: '' }], present: { ...next, mark: '' }, future: rest };
}
