import { resolveStages, stageAt, type Stage } from '../../../shared/stage.ts';
import type { StagePlan } from '../../../shared/stage-plan.ts';

/**
 * Maps an optimizer step to its stage. It has no state: the step is the trainer's and in its checkpoint, so a resumed run
 * is in the stage it was stopped in, and micro-batches do not move it.
 */
export class StageScheduler {
  readonly stages: readonly Stage[];
  /** Where layers were scaled to the model's depth, in words, to be shown. */
  readonly notices: readonly string[];

  /** @throws InputError where the plan does not fit `totalSteps` or is wrong in itself. */
  constructor(plan: StagePlan, totalSteps: number, depth: number) {
    ({ stages: this.stages, notices: this.notices } = resolveStages(plan, totalSteps, depth));
  }

  /** The stage of optimizer step `step`, from 0. */
  at(step: number): Stage {
    return stageAt(this.stages, step);
  }

  /** Whether a stage begins with this step. */
  isSwitch(step: number): boolean {
    return this.at(step).firstStep === step;
  }
}
