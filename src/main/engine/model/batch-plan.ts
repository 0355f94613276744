/**
 * From a batch of encoded rows and a compression setting to everything a step needs besides weights: index arrays for
 * the device and static lengths. All decisions that depend on data are taken here, on the host, so that the step itself
 * is a pure function of tensors with bucketed shapes.
 */
import { pooledLength, type Compression, type CompressionPoint } from '../../../shared/compression.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import type { HostArrays } from '../backend/host-arrays.ts';
import type { PlannedPoint } from '../compressor/compressor.ts';
import { compressorNamed } from '../compressor/compressors.ts';
import {
  countedPositions,
  layoutOf,
  shortened,
  tightLayout,
  type LayoutGroup,
  type LayoutRow,
  type SequenceLayout,
} from '../compressor/sequence-layout.ts';

/** One stretch of decoder layers between compression points. */
export interface Segment {
  /** First decoder layer of the stretch. */
  readonly fromLayer: number;
  /** The compression that opens it; absent for the stretch that starts the decoder. */
  readonly point?: CompressionPoint;
  readonly layout: SequenceLayout;
}

/** Static facts and index arrays of one batch under one compression setting. */
export interface BatchPlan {
  /** Rows B. */
  readonly batch: number;
  /** Visual tokens of all groups before any compression, ΣL. */
  readonly visualTokens: number;
  readonly segments: readonly Segment[];
  /** Of the projector's output, all groups in one row, where the setting has a point at layer −1. */
  readonly beforeDecoder?: PlannedPoint;
  readonly arrays: HostArrays;
  /** Supervised tokens of the batch. */
  readonly supervised: number;
}

/** Supervised positions are padded to a power of two, and to this at least: the head is cheap, a new shape is not. */
const SMALLEST_TARGETS = 16;

/** Names a group for whatever is drawn by chance. */
const groupId = (row: EncodedRow, g: number): string => `${row.id} ${g}`;

/** Where answers begin in a row: a supervised token behind one that is not. */
function answersOf({ labels }: EncodedRow, origin: readonly number[]): number[] {
  const isSupervised = origin.map((from) => from >= 0 && labels[from] !== IGNORED_LABEL);
  const places = [...isSupervised.keys()].filter((t) => t > 0 && isSupervised[t] && !isSupervised[t - 1]);
  return places.length > 0 ? places : [origin.length];
}

/** The row as the decoder first sees it: groups shortened where a point stands before the decoder. */
function entryRow(row: EncodedRow, stride: number): LayoutRow {
  const groups: LayoutGroup[] = [];
  const origin: number[] = [];
  let at = 0;
  row.groups.forEach((group, g) => {
    for (; at < group.start; at++) origin.push(at);
    const length = pooledLength(group.length, stride);
    groups.push({ id: groupId(row, g), start: origin.length, length });
    for (let i = 0; i < length; i++) origin.push(-1);
    at = group.start + group.length;
  });
  for (; at < row.tokenIds.length; at++) origin.push(at);
  return { length: origin.length, groups, origin: Int32Array.from(origin), answers: answersOf(row, origin) };
}

/** Groups of the projector's output [ΣL, D] as one row each way: compressing them is the same plan with no text around. */
function visualLayout(rows: readonly EncodedRow[]): SequenceLayout {
  let length = 0;
  const groups = rows.flatMap((row) =>
    row.groups.map((group, g) => {
      const start = length;
      length += group.length;
      return { id: groupId(row, g), start, length: group.length };
    }),
  );
  const row: LayoutRow = { length, groups, origin: new Int32Array(length).fill(-1), answers: [length] };
  // No padding: these rows are the projector's, not a sequence's.
  return { rows: [row], paddedLength: length };
}

function plannedBeforeDecoder(rows: readonly EncodedRow[], point: CompressionPoint): PlannedPoint {
  const before = visualLayout(rows);
  return { point, before, after: tightLayout(shortened(before, point.stride).rows) };
}

const arraysOf = (planned: PlannedPoint): HostArrays => compressorNamed(planned.point.compressor).plan(planned);

/**
 * Where each decoder row comes from: row r of the batch is row source[r] of [text embeddings of all B·T positions;
 * visual tokens]. Text positions are embedded as they stand, visual and padding positions as token 0 and then replaced.
 */
function mergeArrays(rows: readonly EncodedRow[], layout: SequenceLayout): HostArrays {
  const { paddedLength } = layout;
  const total = rows.length * paddedLength;
  const tokenIds = new Int32Array(total);
  const source = Int32Array.from({ length: total }, (_, i) => i);
  let visual = total;
  layout.rows.forEach((row, b) => {
    const { tokenIds: ids } = rows[b] as EncodedRow;
    row.origin.forEach((from, t) => {
      if (from >= 0) tokenIds[b * paddedLength + t] = ids[from] as number;
      else source[b * paddedLength + t] = visual++;
    });
  });
  return {
    tokenIds: { shape: [total], data: tokenIds },
    mergeSource: { shape: [total], data: source },
  };
}

