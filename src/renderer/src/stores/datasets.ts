import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Dataset } from '../../../shared/api/datasets.ts';
import { useConnection } from '../api/events.ts';
import { createLiveMap } from './live-map.ts';

/** The dataset library, kept up to date by events. */
export const useDatasets = defineStore('datasets', () => {
  const datasets = createLiveMap<Dataset>(({ id }) => id);
  const isLoaded = ref(false);
  const connection = useConnection();
  connection.subscribe('snapshot', (snapshot) => {
    datasets.replaceAll(snapshot.datasets);
    isLoaded.value = true;
  });
  connection.subscribe('dataset', ({ dataset }) => datasets.set(dataset));
  connection.subscribe('dataset-removed', ({ id }) => datasets.remove(id));

  const list = computed(() => [...datasets.items.value.values()]);
  const get = (id: string): Dataset | undefined => datasets.items.value.get(id);
  return { list, isLoaded, get };
});
