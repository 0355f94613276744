/** The columns of the table of runs, and which runs a search finds. */
import type { RunSummary } from '../../../../shared/api/runs.ts';
import type { Column } from '../../components/table.ts';
import { isOver } from '../run/state/run-actions.ts';

export const RUN_COLUMNS: readonly Column<RunSummary>[] = [
  { key: 'title', label: 'Run', value: ({ title }) => title },
  { key: 'state', label: 'Status', width: '108px', value: ({ state }) => state },
  { key: 'stages', label: 'Stages and progress', width: '17%' },
  { key: 'ratio', label: 'CR', align: 'right', width: '64px', value: ({ compressionRatio }) => compressionRatio },
  { key: 'loss', label: 'Loss', width: '160px', value: ({ lastLoss }) => lastLoss },
  { key: 'score', label: 'Score', align: 'right', width: '70px', value: ({ score }) => score?.accuracy },
  { key: 'time', label: 'Time', align: 'right', width: '108px', value: ({ secondsTrained }) => secondsTrained },
  { key: 'created', label: 'Created', align: 'right', width: '92px', value: ({ createdAt }) => createdAt },
  { key: 'menu', label: 'Actions', hidesLabel: true, width: '44px' },
];

export type RunFilter = 'all' | 'active' | 'finished' | 'open';

const matches: Readonly<Record<RunFilter, (run: RunSummary) => boolean>> = {
  all: () => true,
  active: ({ state }) => !isOver(state),
  finished: ({ state }) => state === 'finished',
  open: ({ state }) => isOver(state) && state !== 'finished',
};

/** Everything about a run that a search looks through. */
function searchText({ name, title, recipe, scheme, tags, note, stages }: RunSummary): string {
  return [name, title, recipe, scheme, ...tags, note, ...stages.map(({ compression }) => compression)]
    .join(' ')
    .toLowerCase();
}

/** The runs that hold every word of the search, have all the tags and pass the filter. */
export function findRuns(
  runs: readonly RunSummary[],
  search: string,
  filter: RunFilter,
  tags: readonly string[],
): RunSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter(
    (run) =>
      matches[filter](run) &&
      tags.every((tag) => run.tags.includes(tag)) &&
      words.every((word) => searchText(run).includes(word)),
  );
}

/** All tags in use, the most used first. */
export function tagsOf(runs: readonly RunSummary[]): string[] {
  const counts = new Map<string, number>();
  for (const tag of runs.flatMap(({ tags }) => tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([tag]) => tag);
}

/** Tags as typed: separated by commas, each once. */
export function parseTags(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((tag) => tag.trim())
        .filter(Boolean),
    ),
  ];
}
