import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatCompression, FULL, parseCompression, summedVisualTokens } from '../../src/shared/compression.ts';
import { evaluationReportSchema, wilsonInterval, type SettingResult } from '../../src/shared/evaluation.ts';
import { trainMetricsSchema, visionMetricsSchema } from '../../src/shared/metrics.ts';
import { formatRecipe } from '../../src/shared/recipe-yaml.ts';
import type { Recipe } from '../../src/shared/recipe.ts';
import { RUN_FORMAT, runRecordSchema, type RunState } from '../../src/shared/run-record.ts';
import { resolveStages, stageAt } from '../../src/shared/stage.ts';
import { loadPreset } from '../../src/main/studio/presets.ts';

const TIME = '2026-01-02T03:04:05.000Z';
const [DEPTH, VISUAL_TOKENS, BATCH] = [12, 256, 16];
export const QUESTIONS = 1000;

export interface WrittenRun {
  readonly recipe: string;
  readonly seed?: number;
  readonly overrides?: readonly string[];
  /** Optimizer steps: those of the recipe are too many for a test. */
  readonly steps?: number;
  readonly stepMs?: number;
  /** Accuracy at each setting, as `evaluations/test.json`. */
  readonly accuracy?: Readonly<Record<string, number>>;
  readonly state?: RunState;
}

const tokensOf = (notation: string): number => summedVisualTokens([VISUAL_TOKENS], DEPTH, parseCompression(notation));

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function setting(compression: string, accuracy: number): SettingResult {
  const score = { questions: QUESTIONS, correct: Math.round(QUESTIONS * accuracy) };
  const tokens = tokensOf(compression);
  return {
    ...{ compression, score, accuracy: score.correct / QUESTIONS, interval: wilsonInterval(score), byType: {} },
    ...{ visualTokens: tokens, retainedPercent: (100 * tokens) / tokensOf('none') },
    ...{ compressionRatio: (100 * tokensOf('none')) / tokens, flopsPaper: tokens, flopsExact: 2 * tokens },
    ...{ prefillMs: 1, totalMs: 2 },
  };
}

/** Writes an evaluation into a run's folder, as `llavolta evaluate --json` gives it. */
export function writeEvaluation(folder: string, name: string, accuracy: Readonly<Record<string, number>>): void {
  const report = evaluationReportSchema.parse({
    ...{ model: folder, data: '/work/data/test.jsonl', questions: QUESTIONS, images: 100, layers: DEPTH },
    ...{ loadMs: 1, visionMs: 1, durationMs: 1000 },
    settings: Object.entries(accuracy).map(([compression, share]) => setting(compression, share)),
  });
  write(join(folder, 'evaluations', `${name}.json`), JSON.stringify(report));
}

const generalMetrics = (step: number, stepMs: number): object => ({
  ...{ step, epoch: step / 100, samples: step * BATCH, loss: 1 / step, lr: 1e-3, gradNorm: 1, stepMs },
  ...{ memoryBytes: 1e9, tensors: 100, time: TIME },
});

/** One line for each step. FLOPs are one per visual token as the paper counts, and one more for the rest exactly. */
function trainingLines(notations: readonly string[], stepMs: number): object[] {
  let [seen, saved] = [0, 0];
  return notations.map((compression, i) => {
    const tokens = BATCH * tokensOf(compression);
    const full = BATCH * tokensOf('none');
    seen += tokens;
    saved += full - tokens;
    return trainMetricsSchema.parse({
      ...generalMetrics(i + 1, stepMs),
      ...{ stage: 0, compression, visualTokens: tokens, visualTokensPerLayer: [tokens] },
      ...{ compressionRatio: (100 * full) / tokens, visualTokensSeen: seen, visualTokensSaved: saved },
      ...{ flopsPaper: tokens, flopsExact: tokens + full, flopsSavedPaper: saved, flopsSavedExact: saved },
      ...{ supervisedTokens: 10, tokensPerSecond: 100 },
    });
  });
}

const visionLine = (step: number, stepMs: number): object =>
  visionMetricsSchema.parse({ ...generalMetrics(step, stepMs), accuracy: 0.9, imagesPerSecond: 100 });

function stagesOf(recipe: Recipe, steps: number): ReturnType<typeof resolveStages>['stages'] {
  return recipe.phase === 'vision' ? [] : resolveStages(recipe, steps, DEPTH).stages;
}

/**
 * Writes the folder of a run as training leaves it, every file checked against its schema, with made-up figures.
 *
 * @param folder its last part is the run's name
 */
export function writeRun(folder: string, run: WrittenRun): string {
  const { seed = 0, overrides = [], steps = 8, stepMs = 1000, accuracy, state = 'finished' } = run;
  const recipe = loadPreset(run.recipe, [...overrides, `seed=${seed}`]);
  const stages = stagesOf(recipe, steps);
  const record = runRecordSchema.parse({
    ...{ format: RUN_FORMAT, name: basename(folder), createdAt: TIME, updatedAt: TIME, state, workingFolder: '/work' },
    ...{ versions: { tensorflow: '2.21.0', node: 'v20.20.0' }, progress: { step: steps, microBatch: 0 }, totals: {} },
    plan: {
      ...{ phase: recipe.phase, totalSteps: steps, accumulate: 1 },
      stages: stages.map((stage) => ({
        ...{ firstStep: stage.firstStep, untilStep: stage.untilStep },
        compression: formatCompression(stage.compression),
      })),
      model: { parameters: 3e6, trained: 2e6, depth: DEPTH, visualTokensPerImage: VISUAL_TOKENS },
      data: { samples: 4000, rows: 4000, sha256: 'ab' },
    },
    sessions: [],
  });
  const notations = Array.from({ length: steps }, (_, step) =>
    formatCompression(stages.length === 0 ? FULL : stageAt(stages, step).compression),
  );
  const lines =
    recipe.phase === 'vision' ? notations.map((_, i) => visionLine(i + 1, stepMs)) : trainingLines(notations, stepMs);
  write(join(folder, 'recipe.yaml'), formatRecipe(recipe));
  write(join(folder, 'run.json'), JSON.stringify(record));
  write(join(folder, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (accuracy) writeEvaluation(folder, 'test', accuracy);
  return folder;
}
