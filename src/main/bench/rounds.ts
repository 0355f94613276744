import type { BenchResult } from '../../shared/bench.ts';
import type { Contender } from './contender.ts';

export interface RoundLimits {
  /** Rounds at least. */
  readonly rounds: number;
  /** Rounds at most, taken as long as a minimum still falls. */
  readonly maxRounds: number;
}

/** A contender with every run it made, in order. */
export interface Measured {
  readonly contender: Contender;
  readonly runs: readonly BenchResult[];
}

/** A minimum that fell by less than this share has settled. */
const SETTLED = 0.01;

/** Times where smaller is better, of one run: milliseconds, or seconds for each token. */
function times(result: BenchResult): number[] {
  return result.kind === 'train' ? [result.msMin] : [result.prefillMsMin, 1 / result.decodeTokensPerSecondMax];
}

/** Whether the last run beat all before it by more than noise, in any of its times. */
function stillFalls(runs: readonly BenchResult[]): boolean {
  const last = runs.at(-1);
  const before = runs.slice(0, -1).map(times);
  if (!last || before.length === 0) return true;
  return times(last).some((time, i) => {
    const best = Math.min(...before.map((earlier) => earlier[i] as number));
    return time < best * (1 - SETTLED);
  });
}

/**
 * Runs all contenders in turns: on a shared machine whole runs can be several times slower than others, so each gets
 * the same chances and its smallest minimum counts.
 *
 * @throws Error where contenders did not do the same work
 */
export async function takeTurns(
  contenders: readonly Contender[],
  { rounds, maxRounds }: RoundLimits,
  onRun: (contender: Contender, result: BenchResult, round: number) => void,
): Promise<Measured[]> {
  const measured = contenders.map((contender) => ({ contender, runs: [] as BenchResult[] }));
  for (let round = 1; round <= maxRounds; round++) {
    for (const { contender, runs } of measured) {
      const result = await contender.run();
      runs.push(result);
      onRun(contender, result, round);
    }
    checkSameWork(measured.flatMap(({ runs }) => runs));
    if (round >= rounds && !measured.some(({ runs }) => stillFalls(runs))) break;
  }
  return measured;
}

function checkSameWork(results: readonly BenchResult[]): void {
  const work = (result: BenchResult): string =>
    JSON.stringify([result.parameters, result.kind === 'generate' ? result.cacheLengths : []]);
  const kinds = [...new Set(results.map(work))];
  if (kinds.length > 1)
    throw new Error(`the engines did not do the same work (weights, cache): ${kinds.join(' and ')}`);
}

/** The best of several runs: smallest minima, but the largest peak of memory. */
export function best(runs: readonly BenchResult[]): BenchResult {
  return runs.reduce((a, b) => {
    const peakMb = Math.max(a.peakMb, b.peakMb);
    if (a.kind === 'train' && b.kind === 'train') {
      const faster = a.msMin <= b.msMin ? a : b;
      const optimizer = [a.optimizerMs, b.optimizerMs].filter((ms) => ms !== undefined);
      return { ...faster, peakMb, ...(optimizer.length > 0 && { optimizerMs: Math.min(...optimizer) }) };
    }
    if (a.kind === 'generate' && b.kind === 'generate') {
      const { prefillMsMin, prefillMsMedian } = a.prefillMsMin <= b.prefillMsMin ? a : b;
      const decoding = a.decodeTokensPerSecondMax >= b.decodeTokensPerSecondMax ? a : b;
      return { ...decoding, prefillMsMin, prefillMsMedian, peakMb };
    }
    throw new Error('results of different kinds cannot be compared');
  });
}
