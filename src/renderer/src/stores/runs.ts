import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { doneSchema } from '../../../shared/api/failures.ts';
import { runSummarySchema, type RunAction, type RunChange, type RunSummary } from '../../../shared/api/runs.ts';
import { read, studio } from '../api/client.ts';
import { useConnection } from '../api/events.ts';
import { createLiveMap } from './live-map.ts';

/** All runs as rows, kept up to date by events. */
export const useRuns = defineStore('runs', () => {
  const runs = createLiveMap<RunSummary>(({ name }) => name);
  const isLoaded = ref(false);

  const connection = useConnection();
  connection.subscribe('snapshot', (snapshot) => {
    runs.replaceAll(snapshot.runs);
    isLoaded.value = true;
  });
  connection.subscribe('run', ({ run }) => runs.set(run));
  connection.subscribe('run-removed', ({ name }) => runs.remove(name));

  /** Newest first. */
  const list = computed(() => [...runs.items.value.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt)));
  const get = (name: string): RunSummary | undefined => runs.items.value.get(name);

  /** Changes title, tags or note. @throws ApiError */
  async function change(name: string, json: RunChange): Promise<void> {
    runs.set(await read(runSummarySchema, studio.api.runs[':name'].$patch({ param: { name }, json })));
  }

  /** Pauses, resumes, saves, stops … @throws ApiError where the run is not in a state for it */
  async function act(name: string, action: RunAction): Promise<void> {
    const request = studio.api.runs[':name'].actions.$post({ param: { name }, json: { action } });
    runs.set(await read(runSummarySchema, request));
  }

  /** Deletes the run's folder. @throws ApiError while it is active */
  async function remove(name: string): Promise<void> {
    await read(doneSchema, studio.api.runs[':name'].$delete({ param: { name } }));
    runs.remove(name);
  }

  return { list, isLoaded, get, change, act, remove };
});
