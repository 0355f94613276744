/** Three recipes that cost quite differently. Paths are relative to the workspace; the last one goes on from the first's model. */
export interface BenchRecipe {
  readonly name: string;
  /** What is special about its cost. */
  readonly about: string;
  readonly steps: number;
  /** The recipe, of so many steps. */
  readonly yaml: (steps: number) => string;
}

const DATA = 'data/shapes/train.jsonl';

export const RECIPES: readonly BenchRecipe[] = [
  {
    name: 'four-stages',
    about:
      'the tiny model with the released four stages; the frozen tower runs once per picture, checkpoints on the way',
    steps: 400,
    yaml: (steps) => `name: four-stages
model: { from: tiny }
data: { train: ${DATA}, turns: 2 }
train: { parts: full, visionTower: frozen, cacheFeatures: true }
optimizer: { lr: 1e-3, batchSize: 32, steps: ${steps} }
checkpoint: { every: ${Math.ceil(steps / 4)}, keep: 1 }
scheme: 4stage
`,
  },
  {
    name: 'trained-tower',
    about: 'the small model in two stages, everything trained, gradient checkpointing, pictures read again and again',
    steps: 200,
    yaml: (steps) => `name: trained-tower
model: { from: small }
data: { train: ${DATA}, turns: 2 }
train: { parts: full, visionTower: trained, gradientCheckpointing: true }
optimizer: { lr: 5e-4, batchSize: 16, steps: ${steps} }
checkpoint: { every: 1000, keep: 1 }
scheme: two-stage
`,
  },
  {
    name: 'adapters',
    about: 'LoRA of rank 8 on the first run’s model, two micro-batches a step, compression up to the end',
    steps: 300,
    yaml: (steps) => `name: adapters
model: { from: runs/four-stages/final }
data: { train: ${DATA}, turns: 1 }
train: { parts: lora, lora: { rank: 8, alpha: 16 }, visionTower: frozen }
optimizer: { lr: 1e-3, batchSize: 32, accumulate: 2, steps: ${steps} }
checkpoint: { every: ${Math.ceil(steps / 2)}, keep: 1 }
stages:
  - { compression: 2/16 }
  - { compression: 16/4 }
`,
  },
];
