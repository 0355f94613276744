/** What a run's recipe came to with its model and its data, as names and values. */
import type { RunDetail } from '../../../../../shared/api/runs.ts';
import { formatCount, formatShare, formatTime, formatTokens } from '../../../format.ts';

interface Fact {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  readonly title?: string;
}

const fact = (key: string, label: string, value: string, title?: string): Fact => ({
  ...{ key, label, value },
  ...(title !== undefined && { title }),
});

/** Facts of the plan, which is there once the training has begun. */
function planFacts({ record }: RunDetail): Fact[] {
  const plan = record?.plan;
  if (!plan) return [];
  const { model, data } = plan;
  return [
    fact('parameters', 'Weights', formatTokens(model.parameters), formatCount(model.parameters)),
    fact('trained', 'Trained', `${formatTokens(model.trained)} (${formatShare(model.trained / model.parameters, 0)})`),
    fact('depth', 'Decoder layers', formatCount(model.depth)),
    fact('visual', 'Visual tokens an image', formatCount(model.visualTokensPerImage)),
    fact('samples', 'Samples', formatCount(data.samples)),
    fact(
      'rows',
      'Rows',
      formatCount(data.rows),
      'A row is what is trained on at once: a conversation or a part of one.',
    ),
    fact('steps', 'Optimizer steps', formatCount(plan.totalSteps)),
    fact('accumulate', 'Micro-batches a step', formatCount(plan.accumulate)),
    fact('sha', 'SHA-256 of the data', data.sha256.slice(0, 16), data.sha256),
  ];
}

/** The facts of a run, known ones only. */
export function setupFacts(detail: RunDetail): Fact[] {
  const { record, folder } = detail;
  const versions = Object.entries(record?.versions ?? {}).map(([name, version]) => fact(`v-${name}`, name, version));
  const sessions = (record?.sessions ?? []).map(({ startedAt, fromStep }, index) =>
    fact(`session-${index}`, index === 0 ? 'Started' : 'Continued', `${formatTime(startedAt)}, from step ${fromStep}`),
  );
  return [fact('folder', 'Folder', folder), ...planFacts(detail), ...sessions, ...versions];
}
