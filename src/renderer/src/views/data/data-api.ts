/** What the data screen asks of the studio. All throw ApiError. */
import {
  datasetDetailSchema,
  datasetSchema,
  datasetStatsSchema,
  samplePageSchema,
  sampleSchema,
  sampleTokensSchema,
  type BenchmarkDataset,
  type Dataset,
  type DatasetDetail,
  type DatasetStats,
  type ExampleDataset,
  type NewDataset,
  type Sample,
  type SamplePage,
  type SampleTokens,
} from '../../../../shared/api/datasets.ts';
import { doneSchema } from '../../../../shared/api/failures.ts';
import { presetListSchema, type Preset } from '../../../../shared/api/recipes.ts';
import { read, studio } from '../../api/client.ts';

const datasets = studio.api.datasets;
const cancelledBy = (signal: AbortSignal) => ({ init: { signal } });

export const fetchDataset = (id: string, signal: AbortSignal): Promise<DatasetDetail> =>
  read(datasetDetailSchema, datasets[':id'].$get({ param: { id } }, cancelledBy(signal)));

/** Begins to read a conversation file; events tell how far it is. */
export const importDataset = (json: NewDataset): Promise<Dataset> => read(datasetSchema, datasets.$post({ json }));

/** Begins to make a dataset of a benchmark's published files. */
export const importBenchmark = (json: BenchmarkDataset): Promise<Dataset> =>
  read(datasetSchema, datasets.benchmarks.$post({ json }));

/** Begins to make or download a dataset. */
export const getExample = (source: ExampleDataset['source']): Promise<Dataset> =>
  read(datasetSchema, datasets.examples.$post({ json: { source } }));

/** Takes a dataset out of the library. Its files stay. */
export const removeDataset = (id: string): Promise<unknown> =>
  read(doneSchema, datasets[':id'].$delete({ param: { id } }));

/** @param query of the filters: `filtersToQuery` */
export function fetchSamples(
  id: string,
  query: Readonly<Record<string, string>>,
  place: { offset: number; limit: number },
  signal: AbortSignal,
): Promise<SamplePage> {
  const whole = { ...query, offset: String(place.offset), limit: String(place.limit) };
  return read(samplePageSchema, datasets[':id'].samples.$get({ param: { id }, query: whole }, cancelledBy(signal)));
}

export const fetchSample = (id: string, index: number, signal: AbortSignal): Promise<Sample> =>
  read(
    sampleSchema,
    datasets[':id'].samples[':index'].$get({ param: { id, index: String(index) } }, cancelledBy(signal)),
  );

export const fetchTokens = (id: string, index: number, model: string, signal: AbortSignal): Promise<SampleTokens> =>
  read(
    sampleTokensSchema,
    datasets[':id'].samples[':index'].tokens.$get(
      { param: { id, index: String(index) }, query: { model } },
      cancelledBy(signal),
    ),
  );

export const fetchStats = (id: string, signal: AbortSignal): Promise<DatasetStats> =>
  read(datasetStatsSchema, datasets[':id'].stats.$get({ param: { id } }, cancelledBy(signal)));

export const fetchPresets = async (signal: AbortSignal): Promise<Preset[]> =>
  (await read(presetListSchema, studio.api.recipes.$get({}, cancelledBy(signal)))).presets;
