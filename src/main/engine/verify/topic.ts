import type { Outcome } from './compare.ts';
import type { CaseFolder } from './case-folder.ts';
import type { ReferenceModel } from './reference-model.ts';

/** A check without the case's name. */
export interface Finding extends Outcome {
  readonly topic: string;
  readonly name: string;
}

/** Checks that need the model run. A topic whose files the case does not have yields nothing. */
export type ModelTopic = (folder: CaseFolder, model: ReferenceModel) => AsyncGenerator<Finding>;

/** Checks of what comes before the model: text and pixels. */
export type DataTopic = (folder: CaseFolder) => AsyncGenerator<Finding>;
