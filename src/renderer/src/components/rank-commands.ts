import type { Command } from '../composables/useCommands.ts';

/** Order of the groups that hold little; the rest (runs) follow. */
const FIRST_GROUPS = ['This screen', 'Go to', 'General', 'Appearance'];

/** How well a label fits: 0 begins with it, 1 a word begins with it, 2 it is inside, 3 its letters come in order; Infinity not at all. */
export function fit(label: string, query: string): number {
  const [text, wanted] = [label.toLowerCase(), query.trim().toLowerCase()];
  const at = text.indexOf(wanted);
  if (at === 0) return 0;
  if (at > 0) return /[\s/_-]/.test(text[at - 1] ?? '') ? 1 : 2;
  let place = -1;
  for (const letter of wanted) {
    place = text.indexOf(letter, place + 1);
    if (place < 0) return Infinity;
  }
  return 3;
}

function groupOrder(group: string): number {
  const index = FIRST_GROUPS.indexOf(group);
  return index < 0 ? FIRST_GROUPS.length : index;
}

/** The commands that fit, group by group, the best of a group first; the group of the best fit comes first. */
export function rankCommands(commands: readonly Command[], query: string): Command[] {
  const fitting = commands
    .map((command) => ({ command, fit: fit(command.label, query) }))
    .filter((entry) => Number.isFinite(entry.fit));
  const best = new Map<string, number>();
  for (const entry of fitting) {
    best.set(entry.command.group, Math.min(best.get(entry.command.group) ?? Infinity, entry.fit));
  }
  const rank = ({ group }: Command): number => 100 * (best.get(group) ?? 9) + groupOrder(group);
  return fitting
    .sort(
      (a, b) => rank(a.command) - rank(b.command) || a.command.group.localeCompare(b.command.group) || a.fit - b.fit,
    )
    .map(({ command }) => command);
}
