/** What training a model would take, by what is trained: nothing is loaded or run. */
import type { Compression } from './compression.ts';
import type { ModelSize } from './model-size.ts';
import { LORA_DEFAULTS } from './recipe-lora.ts';
import { totalValues, trainedParameters } from './trained-parameters.ts';
import { stepCost, type TrainingMode } from './training-cost.ts';
import { activationBytes, stateMemory, totalState, type StateMemory } from './training-memory.ts';

/** A recipe's `train.parts`. */
const PLANNED_PARTS = ['full', 'lora', 'projector'] as const;
export type PlannedParts = (typeof PLANNED_PARTS)[number];

/** Batch and machine of a plan. */
export interface PlanSettings {
  /** Rows of an optimizer step, all of them one micro-batch. */
  readonly batch: number;
  /** Images of a row. */
  readonly images: number;
  /** Of a row; every one counts as supervised, which is the most there can be. */
  readonly textTokens: number;
  readonly compression: Compression;
  /** Of LoRA adapters on every linear map of the decoder. */
  readonly rank: number;
  /** Rows of an epoch. */
  readonly rows: number;
  readonly flopsPerSecond: number;
}

/** Memory in bytes. */
export interface PlanMemory extends StateMemory {
  readonly activations: number;
  /** Sum of all, though activations go while gradients come. */
  readonly total: number;
}

/** One way to train. */
export interface PlanLine {
  readonly parts: PlannedParts;
  readonly gradientCheckpointing: boolean;
  readonly trainedParameters: number;
  readonly memory: PlanMemory;
  /** Exact FLOPs of forward and backward pass, causal attention counted as such. */
  readonly flopsPerStep: number;
  readonly secondsPerStep: number;
  readonly stepsPerEpoch: number;
  readonly secondsPerEpoch: number;
}

/** The projector is trained beside decoder and adapters; the tower is frozen, as in LLaVA-1.5. */
function modeOf(parts: PlannedParts, rank: number, gradientCheckpointing: boolean): TrainingMode {
  return {
    trainsDecoder: parts === 'full',
    trainsVisionTower: false,
    gradientCheckpointing,
    ...(parts === 'lora' && { lora: { rank, targets: LORA_DEFAULTS.targets } }),
  };
}

function planLine(size: ModelSize, settings: PlanSettings, parts: PlannedParts, checkpointing: boolean): PlanLine {
  const { batch, images, textTokens, compression, rank, rows, flopsPerSecond } = settings;
  const mode = modeOf(parts, rank, checkpointing);
  const groupLengths = Array.from({ length: images }, () => size.visualTokens);
  const row = { groupLengths, textTokens, headTokens: textTokens };
  const state = stateMemory(size, mode);
  const activations = activationBytes(size.shape, row, batch, compression, mode);
  const flopsPerStep = batch * stepCost([row], compression, size.shape, mode, { attention: 'causal' }).flopsExact;
  const [secondsPerStep, stepsPerEpoch] = [flopsPerStep / flopsPerSecond, Math.ceil(rows / batch)];
  return {
    parts,
    gradientCheckpointing: checkpointing,
    trainedParameters: totalValues(trainedParameters(size, mode)),
    memory: { ...state, activations, total: totalState(state) + activations },
    ...{ flopsPerStep, secondsPerStep, stepsPerEpoch, secondsPerEpoch: secondsPerStep * stepsPerEpoch },
  };
}

/**
 * Every way to train, each without and with gradient checkpointing.
 *
 * @throws InputError where the compression does not fit the decoder or an image's tokens
 */
export function trainingPlan(size: ModelSize, settings: PlanSettings): PlanLine[] {
  return PLANNED_PARTS.flatMap((parts) =>
    [false, true].map((checkpointing) => planLine(size, settings, parts, checkpointing)),
  );
}
