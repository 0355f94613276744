/** The run's buttons by keyboard and in the command palette. */
import type { Ref } from 'vue';
import type { RunAction } from '../../../../../shared/api/runs.ts';
import { useCommands } from '../../../composables/useCommands.ts';

const COMMANDS: Readonly<Record<RunAction, { readonly label: string; readonly shortcut?: string }>> = {
  pause: { label: 'Pause the training', shortcut: 'p' },
  resume: { label: 'Resume the training', shortcut: 'p' },
  checkpoint: { label: 'Save a checkpoint now', shortcut: 'mod+s' },
  stop: { label: 'Stop the training and save' },
  kill: { label: 'Kill the engine' },
  continue: { label: 'Continue the training' },
};

export interface RunCommandsInput {
  readonly offered: Readonly<Ref<readonly RunAction[]>>;
  readonly isDisabled: (action: RunAction) => boolean;
  readonly ask: (action: RunAction) => Promise<void>;
}

/** Offers what the run's buttons offer. */
export function useRunCommands({ offered, isDisabled, ask }: RunCommandsInput): void {
  useCommands(() =>
    offered.value
      .filter((action) => !isDisabled(action))
      .map((action) => ({
        id: `run-${action}`,
        group: 'Run',
        ...COMMANDS[action],
        run: () => void ask(action),
      })),
  );
}
