/** Redundancy studies, kept up to date by events; what one has found is fetched when it is looked at. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import {
  studyDetailSchema,
  studyListSchema,
  studySummarySchema,
  type NewStudy,
  type StudyDetail,
  type StudySummary,
} from '../../../../../shared/api/studies.ts';
import type { EvaluationProgress } from '../../../../../shared/evaluation.ts';
import { read, studio } from '../../../api/client.ts';
import { useConnection } from '../../../api/events.ts';
import { createLiveMap } from '../../../stores/live-map.ts';

const routes = studio.api.studies.redundancy;

export const useStudies = defineStore('redundancy-studies', () => {
  const studies = createLiveMap<StudySummary>(({ name }) => name);
  const progress = shallowRef<ReadonlyMap<string, EvaluationProgress>>(new Map());
  const isLoaded = ref(false);

  const connection = useConnection();
  connection.subscribe('snapshot', (snapshot) => {
    studies.replaceAll(snapshot.studies);
    isLoaded.value = true;
  });
  connection.subscribe('study', (event) => {
    studies.set(event.study);
    if (event.progress) progress.value = new Map(progress.value).set(event.study.name, event.progress);
  });
  connection.subscribe('study-removed', ({ name }) => studies.remove(name));

  /** Newest first. */
  const list = computed(() => [...studies.items.value.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt)));
  const get = (name: string): StudySummary | undefined => studies.items.value.get(name);

  /** Also those that a terminal began meanwhile. @throws ApiError */
  async function load(): Promise<void> {
    studies.replaceAll((await read(studyListSchema, routes.$get())).studies);
    isLoaded.value = true;
  }

  /** @throws ApiError */
  function detail(name: string): Promise<StudyDetail> {
    return read(studyDetailSchema, routes[':name'].$get({ param: { name } }));
  }

  /** @returns its name. @throws ApiError */
  async function start(json: NewStudy): Promise<string> {
    const study = await read(studySummarySchema, routes.$post({ json }));
    studies.set(study);
    return study.name;
  }

  /** Goes on with one that was interrupted. @throws ApiError */
  async function resume(name: string): Promise<void> {
    studies.set(await read(studySummarySchema, routes[':name'].resume.$post({ param: { name } })));
  }

  /** Stops one; what is answered stays. @throws ApiError */
  async function cancel(name: string): Promise<void> {
    await read(studySummarySchema, routes[':name'].cancel.$post({ param: { name } }));
  }

  /** Deletes its folder. @throws ApiError while it runs */
  async function remove(name: string): Promise<void> {
    await read(doneSchema, routes[':name'].$delete({ param: { name } }));
    studies.remove(name);
  }

  return { list, progress, isLoaded, get, load, detail, start, resume, cancel, remove };
});
