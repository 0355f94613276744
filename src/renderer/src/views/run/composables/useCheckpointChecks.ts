/** Which checkpoints were compared with their manifest, and what came of it. Kept as long as the page is open. */
import { shallowRef, triggerRef, watch } from 'vue';
import { checkpointCheckSchema } from '../../../../../shared/api/runs.ts';
import { read, studio } from '../../../api/client.ts';
import { useToasts } from '../../../stores/toasts.ts';

/** What is known of a checkpoint's files. */
type CheckState = 'checking' | { readonly problem: string | undefined };

export function useCheckpointChecks(run: () => string) {
  const toasts = useToasts();
  const checks = shallowRef(new Map<string, CheckState>());
  watch(run, () => (checks.value = new Map()));

  function set(checkpoint: string, state: CheckState | undefined): void {
    if (state === undefined) checks.value.delete(checkpoint);
    else checks.value.set(checkpoint, state);
    triggerRef(checks);
  }

  /** Reads all files of a checkpoint and compares them with what was saved. */
  async function verify(checkpoint: string): Promise<void> {
    set(checkpoint, 'checking');
    try {
      const request = studio.api.runs[':name'].checkpoints[':checkpoint'].verify.$post({
        param: { name: run(), checkpoint },
      });
      const { problem } = await read(checkpointCheckSchema, request);
      set(checkpoint, { problem });
    } catch (error) {
      set(checkpoint, undefined);
      toasts.showError(error);
    }
  }
  return { checks, verify };
}
