/** Whether the schemes' differences to the baseline are more than noise. */
import { correctedProbabilities } from '../../shared/experiment/comparison.ts';
import type { Comparison, PairedComparison, SchemeSummary } from '../../shared/experiment/result.ts';
import { table } from '../../shared/markdown.ts';
import { formatProbability } from '../../shared/probability-words.ts';
import { signed } from '../../shared/signed.ts';

const range = ([low, high]: readonly [number, number]): string => `${signed(low, 2)} to ${signed(high, 2)}`;

/** What the numbers allow to say, in words. */
function sentence({ difference, overSeeds, verdict, paired }: Comparison, baseline: string): string {
  const by = `${Math.abs(difference).toFixed(2)} points`;
  const seeds = overSeeds ? `, 95 % interval over seeds ${range(overSeeds)}` : '';
  const found = `difference ${signed(difference, 2)} points${seeds}`;
  switch (verdict) {
    case 'worse':
      return `**worse by ${by}** than ${baseline}: ${found}`;
    case 'better':
      return `**better by ${by}** than ${baseline}: ${found}`;
    case 'not-significant': {
      const lowest = Math.min(overSeeds?.[0] ?? 0, paired?.overQuestionsAndSeeds[0] ?? 0);
      const allowed = lowest < 0 ? `. A loss of up to ${(-lowest).toFixed(2)} points is not ruled out` : '';
      return `**not significantly worse** than ${baseline}: ${found}${allowed}`;
    }
    case 'too-few-seeds': {
      if (!overSeeds) return `**too few seeds to say**: ${found}. Two seeds of each are needed to tell it from noise`;
      const words = `the models differ (${range(paired?.overQuestionsAndSeeds ?? overSeeds)} by the bootstrap)`;
      return `**too few seeds to say**: ${found}; ${words}, but so few seeds can make that by chance`;
    }
  }
}

function verdictLine({ name, comparison }: SchemeSummary, baseline: string): string[] {
  if (!comparison) return [];
  const [own, others] = comparison.seeds;
  return [`- **${name}**: ${sentence(comparison, baseline)} (${own} and ${others} seeds).`];
}

function pairedRow(
  name: string,
  { difference, overSeeds }: Comparison,
  paired: PairedComparison,
  corrected: number,
): string[] {
  const { seeds, questions, lost, gained, probability, overQuestions, overQuestionsAndSeeds } = paired;
  return [
    ...[name, signed(difference, 2), overSeeds ? range(overSeeds) : '–'],
    ...[range(overQuestions), range(overQuestionsAndSeeds)],
    ...[`${lost} / ${gained}`, `${seeds} × ${questions}`, formatProbability(probability), formatProbability(corrected)],
  ];
}

const HEAD = [
  'scheme',
  'difference, points',
  '95 % over seeds (Welch)',
  '95 % over questions (bootstrap)',
  '95 % over questions and seeds (bootstrap)',
  'lost / gained',
  'seeds × questions',
  'McNemar p',
  'p corrected (Holm)',
];

const WELCH = `Difference of the mean test accuracies in percentage points, with Welch's t-interval over the seeds. An interval that
holds 0 means that the seeds alone can make such a difference; how large a loss it still allows is its lower end.`;

const PAIRED = `Runs of one seed are paired question by question. Lost and gained: questions that only the baseline, and only the scheme,
answered right, over all seeds; McNemar's exact test is on these, so it asks whether these very models differ, not whether others of
other seeds would. The bootstrap draws questions, or seeds and questions, 2,000 times. With few seeds Welch's interval is wide and the
bootstrap's too narrow: a scheme is called worse or better only where both leave out 0. Of several schemes one can differ by chance alone:
the last column corrects p for their number by Holm's method; the intervals are each for itself.`;

/** For each scheme but the baseline: whether it is worse. */
export function significanceSection(schemes: readonly SchemeSummary[]): string {
  const baseline = schemes.find(({ isBaseline }) => isBaseline);
  const others = schemes.filter((scheme) => scheme !== baseline);
  const name = baseline?.name ?? 'full training';
  if (!baseline || others.length === 0) {
    return '## Is staged training worse?\n\nNo full training and staged one to compare.';
  }
  const corrected = correctedProbabilities(others);
  const rows = others.flatMap(({ name: scheme, comparison }) =>
    comparison?.paired ? [pairedRow(scheme, comparison, comparison.paired, corrected.get(scheme) ?? 1)] : [],
  );
  return [
    `## Is any of them worse than ${name}?`,
    WELCH,
    others.flatMap((scheme) => verdictLine(scheme, name)).join('\n'),
    ...(rows.length > 0 ? [PAIRED, table(HEAD, rows)] : []),
  ].join('\n\n');
}
