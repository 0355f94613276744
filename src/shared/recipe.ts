import { z } from 'zod';
import { scaleCompression, visualTokensPerLayer, parseCompression } from './compression.ts';
import { InputError } from './errors.ts';
import { PAPER_DEPTH, instructFields, visionFields, type ModelPart } from './recipe-fields.ts';
import { findStageProblem, type StagePlan } from './stage-plan.ts';

type WrittenInstructRecipe = z.output<typeof instructFields>;

/** A recipe for training the vision tower alone. */
export type VisionRecipe = z.output<typeof visionFields>;

/** A recipe as written: the stages of an instruction tuning may be the name of a preset. */
export type WrittenRecipe = WrittenInstructRecipe | VisionRecipe;

/** A recipe for training on conversations, stages in hand. */
export type InstructRecipe = Omit<WrittenInstructRecipe, 'stages' | 'scheme' | 'stageDepth'> & StagePlan;

export type Recipe = InstructRecipe | VisionRecipe;

type Problem = { readonly path: readonly PropertyKey[]; readonly rule: string; readonly hint?: string };

function* optimizerProblems({ optimizer }: WrittenRecipe): Generator<Problem> {
  const { steps, epochs, batchSize, accumulate } = optimizer;
  if (steps === undefined && epochs === undefined) {
    yield { path: ['optimizer'], rule: 'needs steps or epochs, the length of the run' };
  }
  if (steps !== undefined && epochs !== undefined) {
    yield { path: ['optimizer', 'epochs'], rule: 'must not stand beside steps: give one of the two' };
  }
  if (batchSize % accumulate !== 0) {
    yield { path: ['optimizer', 'accumulate'], rule: `must divide batchSize ${batchSize} without remainder` };
  }
}

function* partProblems({ train }: WrittenInstructRecipe): Generator<Problem> {
  const { parts, lora, decoderLayers, projector, visionTower, visionLayers } = train;
  const isProjectorOnly = parts === 'projector';
  if (lora && parts !== 'lora') {
    yield { path: ['train', 'lora'], rule: `must not stand where parts is ${parts}`, hint: 'Set parts: lora' };
  }
  if (isProjectorOnly && projector === 'frozen') {
    yield { path: ['train', 'projector'], rule: 'must be trained where parts is projector: nothing else is' };
  }
  if (isProjectorOnly && decoderLayers !== undefined) {
    yield { path: ['train', 'decoderLayers'], rule: 'must not stand where parts is projector: the decoder is frozen' };
  }
  if (visionTower === 'frozen' && visionLayers !== undefined) {
    yield { path: ['train', 'visionLayers'], rule: 'must not stand where visionTower is frozen' };
  }
}

function* towerProblems({ train }: WrittenInstructRecipe): Generator<Problem> {
  if (train.visionTower === 'frozen') return;
  if (train.parts === 'projector') {
    yield {
      path: ['train', 'visionTower'],
      rule: 'must be frozen where parts is projector: only the projector is trained',
    };
  }
  if (train.cacheFeatures) {
    yield { path: ['train', 'cacheFeatures'], rule: 'must be false where visionTower is trained: its features change' };
  }
}

function* rateProblems({ train, optimizer }: WrittenInstructRecipe): Generator<Problem> {
  const { projector, decoder, visionTower } = optimizer.lrs ?? {};
  const frozen = (part: ModelPart): Problem => ({
    path: ['optimizer', 'lrs', part],
    rule: 'must not stand: this part is not trained',
  });
  if (projector !== undefined && train.projector === 'frozen') yield frozen('projector');
  if (decoder !== undefined && train.parts === 'projector') yield frozen('decoder');
  if (visionTower !== undefined && train.visionTower === 'frozen') yield frozen('visionTower');
}

function* stageProblems(recipe: WrittenInstructRecipe): Generator<Problem> {
  const { stages, scheme, stageDepth, optimizer } = recipe;
  if (stages && scheme !== undefined) {
    yield { path: ['scheme'], rule: 'must not stand beside stages: give one of the two' };
  } else if (stages) {
    const problem = findStageProblem({ stages, stageDepth: stageDepth ?? PAPER_DEPTH }, optimizer.steps);
    if (problem) yield problem;
  } else if (scheme === undefined) {
    yield { path: [], rule: 'needs stages or scheme', hint: 'Without compression: scheme: reproduce' };
  } else if (stageDepth !== undefined) {
    yield { path: ['stageDepth'], rule: `must not stand beside scheme: ${scheme} gives its own` };
  }
}

