import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { BudgetKind } from '../../../../../shared/budget-target.ts';
import { PAPER_TEXT_TOKENS } from '../../../../../shared/cost.ts';

/** What is asked for; it stays while other screens are looked at. LLaVA-1.5-7B at VisionZip's 192 tokens first. */
export const useBudgetChoice = defineStore('study-budget', () => ({
  modelId: ref('llava-1.5-7b'),
  textTokens: ref<number | undefined>(PAPER_TEXT_TOKENS),
  kind: ref<BudgetKind>('tokens'),
  /** In the unit of the field. */
  value: ref<number | undefined>(192),
}));
