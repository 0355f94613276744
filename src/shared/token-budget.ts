/**
 * The token-budget solver: which layers K and strides S, in one point or in two, and which shares of stages reach a budget
 * of average visual tokens, of a compression ratio or of FLOPs.
 */
import { costOf, schemeCost, type BudgetCost, type BudgetModel } from './budget-cost.ts';
import { goalOf, type BudgetTarget, type Goal } from './budget-target.ts';
import {
  formatCompression,
  FULL,
  parseCompression,
  pooledLength,
  scaleCompression,
  type Compression,
  type CompressionPoint,
} from './compression.ts';
import { mean } from './statistics.ts';
import { sum } from './sum.ts';

/** A stage of a solution. */
export interface BudgetStage {
  /** Stage notation K/S. */
  readonly compression: string;
  /** Part of the run, in (0, 1]. */
  readonly share: number;
}

export interface BudgetSolution {
  /** One stage: a setting for training or answering. Several: a training scheme, whose cost is the mean over the run. */
  readonly stages: readonly BudgetStage[];
  /** Whether it is the budget itself, as precisely as such figures are printed; otherwise it stays below. */
  readonly isHit: boolean;
  readonly cost: BudgetCost;
  /** Visual tokens that a stride leaves over and pooling drops, of an image, over all points. */
  readonly dropped: number;
}

export interface BudgetSolutions {
  /** One point K/S. Hits first, then the nearest from below. */
  readonly single: readonly BudgetSolution[];
  /** Two points, where they hit what one point cannot. */
  readonly nested: readonly BudgetSolution[];
  /** Schemes of the paper with shares that make their mean over a run the budget. */
  readonly staged: readonly BudgetSolution[];
}

/** Solutions of a kind at most. */
const MOST_SINGLE = 12;
const MOST_NESTED = 8;

/** Schemes to give shares to, in layers of a 32-layer decoder: settings of Tab. 1 and 2 before an uncompressed end. */
const SCHEMES: readonly (readonly string[])[] = [
  ['2/8', 'none'],
  ['16/8', 'none'],
  ['2/8', '16/8', 'none'],
  ['2/8', '2/2', 'none'],
  ['2/8', '2/2', '16/2', 'none'],
  ['2/8', '16/8', '16/2', 'none'],
  ['2/16', '16/16', '16/4'],
];
const SCHEME_DEPTH = 32;
/** Decimals of a share: a ten-thousandth of a run is less than a step. */
const SHARE_DIGITS = 1e4;

/** Strides that leave different numbers of a group's tokens: of those that leave the same, the one that drops fewest. */
function distinctStrides(length: number): number[] {
  const strides: number[] = [];
  for (let stride = 2; stride <= length; stride++) {
    if (pooledLength(length, stride) < pooledLength(length, stride - 1)) strides.push(stride);
  }
  return strides;
}

const point = (layer: number, stride: number): CompressionPoint => ({ layer, stride, compressor: 'average-pool' });

/** A setting that was found. */
interface Candidate {
  readonly compression: Compression;
  readonly score: number;
  readonly dropped: number;
}

/** Tokens left over by the points, each among those that reach it. */
function droppedTokens(length: number, compression: Compression): number {
  let [left, dropped] = [length, 0];
  for (const { stride } of compression) {
    dropped += left % stride;
    left = pooledLength(left, stride);
  }
  return dropped;
}

/** Where points may stand. Layer 0 costs what −1 costs, which is left out for it. */
function layersOf({ shape }: BudgetModel): number[] {
  return [-1, ...Array.from({ length: shape.decoder.layers - 1 }, (_, i) => i + 1)];
}

const before = (layer: number): number => Math.max(layer, 0);

function candidate(model: BudgetModel, goal: Goal, compression: Compression): Candidate {
  const { visualTokens, shape } = model;
  let [score, length, from] = [goal.base, visualTokens, 0];
  for (const { layer, stride } of compression) {
    score += (before(layer) - from) * goal.layerScore(length);
    [length, from] = [pooledLength(length, stride), before(layer)];
  }
  score += (shape.decoder.layers - from) * goal.layerScore(length);
  return { compression, score, dropped: droppedTokens(visualTokens, compression) };
}

/** Whole groups first, then the nearest, then the deepest: the paper finds depth the safer place. */
function byWorth(goal: Goal): (a: Candidate, b: Candidate) => number {
  const distance = ({ score }: Candidate): number => Math.abs(goal.limit - score);
  const depth = ({ compression: [first] }: Candidate): number => first?.layer ?? -1;
  return (a, b) =>
    Number(goal.isHit(b.score)) - Number(goal.isHit(a.score)) ||
    (goal.isHit(a.score) ? Math.sign(a.dropped) - Math.sign(b.dropped) : 0) ||
    distance(a) - distance(b) ||
    depth(b) - depth(a);
}