function* problemsBetweenFields(recipe: WrittenRecipe): Generator<Problem> {
  yield* optimizerProblems(recipe);
  if (recipe.phase === 'vision') return;
  yield* partProblems(recipe);
  yield* towerProblems(recipe);
  yield* rateProblems(recipe);
  yield* stageProblems(recipe);
}

function withDefaultPhase(value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !('phase' in value) ? { ...value, phase: 'instruct' } : value;
}

/** A recipe file. The phase is `instruct` unless it says otherwise. */
export const recipeSchema = z
  .preprocess(withDefaultPhase, z.discriminatedUnion('phase', [instructFields, visionFields]))
  .superRefine((recipe, context) => {
    for (const { path, rule, hint } of problemsBetweenFields(recipe)) {
      context.addIssue({ code: 'custom', path: [...path], message: rule, params: { hint } });
    }
  });

/**
 * The recipe with its stages in hand.
 *
 * @param planOf the stages of a preset; throws InputError where there is none of that name
 */
export function withStages(written: WrittenRecipe, planOf: (scheme: string) => StagePlan): Recipe {
  if (written.phase === 'vision') return written;
  const { stages, scheme, stageDepth, ...others } = written;
  if (stages) return { ...others, stages, stageDepth: stageDepth ?? PAPER_DEPTH };
  return { ...others, ...planOf(scheme ?? '') };
}

/** What a recipe depends on in the model it trains. */
export interface ModelFacts {
  /** Decoder layers. */
  readonly depth: number;
  /** Visual tokens of one image before compression. */
  readonly visualTokens: number;
  /** Layers of the vision tower that its features come through. */
  readonly visionLayers: number;
}

function checkStagesAgainstModel({ stages, stageDepth }: InstructRecipe, { depth, visualTokens }: ModelFacts): void {
  for (const [index, stage] of stages.entries()) {
    try {
      const given = parseCompression(stage.compression, stage.compressor);
      visualTokensPerLayer([visualTokens], depth, scaleCompression(given, stageDepth, depth));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError({ ...error.problem, field: `stages[${index}].compression`, value: stage.compression });
    }
  }
}

/** A recipe cannot train more layers at the end of a part than there are. */
function checkLayerCounts({ train }: InstructRecipe, { depth, visionLayers }: ModelFacts): void {
  const limits = {
    decoderLayers: [depth, 'the decoder layers of the model'],
    visionLayers: [visionLayers, 'the layers of its vision tower that features come through'],
  } as const;
  for (const field of ['decoderLayers', 'visionLayers'] as const) {
    const [limit, meaning] = limits[field];
    const value = train[field];
    if (value === undefined || value <= limit) continue;
    const rule = `must be at most ${limit}, ${meaning}`;
    throw new InputError({ field: `train.${field}`, value, rule, hint: 'Leave it out to train all of them' });
  }
}

/**
 * Checks what a recipe's file alone cannot tell: that each stage leaves an image at least one token and fits its patch grid,
 * and that the model has the layers that are to be trained.
 *
 * @throws InputError naming the field and the limit.
 */
export function checkRecipeAgainstModel(recipe: Recipe, facts: ModelFacts, file?: string): void {
  if (recipe.phase === 'vision') return;
  try {
    checkLayerCounts(recipe, facts);
    checkStagesAgainstModel(recipe, facts);
  } catch (error) {
    if (!(error instanceof InputError) || file === undefined) throw error;
    throw new InputError({ ...error.problem, file }, { cause: error });
  }
}

/**
 * Checks that adapters have something to stand beside.
 *
 * @param sizes the names that mean random weights
 * @throws InputError where a recipe for adapters starts from one of them
 */
export function checkAdapterBase(recipe: Recipe, sizes: readonly string[]): void {
  const { from } = recipe.model;
  if (recipe.phase === 'vision' || recipe.train.parts !== 'lora' || !sizes.includes(from)) return;
  const rule = 'must be a trained model: adapters stand beside its weights, and a size has none';
  throw new InputError({ field: 'model.from', value: from, rule, hint: 'Name a model folder or a run' });
}
