import { useRouter } from 'vue-router';
import type { Dataset } from '../../../../shared/api/datasets.ts';
import { confirm } from '../../composables/useConfirm.ts';
import { useToasts } from '../../stores/toasts.ts';
import { importDataset, removeDataset } from './data-api.ts';

/** What can be done with a dataset of the library. */
export function useDatasetActions(): {
  rescan: (dataset: Dataset) => Promise<void>;
  remove: (dataset: Dataset) => Promise<void>;
} {
  const toasts = useToasts();
  const router = useRouter();

  /** Reads the file again. */
  async function rescan({ file, images, name }: Dataset): Promise<void> {
    await importDataset({ path: file, name, ...(images ? { images } : {}) }).catch(toasts.showError);
  }

  async function remove({ id, name, file }: Dataset): Promise<void> {
    const question = {
      title: `Remove ${name} from the library?`,
      text: `Its files stay where they are (${file}); you can import it again at any time.`,
      action: 'Remove from library',
    };
    if (!(await confirm(question))) return;
    try {
      await removeDataset(id);
      await router.push('/data');
      toasts.show(`${name} is out of the library. Its files stay.`);
    } catch (error) {
      toasts.showError(error);
    }
  }

  return { rescan, remove };
}
