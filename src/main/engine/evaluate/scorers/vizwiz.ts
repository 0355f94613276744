import type { Scorer } from './scorer.ts';
import { accuracyKeeper, vqaAccuracy } from './vqa.ts';

/**
 * VizWiz-VQA (Gurari et al. 2018): VQA's accuracy, overall and by kind of answer; `unanswerable` is an answer like any
 * other, and a kind.
 */
export const vizwiz: Scorer = { needs: ['answers'], keeper: () => accuracyKeeper(vqaAccuracy, 'answer') };
