import { Copy, PackageOpen, Pencil, Play, Square, SquareArrowOutUpRight, Trash2 } from 'lucide-vue-next';
import { useRouter } from 'vue-router';
import type { RunAction, RunSummary } from '../../../../shared/api/runs.ts';
import type { MenuEntry } from '../../components/menu.ts';
import { confirm } from '../../composables/useConfirm.ts';
import { useRuns } from '../../stores/runs.ts';
import { useToasts } from '../../stores/toasts.ts';
import { actionsIn, isOver } from '../run/state/run-actions.ts';

/** Opens a dialog about a run. */
type OpenDialog = (run: RunSummary) => void;

/**
 * What can be done with a run from the table.
 *
 * @param dialogs `edit`: name, tags and note; `leave`: export
 */
export function useRunMenu({ edit, leave }: { readonly edit: OpenDialog; readonly leave: OpenDialog }) {
  const router = useRouter();
  const runs = useRuns();
  const toasts = useToasts();

  const act = (run: RunSummary, action: RunAction): void => void runs.act(run.name, action).catch(toasts.showError);

  /** Deletes runs, having asked. */
  async function remove(chosen: readonly RunSummary[]): Promise<void> {
    const what = chosen.length === 1 ? `the run “${chosen[0]?.title ?? ''}”` : `${chosen.length} runs`;
    const agreed = await confirm({
      title: `Delete ${what}?`,
      text: 'Its folder goes with all checkpoints, metrics and the trained model. This cannot be undone.',
      action: 'Delete',
      isDangerous: true,
    });
    if (!agreed) return;
    for (const { name } of chosen) await runs.remove(name).catch(toasts.showError);
  }

  function entries(run: RunSummary): MenuEntry[] {
    const offered = actionsIn(run.state);
    const go = offered.includes('continue')
      ? [{ label: run.step > 0 ? 'Resume training' : 'Start', icon: Play, run: () => act(run, 'continue') }]
      : [];
    const stop = offered.includes('stop')
      ? [{ label: 'Save and stop', icon: Square, run: () => act(run, 'stop') }]
      : [];
    return [
      { label: 'Open', icon: SquareArrowOutUpRight, run: () => void router.push(`/runs/${run.name}`) },
      { label: 'Name, tags and note…', icon: Pencil, run: () => edit(run) },
      {
        label: 'New training with this recipe',
        icon: Copy,
        run: () => void router.push({ path: '/train', query: { from: run.name } }),
      },
      {
        label: 'Export for Python…',
        icon: PackageOpen,
        disabled: !run.hasModel && run.checkpoint === undefined,
        run: () => leave(run),
      },
      ...go,
      ...stop,
      { separator: true },
      { label: 'Delete…', icon: Trash2, danger: true, disabled: !isOver(run.state), run: () => void remove([run]) },
    ];
  }

  return { entries, remove };
}
