/** Measurements of attention by depth, as jobs of the studio. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import {
  attentionListSchema,
  attentionStudySchema,
  type AttentionStudy,
  type NewAttention,
} from '../../../../../shared/api/attention.ts';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import { read, studio } from '../../../api/client.ts';
import { useConnection } from '../../../api/events.ts';
import { useJobs } from '../../../stores/jobs.ts';
import { useToasts } from '../../../stores/toasts.ts';

export const useAttention = defineStore('study-attention', () => {
  /** Newest first. */
  const list = shallowRef<readonly AttentionStudy[]>([]);
  const isLoaded = ref(false);
  const jobs = useJobs();
  const toasts = useToasts();

  function put(study: AttentionStudy): void {
    const isKnown = list.value.some(({ id }) => id === study.id);
    list.value = isKnown ? list.value.map((known) => (known.id === study.id ? study : known)) : [study, ...list.value];
  }
  const connection = useConnection();
  // After a break what was running may be over. Nobody tells: a snapshot holds none of these.
  connection.subscribe('snapshot', () => void load().catch(toasts.showError));
  connection.subscribe('attention', ({ study }) => put(study));

  /** @throws ApiError */
  async function load(): Promise<void> {
    list.value = (await read(attentionListSchema, studio.api.attention.$get())).studies;
    isLoaded.value = true;
  }

  /** @returns its id. @throws ApiError */
  async function start(json: NewAttention): Promise<string> {
    const study = await read(attentionStudySchema, studio.api.attention.$post({ json }));
    put(study);
    return study.id;
  }

  /** @throws ApiError */
  async function cancel(id: string): Promise<void> {
    const job = jobs.list.find(({ subject, kind }) => kind === 'study' && subject === id);
    if (job) await jobs.cancel(job.id);
  }

  /** Deletes a measurement that is over. @throws ApiError */
  async function remove(id: string): Promise<void> {
    await read(doneSchema, studio.api.attention[':id'].$delete({ param: { id } }));
    list.value = list.value.filter((study) => study.id !== id);
  }

  return { list, isLoaded, load, start, cancel, remove };
});
