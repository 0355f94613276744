import { defineStore } from 'pinia';
import { computed } from 'vue';
import { doneSchema } from '../../../shared/api/failures.ts';
import type { StudioJob } from '../../../shared/api/jobs.ts';
import { read, studio } from '../api/client.ts';
import { useConnection } from '../api/events.ts';
import { createLiveMap } from './live-map.ts';

const isActive = ({ state }: StudioJob): boolean => state === 'running' || state === 'stopping';

/** What the studio is busy with. */
export const useJobs = defineStore('jobs', () => {
  const jobs = createLiveMap<StudioJob>(({ id }) => id);
  const connection = useConnection();
  connection.subscribe('snapshot', (snapshot) => jobs.replaceAll(snapshot.jobs));
  connection.subscribe('job', ({ job }) => jobs.set(job));
  connection.subscribe('job-removed', ({ id }) => jobs.remove(id));

  const list = computed(() => [...jobs.items.value.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt)));
  const active = computed(() => list.value.filter(isActive));
  const waiting = computed(() => list.value.filter(({ state }) => state === 'waiting'));
  const get = (id: string): StudioJob | undefined => jobs.items.value.get(id);

  /** Cancels a job; a training saves and leaves. @throws ApiError */
  async function cancel(id: string): Promise<void> {
    await read(doneSchema, studio.api.jobs[':id'].$delete({ param: { id } }));
  }

  return { list, active, waiting, get, cancel };
});
