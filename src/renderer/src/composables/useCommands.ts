/** Everything the keyboard and the command palette can do: screens add their commands as long as they are shown. */
import { computed, onScopeDispose, shallowRef, type Component } from 'vue';

export interface Command {
  readonly id: string;
  readonly label: string;
  /** Heading in the palette and in the list of shortcuts. */
  readonly group: string;
  /** `mod+k` (Ctrl, or Cmd on a Mac), `?`, `escape`, or two keys after each other: `g r`. */
  readonly shortcut?: string;
  readonly icon?: Component;
  /** Shown beside the label. */
  readonly hint?: string;
  /** Only by its keys, not in the palette. */
  readonly hidden?: boolean;
  readonly run: () => void;
}

const SEQUENCE_MS = 900;
const sources = shallowRef<readonly (() => readonly Command[])[]>([]);

/** All commands that can be given now. Later ones come first, so that a screen may take a key over. */
export const commands = computed(() => sources.value.toReversed().flatMap((source) => source()));

/** Offers commands as long as the calling component lives. */
export function useCommands(source: () => readonly Command[]): void {
  sources.value = [...sources.value, source];
  onScopeDispose(() => (sources.value = sources.value.filter((known) => known !== source)));
}

const isMac = /mac/i.test(navigator.platform);

/** A shortcut as it is written: Ctrl K, G R. */
export function shortcutText(shortcut: string): string {
  const names: Record<string, string> = { mod: isMac ? '⌘' : 'Ctrl', escape: 'Esc', enter: 'Enter', space: 'Space' };
  const parts = shortcut.split(/[+ ]/).map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  return parts.join(' ');
}

function pressed(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey ? 'mod+' : '';
  const shift = event.shiftKey && (mod !== '' || key.length > 1) ? 'shift+' : '';
  return `${mod}${event.altKey ? 'alt+' : ''}${shift}${key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null;
}

/** What lies over the page has the keyboard to itself: Escape closes it and not what is below. */
const isCovered = (): boolean =>
  document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;

/** Gives commands by key. @returns ends it */
export function listenForShortcuts(target: Window = window): () => void {
  let before = '';
  let beforeMs = 0;
  const listen = (event: KeyboardEvent): void => {
    const keys = pressed(event);
    // A key that writes, or that a dialog took, is no command.
    if (event.defaultPrevented || event.isComposing || (isTyping(event.target) && !keys.startsWith('mod+'))) return;
    if (isCovered()) return;
    const sequence = event.timeStamp - beforeMs < SEQUENCE_MS ? `${before} ${keys}` : '';
    const found = commands.value.find(({ shortcut }) => shortcut === keys || shortcut === sequence);
    [before, beforeMs] = [keys, event.timeStamp];
    if (!found) return;
    event.preventDefault();
    found.run();
  };
  target.addEventListener('keydown', listen);
  return () => target.removeEventListener('keydown', listen);
}
