/** The batch that is looked at: its results and a page of its rows, which follow filter and setting. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { BatchDetail } from '../../../../../shared/api/compare.ts';
import type { BatchFilter } from '../../../../../shared/disagreement.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { useBatches } from '../state/batches.ts';

export const ROWS_PER_PAGE = 100;

export function useBatchDetail() {
  const batches = useBatches();
  const toasts = useToasts();
  const id = ref<string>();
  const filter = ref<BatchFilter>('disagreements');
  const setting = ref<string>();
  const offset = ref(0);
  const detail = shallowRef<BatchDetail>();
  const summary = computed(() => batches.list.find((batch) => batch.id === id.value));

  let asked = 0;
  async function load(): Promise<void> {
    const wanted = id.value;
    const mine = ++asked;
    if (wanted === undefined) return void (detail.value = undefined);
    try {
      const page = { offset: offset.value, limit: ROWS_PER_PAGE, filter: filter.value, setting: setting.value };
      const found = await batches.detail(wanted, page);
      // A later question has its answer already.
      if (mine === asked) detail.value = found;
    } catch (error) {
      toasts.showError(error);
    }
  }
  watch(id, () => {
    detail.value = undefined;
    setting.value = undefined;
    filter.value = 'disagreements';
  });
  watch([id, filter, setting], () => (offset.value = 0));
  watch([id, filter, setting, offset, () => summary.value?.state], () => void load(), { flush: 'post' });
  return { id, filter, setting, offset, detail, summary, load };
}
