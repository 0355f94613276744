import type { BenchResult } from '../../shared/bench.ts';

/** One engine under one setting, run as a process of its own each time. */
export interface Contender {
  /** Ours is measured, PyTorch is what it is compared with. */
  readonly side: 'ours' | 'torch';
  /** What tells it from the others of its side: `graph`, `eager, head on text`. */
  readonly name: string;
  run(): Promise<BenchResult>;
}
