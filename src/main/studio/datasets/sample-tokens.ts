import type { SampleTokens } from '../../../shared/api/datasets.ts';
import { modalityAt } from '../../../shared/dataset-index.ts';
import { conflict, notFound } from '../request-error.ts';
import type { DatasetIndex } from './dataset-index.ts';
import { runDatasetJob } from './dataset-job.ts';

/** Counts are kept for as many samples. */
const KEPT = 500;
const known = new Map<string, Promise<SampleTokens>>();

async function count(index: DatasetIndex, record: number, model: string, visualTokens: number): Promise<SampleTokens> {
  const { file, images } = index.head;
  const [start, length] = [index.columns.starts[record] ?? 0, index.columns.lengths[record] ?? 0];
  const job = { kind: 'tokens', model, file, images, start, length, visualTokens } as const;
  const result = await runDatasetJob(job, () => undefined);
  if (result.type !== 'tokens') throw new Error('a tokens job ends with tokens');
  const { textTokens, supervisedTokens, groups } = result;
  return { textTokens, supervisedTokens, groups, visualTokensPerImage: visualTokens };
}

/**
 * A sample in tokens, by the engine's own tokenizer in a process of its own.
 *
 * @param model folder of a model that has a tokenizer
 * @throws RequestError where the sample is broken, InputError where the tokenizer cannot be read
 */
export function sampleTokens(
  index: DatasetIndex,
  record: number,
  model: string,
  visualTokens: number,
): Promise<SampleTokens> {
  if (record >= index.head.records) throw notFound(`sample ${record}`);
  if (modalityAt(index.columns, record) === undefined) throw conflict('The sample is broken', 'Take another one');
  const key = `${model} ${index.head.file} ${index.head.mtimeMs} ${record}`;
  const counted = known.get(key) ?? count(index, record, model, visualTokens);
  counted.catch(() => known.delete(key));
  if (known.size >= KEPT) known.clear();
  known.set(key, counted);
  return counted;
}
