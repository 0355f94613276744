import { pooledLength } from '../../../shared/compression.ts';
import { segmentMean, type Segments } from '../backend/ops/rows.ts';
import type { HostArrays } from '../backend/host-arrays.ts';
import type { Compressor } from './compressor.ts';
import { layoutAfter, type LayoutRow, type SequenceLayout } from './sequence-layout.ts';

/** One row after pooling, with the pooled place of each of its old tokens (−1: dropped). */
interface PooledRow {
  readonly row: LayoutRow;
  readonly target: Int32Array;
}

/** First old token and number of old tokens behind each new one; text tokens are spans of one. */
function spansOf({ length, groups }: LayoutRow, stride: number): { start: number; size: number }[] {
  const spans: { start: number; size: number }[] = [];
  let at = 0;
  const textUntil = (end: number): void => {
    for (; at < end; at++) spans.push({ start: at, size: 1 });
  };
  for (const group of groups) {
    textUntil(group.start);
    const kept = pooledLength(group.length, stride);
    for (let i = 0; i < kept; i++) spans.push({ start: at + i * stride, size: stride });
    at = group.start + group.length;
  }
  textUntil(length);
  return spans;
}

/** Integer mean of position ids, rounded down: the paper's code averages and truncates. Exact here, in float16 there. */
function meanPosition(positions: Int32Array, start: number, size: number): number {
  let total = 0;
  for (let i = start; i < start + size; i++) total += positions[i] as number;
  return Math.floor(total / size);
}

function pooledGroups({ groups }: LayoutRow, stride: number): LayoutRow['groups'] {
  let removed = 0;
  return groups.map((group) => {
    const length = pooledLength(group.length, stride);
    const start = group.start - removed;
    removed += group.length - length;
    return { start, length };
  });
}

function poolRow(row: LayoutRow, stride: number): PooledRow {
  const spans = spansOf(row, stride);
  const target = new Int32Array(row.length).fill(-1);
  spans.forEach(({ start, size }, s) => target.fill(s, start, start + size));
  return {
    target,
    row: {
      length: spans.length,
      groups: pooledGroups(row, stride),
      positions: Int32Array.from(spans, ({ start, size }) => meanPosition(row.positions, start, size)),
      origin: Int32Array.from(spans, ({ start, size }) => (size === 1 ? (row.origin[start] as number) : -1)),
    },
  };
}

function segmentArrays(before: SequenceLayout, pooled: readonly PooledRow[], paddedAfter: number): HostArrays {
  const rowsBefore = pooled.length * before.paddedLength;
  const rowsAfter = pooled.length * paddedAfter;
  const segments = new Int32Array(rowsBefore).fill(-1);
  const weight = new Float32Array(rowsAfter);
  pooled.forEach(({ target }, b) => {
    target.forEach((to, from) => {
      if (to < 0) return;
      segments[b * before.paddedLength + from] = b * paddedAfter + to;
      weight[b * paddedAfter + to] = (weight[b * paddedAfter + to] as number) + 1;
    });
  });
  return {
    segments: { shape: [rowsBefore], data: segments },
    source: { shape: [rowsBefore], data: segments.map((s) => Math.max(s, 0)) },
    kept: { shape: [rowsBefore, 1], data: Float32Array.from(segments, (s) => (s < 0 ? 0 : 1)) },
    weight: { shape: [rowsAfter, 1], data: weight.map((count) => (count > 0 ? 1 / count : 0)) },
  };
}

/**
 * Average pooling in one dimension, the paper's compressor (Sec. 3.2): every `stride` consecutive visual tokens of a
 * group, in raster order, become their mean; a remainder is dropped; each image or frame is pooled alone. Position ids
 * are averaged too and rounded down; text keeps its own. Semantics equal the released code's where that is sound.
 */
export const averagePool: Compressor = {
  name: 'average-pool',

  plan(before, stride) {
    const pooled = before.rows.map((row) => poolRow(row, stride));
    const after = layoutAfter(
      before,
      pooled.map(({ row }) => row),
    );
    return { after, arrays: segmentArrays(before, pooled, after.paddedLength) };
  },

  apply(states, arrays) {
    return segmentMean(states, arrays as unknown as Segments);
  },
};
