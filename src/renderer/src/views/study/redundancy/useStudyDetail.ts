/** The study that is looked at, which the address names: what it has found is fetched anew whenever its state changes. */
import { computed, shallowRef, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { StudyDetail } from '../../../../../shared/api/studies.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { useStudies } from './studies-store.ts';

export function useStudyDetail() {
  const studies = useStudies();
  const toasts = useToasts();
  const route = useRoute();
  const router = useRouter();
  const name = computed({
    // The newest one is looked at first, and when the one at hand is deleted.
    get: () => {
      const { study } = route.query;
      return typeof study === 'string' && studies.get(study) ? study : studies.list[0]?.name;
    },
    set: (study) => void router.replace({ query: study === undefined ? {} : { study } }),
  });
  const study = computed(() => (name.value === undefined ? undefined : studies.get(name.value)));
  const detail = shallowRef<StudyDetail>();

  let asked = 0;
  async function load(): Promise<void> {
    const mine = ++asked;
    if (name.value === undefined) return void (detail.value = undefined);
    try {
      const found = await studies.detail(name.value);
      // A later question has its answer already.
      if (mine === asked) detail.value = found;
    } catch (error) {
      toasts.showError(error);
    }
  }
  watch(name, () => (detail.value = undefined));
  watch([name, () => study.value?.state], () => void load(), { immediate: true, flush: 'post' });
  return { name, study, detail };
}
