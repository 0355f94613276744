/** The row of panes as a list of values: which model answers at which setting. Every change makes a new list. Pure. */
import { MAX_PANES } from '../../../../../shared/api/compare.ts';

/** One pane as the user sets it. */
export interface PaneSetting {
  /** Tells panes apart while they move. */
  readonly key: string;
  /** Id of a model; empty where none is chosen yet. */
  readonly model: string;
  /** Stage notation K/S, `none` for full. */
  readonly compression: string;
}

/** What a new pane begins with. */
export type PaneChoice = Omit<PaneSetting, 'key'>;

/** The smallest number that no pane's key has. */
function freeKey(panes: readonly PaneSetting[]): string {
  let number = panes.length;
  while (panes.some(({ key }) => key === `pane-${number}`)) number++;
  return `pane-${number}`;
}

/** Panes for the given choices. */
export function panesOf(choices: readonly PaneChoice[]): PaneSetting[] {
  return choices.slice(0, MAX_PANES).map((choice, i) => ({ ...choice, key: `pane-${i}` }));
}

/** Full beside compressed. */
export function defaultPanes(model: string, compression: string): PaneSetting[] {
  return panesOf([
    { model, compression: 'none' },
    { model, compression },
  ]);
}

/** A pane behind all others; the same panes where there are as many as can be. */
export function addPane(panes: readonly PaneSetting[], choice: PaneChoice): readonly PaneSetting[] {
  return panes.length >= MAX_PANES ? panes : [...panes, { ...choice, key: freeKey(panes) }];
}

/** A copy right behind a pane. */
export function duplicatePane(panes: readonly PaneSetting[], key: string): readonly PaneSetting[] {
  const at = panes.findIndex((pane) => pane.key === key);
  const pane = panes[at];
  if (!pane || panes.length >= MAX_PANES) return panes;
  return panes.toSpliced(at + 1, 0, { ...pane, key: freeKey(panes) });
}

/** Without a pane; the last one stays. */
export function removePane(panes: readonly PaneSetting[], key: string): readonly PaneSetting[] {
  return panes.length <= 1 ? panes : panes.filter((pane) => pane.key !== key);
}

/** A pane some places to the right (negative: left), at most to an end. */
export function movePane(panes: readonly PaneSetting[], key: string, by: number): readonly PaneSetting[] {
  const from = panes.findIndex((pane) => pane.key === key);
  const pane = panes[from];
  if (!pane) return panes;
  const to = Math.min(Math.max(from + by, 0), panes.length - 1);
  return panes.toSpliced(from, 1).toSpliced(to, 0, pane);
}

/** A pane with other settings. */
export function changePane(
  panes: readonly PaneSetting[],
  key: string,
  change: Partial<PaneChoice>,
): readonly PaneSetting[] {
  return panes.map((pane) => (pane.key === key ? { ...pane, ...change } : pane));
}

/** Name of a pane by its place: A, B, C … */
export function paneLetter(place: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + place);
}

/**
 * A compressed setting worth looking at first: the paper's layer 2 of 32 at the same relative depth, and the largest
 * stride up to its 8 that leaves two tokens of a picture or more.
 */
export function suggestedCompression(depth: number, visualTokens: number): string {
  const layer = depth === 1 ? 0 : Math.min(Math.max(1, Math.round((2 * depth) / 32)), depth - 1);
  const stride = [8, 4, 2].find((candidate) => visualTokens >= 2 * candidate) ?? 1;
  return stride === 1 ? 'none' : `${layer}/${stride}`;
}

/** Settings for the next pane: what the paper studies and no pane has yet, by growing compression. */
export function nextCompression(taken: readonly string[], depth: number, visualTokens: number): string {
  const first = suggestedCompression(depth, visualTokens);
  const [layer] = first.split('/');
  const candidates = ['none', first, ...[2, 4, 8, 16].filter((s) => visualTokens >= 2 * s).map((s) => `${layer}/${s}`)];
  return candidates.find((candidate) => !taken.includes(candidate)) ?? first;
}
