/** Which answer each pane shows: a pane keeps its answer while it moves, and while others are asked again. */
import { computed, shallowRef, type ComputedRef } from 'vue';
import type { AskRequest } from '../../../../../shared/api/compare.ts';
import { signatureOf } from './draft.ts';

/** Where a pane's answer is, and what was asked for it. */
export interface Placed {
  readonly ask: string;
  /** Pane of the question. */
  readonly index: number;
  /** See `signatureOf`. */
  readonly signature: string;
}

export interface Placements {
  /** The questions that are shown. */
  readonly asks: ComputedRef<ReadonlySet<string>>;
  of(key: string): Placed | undefined;
  /** Shows the answers of a question in the panes of these keys, in the order of its panes. */
  place(ask: string, request: AskRequest, keys: readonly string[]): void;
  clear(): void;
}

export function createPlacements(): Placements {
  const placed = shallowRef<ReadonlyMap<string, Placed>>(new Map());
  return {
    asks: computed(() => new Set([...placed.value.values()].map(({ ask }) => ask))),
    of: (key) => placed.value.get(key),
    place(ask, request, keys) {
      const entries = request.panes.map((pane, index) => {
        const placing: Placed = { ask, index, signature: signatureOf(request, pane) };
        return [keys[index] ?? '', placing] as const;
      });
      placed.value = new Map([...placed.value, ...entries]);
    },
    clear() {
      placed.value = new Map();
    },
  };
}
