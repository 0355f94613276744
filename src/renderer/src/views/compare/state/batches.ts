/** Batches: the same questions of a dataset at several settings, as jobs of the studio. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import {
  batchDetailSchema,
  batchListSchema,
  batchSummarySchema,
  type BatchDetail,
  type BatchRequest,
  type BatchSummary,
} from '../../../../../shared/api/compare.ts';
import type { EvaluationProgress } from '../../../../../shared/evaluation.ts';
import type { BatchFilter } from '../../../../../shared/disagreement.ts';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import { read, studio } from '../../../api/client.ts';
import { useConnection } from '../../../api/events.ts';
import { useJobs } from '../../../stores/jobs.ts';
import { useToasts } from '../../../stores/toasts.ts';

/** Which rows of a batch are wanted. */
export interface BatchPage {
  readonly offset: number;
  readonly limit: number;
  readonly filter: BatchFilter;
  /** Compare full with this setting alone; all where left out. */
  readonly setting?: string | undefined;
}

export const useBatches = defineStore('compare-batches', () => {
  /** Newest first. */
  const list = shallowRef<readonly BatchSummary[]>([]);
  const progress = shallowRef<ReadonlyMap<string, EvaluationProgress>>(new Map());
  const isLoaded = ref(false);
  const jobs = useJobs();
  const toasts = useToasts();

  function put(batch: BatchSummary): void {
    const isKnown = list.value.some(({ id }) => id === batch.id);
    list.value = isKnown ? list.value.map((known) => (known.id === batch.id ? batch : known)) : [batch, ...list.value];
  }
  const connection = useConnection();
  // After a break what was running may be over. Nobody tells: a snapshot holds none of these.
  connection.subscribe('snapshot', () => void load().catch(toasts.showError));
  connection.subscribe('batch', (event) => {
    put(event.batch);
    if (event.progress) progress.value = new Map(progress.value).set(event.batch.id, event.progress);
  });

  /** @throws ApiError */
  async function load(): Promise<void> {
    list.value = (await read(batchListSchema, studio.api.compare.batches.$get())).batches;
    isLoaded.value = true;
  }

  /** @returns its id. @throws ApiError */
  async function start(json: BatchRequest): Promise<string> {
    const batch = await read(batchSummarySchema, studio.api.compare.batches.$post({ json }));
    put(batch);
    return batch.id;
  }

  /** @throws ApiError */
  function detail(id: string, { offset, limit, filter, setting }: BatchPage): Promise<BatchDetail> {
    const query = {
      offset: String(offset),
      limit: String(limit),
      filter,
      ...(setting === undefined ? {} : { setting }),
    };
    return read(batchDetailSchema, studio.api.compare.batches[':id'].$get({ param: { id }, query }));
  }

  /** Ends a batch that waits or runs. @throws ApiError */
  async function cancel(id: string): Promise<void> {
    const job = jobs.list.find(({ subject, kind }) => kind === 'evaluate' && subject === id);
    if (job) await jobs.cancel(job.id);
  }

  /** Deletes a batch that is over, with its answers. @throws ApiError */
  async function remove(id: string): Promise<void> {
    await read(doneSchema, studio.api.compare.batches[':id'].$delete({ param: { id } }));
    list.value = list.value.filter((batch) => batch.id !== id);
  }

  return { list, progress, isLoaded, load, start, detail, cancel, remove };
});
