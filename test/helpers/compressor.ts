import type { CompressionPoint } from '../../src/shared/compression.ts';
import type { CompressorName } from '../../src/shared/compressors.ts';
import { withDeviceArrays } from '../../src/main/engine/backend/host-arrays.ts';
import { tf, type Tensor } from '../../src/main/engine/backend/tensorflow.ts';
import type { Compressed, PlannedPoint, TowerView } from '../../src/main/engine/compressor/compressor.ts';
import { compressorNamed } from '../../src/main/engine/compressor/compressors.ts';
import { flatLength } from '../../src/main/engine/compressor/flat-rows.ts';
import { layoutOf, shortened, type LayoutRow } from '../../src/main/engine/compressor/sequence-layout.ts';

/**
 * A row of a layout: `t` is a text token, `>` the first token of an answer, `#` a visual one; `|` parts two images that
 * touch. Groups are named `<id> 0`, `<id> 1` …
 */
export function layoutRow(text: string, id = 'row'): LayoutRow {
  const words = text.split(' ').filter((word) => word !== '');
  const tokens = words.filter((word) => word !== '|');
  const groups: { id: string; start: number; length: number }[] = [];
  let at = 0;
  words.forEach((word, i) => {
    if (word === '#') {
      const last = groups.at(-1);
      if (last && words[i - 1] === '#') last.length++;
      else groups.push({ id: `${id} ${groups.length}`, start: at, length: 1 });
    }
    if (word !== '|') at++;
  });
  const answers = tokens.flatMap((word, i) => (word === '>' ? [i] : []));
  return {
    length: tokens.length,
    groups,
    origin: Int32Array.from(tokens, (word, i) => (word === '#' ? -1 : i)),
    answers: answers.length > 0 ? answers : [tokens.length],
  };
}

/** A point of a batch of rows. */
export function plannedPoint(rows: readonly LayoutRow[], point: CompressionPoint): PlannedPoint {
  const before = layoutOf(rows);
  return { point, before, after: shortened(before, point.stride) };
}

/** What a point made of a batch, in host memory: one list for each row of the batch, padding included. */
export interface CompressedRows {
  /** Of each token, its state's values. */
  readonly states: number[][][];
  readonly positions: number[][];
  /** Where each token before the point went, counted within its row; −1 where it was dropped. */
  readonly assignment: number[][];
}

const rowsOf = <T>(values: readonly T[], count: number): T[][] => {
  const width = values.length / count;
  return Array.from({ length: count }, (_, b) => values.slice(b * width, (b + 1) * width));
};

function compressedRows({ states, positions, assignment }: Compressed, { after }: PlannedPoint): CompressedRows {
  const count = after.rows.length;
  const values = rowsOf([...states.dataSync()], states.shape[0]);
  return {
    states: rowsOf(values, count),
    positions: rowsOf([...positions.dataSync()], count),
    assignment: rowsOf([...assignment.dataSync()], count).map((row, b) =>
      row.map((to) => (to < 0 ? -1 : to - b * after.paddedLength)),
    ),
  };
}

type SeenToken = { readonly attention: number; readonly keys: readonly (readonly number[])[] };

const towerView = (tokens: readonly SeenToken[]): TowerView => ({
  attention: tf.tensor1d(tokens.map(({ attention }) => attention)),
  keys: tf.tensor3d(tokens.map(({ keys }) => keys.map((key) => [...key]))),
});

/**
 * Runs a compressor on values.
 *
 * @param states of each row, of each of its tokens; padding is 0
 * @param options `attention` [B, Q, T] where it ranks by it; `positions` of each row where they are not 0, 1, 2 …
 */
export function compressRows(
  name: CompressorName,
  rows: readonly LayoutRow[],
  stride: number,
  states: readonly (readonly (readonly number[])[])[],
  options: {
    readonly layer?: number;
    readonly positions?: readonly (readonly number[])[];
    readonly attention?: (places: readonly number[]) => number[][];
    /** What the tower thinks of each token of each row; keys by head. */
    readonly tower?: readonly (readonly SeenToken[])[];
    /** [D, S·D] */
    readonly weight?: readonly (readonly number[])[];
  } = {},
): CompressedRows {
  const planned = plannedPoint(rows, { layer: options.layer ?? 2, stride, compressor: name });
  const { paddedLength } = planned.before;
  const width = states[0]?.[0]?.length ?? 1;
  const padded = <T>(row: readonly T[], empty: T): T[] =>
    Array.from({ length: paddedLength }, (_, t) => row[t] ?? empty);
  const flat = states.flatMap((row) => padded(row, Array<number>(width).fill(0)));
  const places = rows.flatMap((row, b) =>
    padded(options.positions?.[b] ?? Array.from({ length: row.length }, (_, t) => t), 0),
  );
  const compressor = compressorNamed(name);
  const arrays = compressor.plan(planned);
  return withDeviceArrays(arrays, (device) => {
    let result: CompressedRows | undefined;
    tf.tidy(() => {
      const queries = [...(arrays['queries']?.data ?? [])];
      const asked = options.attention?.(queries);
      const attention: Tensor | undefined =
        asked && tf.tensor(asked.flat(), [rows.length, queries.length / rows.length, paddedLength]);
      const seen = options.tower?.flatMap((row) => padded(row, { attention: 9, keys: row[0]?.keys ?? [] }));
      const compressed = compressor.apply(tf.tensor2d(flat.flat(), [flat.length, width]), device, {
        positions: tf.tensor1d(places, 'int32'),
        rowsAfter: flatLength(planned.after),
        ...(attention && { attention }),
        ...(seen && { tower: towerView(seen) }),
        ...(options.weight && { weight: tf.tensor2d(options.weight as number[][]) }),
      });
      result = compressedRows(compressed, planned);
    });
    return result as CompressedRows;
  });
}
