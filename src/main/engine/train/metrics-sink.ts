import type { TrainMetrics, VisionMetrics } from '../../../shared/metrics.ts';
import { MetricsWriter } from './metrics-writer.ts';
import { TensorBoardWriter } from './tensorboard.ts';

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The numbers of a step under the names of the field: `grad_norm`, `visual_tokens`, `compression_ratio` … */
export function scalarsOf(metrics: TrainMetrics | VisionMetrics): Record<string, number> {
  const scalars = Object.entries(metrics).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0] !== 'step',
  );
  return Object.fromEntries(scalars.map(([name, value]) => [snakeCase(name), value]));
}

/** Where the metrics of a run go: metrics.jsonl and TensorBoard. */
export class MetricsSink {
  private readonly lines: MetricsWriter;
  private readonly tensorBoard: TensorBoardWriter;
  /** Step of the last line. */
  private written: number | undefined;

  /** @param step optimizer steps done; lines beyond it are cut */
  constructor(folder: string, metricsFile: string, step: number) {
    this.lines = new MetricsWriter(metricsFile, step);
    this.tensorBoard = new TensorBoardWriter(folder, step);
  }

  /** @throws the system's error where the disk is full; calling it again with the same metrics is safe then */
  append(metrics: TrainMetrics | VisionMetrics): void {
    if (this.written !== metrics.step) this.lines.append(metrics);
    this.written = metrics.step;
    this.tensorBoard.append(metrics.step, scalarsOf(metrics));
  }

  /** Makes the lines survive a power cut. */
  async sync(): Promise<void> {
    await this.lines.sync();
  }

  close(): void {
    this.lines.close();
    this.tensorBoard.close();
  }
}
