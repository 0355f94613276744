import { EMBEDDINGS, OUTPUT_HEAD } from '../../model/weight-sources.ts';
import { toHostTensor, type ComputedTensor, type WeightTensor } from '../../model/weight-tensor.ts';

/** Rows of a table come in multiples of this, as transformers' `convert_llava_weights_to_hf` pads them. */
const MULTIPLE = 64;

/**
 * Rows that a model's tables get: 32000 and two new tokens become 32064.
 *
 * @param vocabSize rows that they have
 * @param tokens token ids there are
 */
export function paddedVocabulary(vocabSize: number, tokens: number): number {
  return Math.ceil(Math.max(vocabSize, tokens) / MULTIPLE) * MULTIPLE;
}

/** Mean of the rows of a table of `rows` × `width` values. */
function meanRow(table: Float32Array, rows: number, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < table.length; i++) (sums[i % width] as number) += table[i] as number;
  return sums.map((sum) => sum / rows);
}

/**
 * A table with rows appended that are all the mean of those it has: transformers draws them around it, which would make
 * every conversion another one. Computed when it is used.
 */
function withRows(table: WeightTensor, rows: number): ComputedTensor {
  const [before, width] = table.shape as [number, number];
  const compute = (): Float32Array => {
    const { data } = toHostTensor(table);
    const mean = meanRow(data, before, width);
    const all = new Float32Array(rows * width);
    all.set(data);
    for (let row = before; row < rows; row++) all.set(mean, row * width);
    return all;
  };
  return { shape: [rows, width], compute };
}

/** The weights with embeddings and output head (where there is one) of `rows` rows. */
export function withVocabulary(weights: ReadonlyMap<string, WeightTensor>, rows: number): Map<string, WeightTensor> {
  const all = new Map(weights);
  for (const name of [EMBEDDINGS, OUTPUT_HEAD]) {
    const table = weights.get(name);
    if (table && table.shape[0] !== rows) all.set(name, withRows(table, rows));
  }
  return all;
}
