/** Buttons of a run: what is asked for shows at once, is confirmed by an event, and outlives a reload of the page. */
import { computed, onScopeDispose, ref, watch } from 'vue';
import type { RunAction, RunSummary } from '../../../../../shared/api/runs.ts';
import { confirm } from '../../../composables/useConfirm.ts';
import { useRuns } from '../../../stores/runs.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { restorePending, storePending } from '../state/pending-action.ts';
import { PATIENCE_MS, PENDING_TIMEOUT_MS, actionsIn, isConfirmed, type PendingAction } from '../state/run-actions.ts';

const LOOK_AGAIN_MS = 1000;

/** What is lost by ending an engine without asking. */
const KILL_QUESTION = {
  title: 'End the engine without saving?',
  text: 'Steps since the last checkpoint are lost. The run can be continued from there. “Stop and save” loses nothing.',
  action: 'End it',
  isDangerous: true,
} as const;

/**
 * @param name of the run
 * @param summary of the run, as the studio tells it
 */
export function useRunActions(name: () => string, summary: () => RunSummary | undefined) {
  const runs = useRuns();
  const toasts = useToasts();
  const pending = ref<PendingAction>();
  const now = ref(Date.now());
  const clock = setInterval(() => (now.value = Date.now()), LOOK_AGAIN_MS);
  onScopeDispose(() => clearInterval(clock));

  function setPending(next: PendingAction | undefined): void {
    pending.value = next;
    storePending(sessionStorage, name(), next);
  }

  watch(name, (run) => (pending.value = restorePending(sessionStorage, run, Date.now())), { immediate: true });
  watch([summary, now], () => {
    const run = summary();
    if (!pending.value || !run) return;
    const isOld = now.value - pending.value.askedAt > PENDING_TIMEOUT_MS;
    if (isOld || isConfirmed(pending.value, run)) setPending(undefined);
  });

  /** Asks for an action; ending the engine asks the user first. */
  async function ask(action: RunAction): Promise<void> {
    if (action === 'kill' && !(await confirm(KILL_QUESTION))) return;
    const run = summary();
    if (!run) return;
    const { state, checkpoint } = run;
    setPending({ action, askedAt: Date.now(), before: { state, checkpoint } });
    try {
      await runs.act(name(), action);
    } catch (error) {
      setPending(undefined);
      toasts.showError(error);
    }
  }

  /** The buttons that make sense now. While one is on its way, the engine can still be ended. */
  const offered = computed(() => actionsIn(summary()?.state ?? 'finished'));
  const isPatient = computed(() => pending.value !== undefined && now.value - pending.value.askedAt > PATIENCE_MS);
  const isDisabled = (action: RunAction): boolean => pending.value !== undefined && action !== 'kill';

  return { pending, offered, isPatient, isDisabled, ask };
}
