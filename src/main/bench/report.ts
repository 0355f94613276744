import type { BenchResult } from '../../shared/bench.ts';
import type { BenchShape } from '../../shared/bench-shape.ts';
import { best, type Measured } from './rounds.ts';

/** One shape under one compression setting, with all its contenders. */
export interface BenchCase {
  readonly shape: BenchShape;
  readonly compression: string;
  readonly measured: readonly Measured[];
}

/** A figure of both sides, and ours as a multiple of PyTorch's. */
interface Figure {
  readonly title: string;
  readonly of: (result: BenchResult) => number | undefined;
  /** Only ours has it. */
  readonly alone?: boolean;
}

const train =
  (pick: (result: Extract<BenchResult, { kind: 'train' }>) => number | undefined) => (result: BenchResult) =>
    result.kind === 'train' ? pick(result) : undefined;
const generate = (pick: (result: Extract<BenchResult, { kind: 'generate' }>) => number) => (result: BenchResult) =>
  result.kind === 'generate' ? pick(result) : undefined;

const PEAK: Figure = { title: 'peak MB', of: ({ peakMb }) => peakMb };
const FIGURES: Readonly<Record<BenchResult['kind'], readonly Figure[]>> = {
  train: [
    { title: 'ms/step', of: train(({ msMin }) => msMin) },
    PEAK,
    { title: 'of it AdamW ms', of: train(({ optimizerMs }) => optimizerMs), alone: true },
  ],
  generate: [
    { title: 'prefill ms', of: generate(({ prefillMsMin }) => prefillMsMin) },
    { title: 'decode tokens/s', of: generate(({ decodeTokensPerSecondMax }) => decodeTokensPerSecondMax) },
    PEAK,
  ],
};

/** Size of a bench in words. */
export function describeShape({
  hidden,
  layers,
  heads,
  kvHeads,
  intermediate,
  vocab,
  nvis,
  text,
  batch,
}: BenchShape): string {
  const grouped = kvHeads === heads ? '' : ` (${kvHeads} for keys)`;
  return `hidden ${hidden}, ${layers} layers, ${heads} heads${grouped}, FFN ${intermediate}, vocab ${vocab}, ${nvis} visual + ${text} text tokens, batch ${batch}`;
}

const number = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(value < 100 ? 1 : 0));
const ratio = (ours: number | undefined, torch: number | undefined): string =>
  ours === undefined || torch === undefined ? '-' : (ours / torch).toFixed(2);

function header(figures: readonly Figure[], compared: boolean): string[] {
  const columns = figures.flatMap(({ title, alone }) =>
    compared && !alone ? [`${title}: ours`, 'PyTorch', 'ratio'] : [title],
  );
  return ['setting', 'ours', ...(compared ? ['PyTorch'] : []), ...columns];
}

function cells(figures: readonly Figure[], ours: BenchResult, torch: BenchResult | undefined): string[] {
  return figures.flatMap(({ of, alone }) => {
    const [a, b] = [of(ours), torch && of(torch)];
    return torch && !alone ? [number(a), number(b), ratio(a, b)] : [number(a)];
  });
}

/** Columns as wide as their widest cell; the first ones are names, the others numbers. */
export function align(rows: readonly (readonly string[])[], names: number): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const cell = (text: string, i: number): string =>
    i < names ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  return rows.map((row) => `  ${row.map(cell).join('  ').trimEnd()}\n`).join('');
}

function caseRows({ compression, measured }: BenchCase, figures: readonly Figure[]): string[][] {
  const setting = compression === 'none' ? 'full' : compression;
  const [ours, torch] = (['ours', 'torch'] as const).map((side) => measured.filter((m) => m.contender.side === side));
  return (ours ?? []).flatMap((mine) => {
    const result = best(mine.runs);
    if (!torch?.length) return [[setting, mine.contender.name, ...cells(figures, result, undefined)]];
    return torch.map((other) => [
      setting,
      mine.contender.name,
      other.contender.name,
      ...cells(figures, result, best(other.runs)),
    ]);
  });
}

/** The table of all settings of one shape. */
export function formatShape(cases: readonly BenchCase[]): string {
  const [first] = cases;
  const result = first?.measured[0]?.runs[0];
  if (!first || !result) return '';
  const figures = FIGURES[result.kind];
  const compared = first.measured.some(({ contender }) => contender.side === 'torch');
  const rows = [header(figures, compared), ...cases.flatMap((one) => caseRows(one, figures))];
  const weights = (result.parameters / 1e6).toFixed(1);
  return `\n${describeShape(first.shape)}: ${weights} M weights\n${align(rows, compared ? 3 : 2)}`;
}

/** Everything measured, as plain data. */
export function benchJson(cases: readonly BenchCase[]): unknown {
  return cases.map(({ shape, compression, measured }) => ({
    shape,
    compression,
    contenders: measured.map(({ contender: { side, name }, runs }) => ({ side, name, best: best(runs), runs })),
  }));
}
