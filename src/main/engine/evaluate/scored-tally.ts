import type { Compression } from '../../../shared/compression.ts';
import type { ModelShape } from '../../../shared/cost.ts';
import type { SettingResult } from '../../../shared/evaluation.ts';
import { Tally } from '../../../shared/tally.ts';
import type { ScoreKeeper } from './scorers/scorer.ts';

/** Scores and costs of one compression setting, with what the benchmark's own rule makes of the answers. */
export class ScoredTally extends Tally {
  readonly keeper: ScoreKeeper;

  constructor(compression: Compression, model: ModelShape, keeper: ScoreKeeper) {
    super(compression, model);
    this.keeper = keeper;
  }

  override result(): SettingResult {
    const metrics = this.keeper.metrics();
    return { ...super.result(), ...(metrics.length > 0 && { metrics }) };
  }
}
