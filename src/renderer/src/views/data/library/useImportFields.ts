import { computed, ref, watch, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { failureOf } from '../../../api/api-error.ts';
import { desktop } from '../../../api/desktop.ts';

/** Where what is imported lies: itself, and its pictures. */
type ImportPath = 'path' | 'images';

/**
 * Fields and steps of a dialog that imports a dataset: paths that can be browsed for, and the import itself, which leads to
 * the new dataset.
 *
 * @param isOpen the dialog; each opening begins with empty fields
 * @param send imports what the fields say and resolves to the dataset
 */
export function useImportFields(isOpen: Ref<boolean>, send: () => Promise<{ readonly id: string }>) {
  const router = useRouter();
  const path = ref('');
  const images = ref('');
  const name = ref('');
  const isBusy = ref(false);
  const failure = ref<ApiFailure>();
  /** Which field is browsed for. */
  const browsed = ref<ImportPath>();
  const isBrowsing = computed({
    get: () => browsed.value !== undefined,
    set: (open) => {
      if (!open) browsed.value = undefined;
    },
  });

  watch(isOpen, (open) => {
    if (!open) return;
    path.value = images.value = name.value = '';
    failure.value = undefined;
  });

  /** In the desktop window the system's own dialog chooses folders. */
  async function browse(field: ImportPath): Promise<void> {
    const shell = desktop();
    if (!shell) return void (browsed.value = field);
    const chosen = await shell.chooseFolder();
    if (chosen !== null) take(field, chosen);
  }

  function take(field: ImportPath, chosen: string): void {
    if (field === 'path') path.value = chosen;
    else images.value = chosen;
  }

  async function start(): Promise<void> {
    isBusy.value = true;
    failure.value = undefined;
    try {
      const { id } = await send();
      isOpen.value = false;
      await router.push(`/data/${encodeURIComponent(id)}`);
    } catch (error) {
      failure.value = failureOf(error);
    } finally {
      isBusy.value = false;
    }
  }

  return { path, images, name, isBusy, failure, browsed, isBrowsing, browse, take, start };
}
