/** The models that a budget can be for: the paper's, and those of the workspace. */
import { computed, type ComputedRef } from 'vue';
import { PAPER_MODELS } from '../../../../../shared/paper-model.ts';
import type { ModelShape } from '../../../../../shared/cost.ts';
import { useModels } from '../../../stores/models.ts';

export interface SizedModel {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly shape: ModelShape;
  readonly visualTokens: number;
  /** Whether it is here with trained weights. */
  readonly answers: boolean;
}

const NAMES: Readonly<Record<string, string>> = { 'llava-1.5-7b': 'LLaVA-1.5-7B', 'llava-1.5-13b': 'LLaVA-1.5-13B' };
const PAPER: readonly SizedModel[] = [...PAPER_MODELS].map(([id, { shape, visualTokens }]) => ({
  ...{ id, label: NAMES[id] ?? id, hint: 'the paper’s', shape, visualTokens, answers: false },
}));
const HINTS = { size: 'size', folder: 'folder', final: 'finished', checkpoint: 'checkpoint' } as const;

export function useBudgetModels(): ComputedRef<readonly SizedModel[]> {
  const models = useModels();
  return computed(() => [
    ...PAPER,
    ...models.list.map(({ id, label, kind, shape, visualTokensPerImage: visualTokens }) => ({
      ...{ id, label, hint: HINTS[kind], shape, visualTokens, answers: kind !== 'size' },
    })),
  ]);
}