interface Target {
  readonly row: number;
  readonly token: number;
}

/** The state that predicts each supervised token: the one just before it in the compressed row, be it text or visual. */
function targetsOf(rows: readonly EncodedRow[], { rows: layoutRows, paddedLength }: SequenceLayout): Target[] {
  const targets: Target[] = [];
  layoutRows.forEach((layout, b) => {
    const { labels } = rows[b] as EncodedRow;
    for (let t = 1; t < layout.length; t++) {
      const from = layout.origin[t] as number;
      const token = from < 0 ? IGNORED_LABEL : (labels[from] as number);
      if (token !== IGNORED_LABEL) targets.push({ row: b * paddedLength + t - 1, token });
    }
  });
  return targets;
}

function targetArrays(targets: readonly Target[], normaliser: number): HostArrays {
  const size = 2 ** Math.ceil(Math.log2(Math.max(targets.length, SMALLEST_TARGETS)));
  const pick = (value: (target: Target) => number): Int32Array => {
    const data = new Int32Array(size);
    targets.forEach((target, i) => (data[i] = value(target)));
    return data;
  };
  return {
    targetRows: { shape: [size], data: pick(({ row }) => row) },
    targetTokens: { shape: [size], data: pick(({ token }) => token) },
    targetWeights: { shape: [size], data: new Float32Array(size).fill(1 / normaliser, 0, targets.length) },
  };
}

const prefixed = (prefix: string, arrays: HostArrays): HostArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${prefix}/${name}`, array]));

/** The last state of every row, from which generation goes on. */
function lastRows({ rows, paddedLength }: SequenceLayout): Int32Array {
  return Int32Array.from(rows, (row, b) => b * paddedLength + row.length - 1);
}

function segmentsOf(entry: SequenceLayout, compression: Compression): { segments: Segment[]; arrays: HostArrays } {
  const segments: Segment[] = [{ fromLayer: 0, layout: entry }];
  const positions = countedPositions(entry);
  const arrays: Record<string, HostArrays[string]> = { positions: { shape: [positions.length], data: positions } };
  for (const point of compression.filter(({ layer }) => layer >= 0)) {
    const before = (segments.at(-1) as Segment).layout;
    const planned = { point, before, after: shortened(before, point.stride) };
    Object.assign(arrays, prefixed(`point${segments.length}`, arraysOf(planned)));
    segments.push({ fromLayer: point.layer, point, layout: planned.after });
  }
  return { segments, arrays };
}

/**
 * Plans one batch.
 *
 * @param rows B encoded rows; text-only rows and rows with any number of groups may be mixed
 * @param normaliser the loss is Σ cross entropy / normaliser; defaults to the supervised tokens of this batch, and is
 *   those of the whole optimizer step under gradient accumulation
 * @param layout pads the rows; by default to one of few lengths
 */
export function planBatch(
  rows: readonly EncodedRow[],
  compression: Compression,
  normaliser?: number,
  layout: (rows: readonly LayoutRow[]) => SequenceLayout = layoutOf,
): BatchPlan {
  const first = compression.find(({ layer }) => layer < 0);
  const entry = layout(rows.map((row) => entryRow(row, first?.stride ?? 1)));
  const { segments, arrays } = segmentsOf(entry, compression);
  const last = (segments.at(-1) as Segment).layout;
  const targets = targetsOf(rows, last);
  const ends = lastRows(last);
  const beforeDecoder = first && plannedBeforeDecoder(rows, first);
  return {
    batch: rows.length,
    visualTokens: rows.reduce((total, row) => total + row.groups.reduce((tokens, { length }) => tokens + length, 0), 0),
    segments,
    ...(beforeDecoder ? { beforeDecoder } : {}),
    supervised: targets.length,
    arrays: {
      ...mergeArrays(rows, entry),
      ...arrays,
      ...(beforeDecoder ? prefixed('beforeDecoder', arraysOf(beforeDecoder)) : {}),
      ...targetArrays(targets, normaliser ?? Math.max(targets.length, 1)),
      lastRows: { shape: [ends.length], data: ends },
    },
  };
}

/** The point that opens segment i. */
export function plannedPoint({ segments }: BatchPlan, i: number): PlannedPoint | undefined {
  const [before, segment] = [segments[i - 1], segments[i]];
  if (!before || !segment?.point) return undefined;
  return { point: segment.point, before: before.layout, after: segment.layout };
}

/** All points of a plan, in the order in which a batch comes by them. */
export function plannedPoints(plan: BatchPlan): PlannedPoint[] {
  const inside = plan.segments.flatMap((_, i) => plannedPoint(plan, i) ?? []);
  return plan.beforeDecoder ? [plan.beforeDecoder, ...inside] : inside;
}