function bestSingle(model: BudgetModel, goal: Goal): Candidate[] {
  const strides = distinctStrides(model.visualTokens);
  const found = layersOf(model).flatMap((layer) => {
    const all = strides.map((stride) => candidate(model, goal, [point(layer, stride)]));
    const hits = all.filter(({ score }) => goal.isHit(score));
    // Scores fall with the stride: the first one below is the nearest.
    const below = all.find(({ score }) => score <= goal.limit);
    return hits.length > 0 ? hits : below ? [below] : [];
  });
  const full = candidate(model, goal, FULL);
  const isFullWithin = full.score <= goal.limit || goal.isHit(full.score);
  return isFullWithin ? [full] : found.sort(byWorth(goal)).slice(0, MOST_SINGLE);
}

/** Two points that hit the budget. */
function bestNested(model: BudgetModel, goal: Goal): Candidate[] {
  const layers = layersOf(model);
  const hits: Candidate[] = [];
  for (const firstStride of distinctStrides(model.visualTokens)) {
    const strides = distinctStrides(pooledLength(model.visualTokens, firstStride));
    for (const [i, first] of layers.entries()) {
      for (const second of layers.slice(i + 1)) {
        const hit = firstHit(
          model,
          goal,
          strides.map((stride) => [point(first, firstStride), point(second, stride)]),
        );
        if (hit) hits.push(hit);
      }
    }
  }
  return hits.sort(byWorth(goal)).slice(0, MOST_NESTED);
}

/** The first of settings with falling scores that hits, found by halving. */
function firstHit(model: BudgetModel, goal: Goal, settings: readonly Compression[]): Candidate | undefined {
  let [low, high] = [0, settings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = candidate(model, goal, settings[middle] as Compression);
    if (goal.isHit(found.score)) return found;
    if (found.score > goal.limit) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

const settingSolution = (
  model: BudgetModel,
  goal: Goal,
  { compression, score, dropped }: Candidate,
): BudgetSolution => ({
  stages: [{ compression: formatCompression(compression), share: 1 }],
  ...{ isHit: goal.isHit(score), dropped, cost: costOf(model, compression) },
});

/**
 * The share of a scheme's last stage, the dearest, that makes its mean the budget; the others divide the rest equally. It
 * is rounded so that the mean stays below. Undefined where no share does.
 */
function lastShare(goal: Goal, scores: readonly number[]): number | undefined {
  const last = scores.at(-1) as number;
  const others = mean(scores.slice(0, -1));
  const share = Math.floor((SHARE_DIGITS * (goal.limit - others)) / (last - others)) / SHARE_DIGITS;
  return share > 0 && share < 1 ? share : undefined;
}

function stagedSolution(model: BudgetModel, goal: Goal, notations: readonly string[]): BudgetSolution[] {
  const { layers } = model.shape.decoder;
  const settings = notations.map((text) => scaleCompression(parseCompression(text), SCHEME_DEPTH, layers));
  const isTooLong = settings.some((setting) => setting.some(({ stride }) => stride > model.visualTokens));
  if (isTooLong || new Set(settings.map((setting) => formatCompression(setting))).size < settings.length) return [];
  const scores = settings.map((setting) => candidate(model, goal, setting).score);
  const last = lastShare(goal, scores);
  if (last === undefined) return [];
  const share = (1 - last) / (settings.length - 1);
  const stages = settings.map((compression, i) => ({ compression, share: i === settings.length - 1 ? last : share }));
  return [
    {
      stages: stages.map((stage) => ({ ...stage, compression: formatCompression(stage.compression) })),
      ...{ isHit: true, cost: schemeCost(model, stages) },
      dropped: sum(settings.map((setting) => droppedTokens(model.visualTokens, setting))),
    },
  ];
}

/**
 * Finds what reaches a budget, remainders that pooling drops included.
 *
 * @throws InputError where the budget is no number that can be one
 */
export function solveBudget(model: BudgetModel, target: BudgetTarget): BudgetSolutions {
  const goal = goalOf(model, target);
  const single = bestSingle(model, goal);
  const isHit = single.some(({ score }) => goal.isHit(score));
  const isFull = single[0]?.compression.length === 0;
  const nested = isHit || isFull || single.length === 0 ? [] : bestNested(model, goal);
  const solution = (found: Candidate): BudgetSolution => settingSolution(model, goal, found);
  return {
    single: single.map(solution),
    nested: nested.map(solution),
    staged: SCHEMES.flatMap((notations) => stagedSolution(model, goal, notations)),
  };
}
