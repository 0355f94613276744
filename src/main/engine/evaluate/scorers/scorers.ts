import { JUDGED_OUTSIDE, type Benchmark, type Scoring } from '../../../../shared/benchmark.ts';
import type { ScorerName } from '../../../../shared/evaluation.ts';
import { InputError } from '../../../../shared/errors.ts';
import { exactMatch } from './exact-match.ts';
import { gqa } from './gqa.ts';
import { mmbench } from './mmbench.ts';
import { mme } from './mme.ts';
import { pope } from './pope.ts';
import { scienceqa } from './scienceqa.ts';
import type { ScoredQuestion, Scorer } from './scorer.ts';
import { seedBench } from './seed-bench.ts';
import { textvqa } from './textvqa.ts';
import { videoQa } from './video-qa.ts';
import { vizwiz } from './vizwiz.ts';
import { vqav2 } from './vqa.ts';

/** Nothing is scored: an outside judge or the publisher does. */
const outside: Scorer = { needs: [], keeper: () => ({ add: () => 0, metrics: () => [] }) };

const SCORERS: Readonly<Record<ScorerName, Scorer>> = {
  exact: exactMatch,
  outside,
  gqa,
  vqa: vqav2,
  vizwiz,
  textvqa,
  scienceqa,
  pope,
  mme,
  mmbench,
  seed: seedBench,
  video: videoQa,
};

const OF_BENCHMARK: Readonly<Record<Benchmark, ScorerName>> = {
  ...{ gqa: 'gqa', vqav2: 'vqa', vizwiz: 'vizwiz', textvqa: 'textvqa', scienceqa: 'scienceqa', pope: 'pope' },
  ...{ mme: 'mme', mmbench: 'mmbench', 'mmbench-cn': 'mmbench', 'seed-bench': 'seed' },
  ...{ 'mm-vet': 'outside', 'llava-bench': 'outside' },
  ...{ 'msvd-qa': 'video', 'msrvtt-qa': 'video', 'activitynet-qa': 'video' },
};

/** The benchmark that questions are of; undefined where they are of none. @throws InputError where they are of several */
function benchmarkOf(questions: Iterable<ScoredQuestion>, data: string): Scoring | undefined {
  let first: Scoring | undefined;
  let isFirst = true;
  for (const { scoring } of questions) {
    if (isFirst) [first, isFirst] = [scoring, false];
    if (scoring?.benchmark === first?.benchmark && scoring?.unpublished === first?.unpublished) continue;
    const rule = 'mixes questions that are scored by different rules';
    throw new InputError({
      file: data,
      rule,
      hint: 'Choose one with --scorer, or evaluate them in files of their own',
    });
  }
  return first;
}

/**
 * The rule that questions are scored by: the one that was asked for, or their benchmark's, or exact match.
 *
 * @throws InputError where the questions lack what the rule needs
 */
export function chooseScorer(
  questions: readonly ScoredQuestion[],
  wanted: ScorerName | undefined,
  data: string,
): { readonly name: ScorerName; readonly scorer: Scorer } {
  const name = wanted ?? ownScorer(benchmarkOf(questions, data));
  const scorer = SCORERS[name];
  for (const need of scorer.needs) {
    if (questions.every(({ scoring }) => scoring?.[need] !== undefined)) continue;
    const rule = `has no scoring.${need} in every record, which the scorer ${name} needs`;
    throw new InputError({ file: data, rule, hint: 'Import the benchmark with llavolta data import' });
  }
  return { name, scorer };
}

function ownScorer(scoring: Scoring | undefined): ScorerName {
  if (!scoring) return 'exact';
  const isOutside = scoring.unpublished === true || JUDGED_OUTSIDE.includes(scoring.benchmark);
  return isOutside ? 'outside' : OF_BENCHMARK[scoring.benchmark];
}
