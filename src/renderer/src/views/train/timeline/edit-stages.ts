/** What can be done to the stages on the timeline. Every function returns new stages in the measure they were given in. */
import type { StageSpec } from '../../../../../shared/stage-plan.ts';
import { formatCompression, parseCompression, scaleCompression } from '../../../../../shared/compression.ts';
import { endsOf, lengthsOf, measureOf, shortestStage, withLengths, type Measure } from './lengths.ts';

type Stages = readonly StageSpec[];

/** More than this, and blocks are too narrow to be seen. The recipe's own limit is 100. */
export const MOST_STAGES = 100;

/** Equal stages that are changed by hand are written as shares. */
function writtenAs(stages: Stages): Measure {
  const measure = measureOf(stages);
  return measure === 'equal' ? 'share' : measure;
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}

function inserted<T>(list: readonly T[], index: number, entry: T): T[] {
  return [...list.slice(0, index), entry, ...list.slice(index)];
}

/** Moves the end of stage `index` to a part of the run. It stops a step short of its neighbours. */
export function moveEnd(stages: Stages, index: number, end: number, totalSteps?: number): StageSpec[] {
  const lengths = lengthsOf(stages, totalSteps);
  const ends = endsOf(lengths);
  const shortest = shortestStage(totalSteps);
  const begin = ends[index - 1] ?? 0;
  const [length, following] = [lengths[index], lengths[index + 1]];
  if (length === undefined || following === undefined) return [...stages];
  const moved = Math.min(Math.max(end, begin + shortest), begin + length + following - shortest);
  const next = lengths.with(index, moved - begin).with(index + 1, begin + length + following - moved);
  return withLengths(stages, next, writtenAs(stages), totalSteps);
}

/** Cuts a stage into two halves of the same compression. */
export function splitStage(stages: Stages, index: number, totalSteps?: number): StageSpec[] {
  const stage = stages[index];
  const lengths = lengthsOf(stages, totalSteps);
  const half = (lengths[index] ?? 0) / 2;
  if (!stage || half < shortestStage(totalSteps)) return [...stages];
  return withLengths(
    inserted(stages, index, stage),
    inserted(lengths.with(index, half), index, half),
    writtenAs(stages),
    totalSteps,
  );
}

/** Adds a stage at the end, without compression, as long as a mean one. Equal stages stay equal. */
export function addStage(stages: Stages, totalSteps?: number): StageSpec[] {
  const last = stages.at(-1);
  const added: StageSpec = { compression: 'none', compressor: last?.compressor ?? 'average-pool' };
  const measure = measureOf(stages);
  const part = 1 / (stages.length + 1);
  const lengths = lengthsOf(stages, totalSteps).map((length) => length * (1 - part));
  return withLengths([...stages, added], [...lengths, part], measure, totalSteps);
}

/** Takes a stage out; the one before it goes on for its steps (of the first one, the one after it begins earlier). */
export function removeStage(stages: Stages, index: number, totalSteps?: number): StageSpec[] {
  if (stages.length < 2) return [...stages];
  const lengths = lengthsOf(stages, totalSteps);
  const heir = index === 0 ? 1 : index - 1;
  const grown = lengths.with(heir, (lengths[heir] ?? 0) + (lengths[index] ?? 0));
  return withLengths(without(stages, index), without(grown, index), measureOf(stages), totalSteps);
}

/** Puts a stage at another place in the order; every stage keeps its length. */
export function moveStage(stages: Stages, from: number, to: number, totalSteps?: number): StageSpec[] {
  const stage = stages[from];
  if (!stage || to < 0 || to >= stages.length || from === to) return [...stages];
  const lengths = lengthsOf(stages, totalSteps);
  return withLengths(
    inserted(without(stages, from), to, stage),
    inserted(without(lengths, from), to, lengths[from] ?? 0),
    measureOf(stages),
    totalSteps,
  );
}

/** Writes the same lengths as shares or steps, or makes all stages equal. */
export function inMeasure(stages: Stages, measure: Measure, totalSteps?: number): StageSpec[] {
  return withLengths(stages, lengthsOf(stages, totalSteps), measure, totalSteps);
}

/**
 * The stages with their layers given for a decoder of another depth, each point naming its compressor where it is not the
 * usual one. What they do to that decoder stays the same.
 */
export function atDepth(stages: Stages, fromDepth: number, toDepth: number): StageSpec[] {
  return stages.map((stage) => {
    const given = parseCompression(stage.compression, stage.compressor);
    const compression = formatCompression(scaleCompression(given, fromDepth, toDepth));
    return { ...stage, compression, compressor: 'average-pool' as const };
  });
}
