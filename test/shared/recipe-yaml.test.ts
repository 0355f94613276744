import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/shared/errors.ts';
import { checkRecipeAgainstModel, withStages, type Recipe } from '../../src/shared/recipe.ts';
import { formatRecipe, parseRecipe } from '../../src/shared/recipe-yaml.ts';

const RECIPE = `name: four stages
model: { from: small, tower: runs/tower/final }
data:
  train: data/train.jsonl
train: { cacheFeatures: true }
optimizer:
  lr: 1e-3
  batchSize: 16
  steps: 600
stages:
  - { share: 0.25, compression: 2/8 }
  - { share: 0.25, compression: '16/8' }
  - { share: 0.5, compression: none }
`;

/** The message that a recipe gets. */
function messageOf(text: string, overrides: readonly string[] = []): string {
  try {
    parseRecipe(text, 'recipe.yaml', overrides);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  return 'no problem';
}

describe('reading a recipe', () => {
  it('fills in the defaults', () => {
    const recipe = parseRecipe(RECIPE, 'recipe.yaml');
    expect(recipe).toEqual({
      name: 'four stages',
      description: '',
      seed: 0,
      phase: 'instruct',
      model: { from: 'small', tower: 'runs/tower/final' },
      data: { train: 'data/train.jsonl', maxLength: 2048, turns: 'multi', conversation: 'auto', frames: 8 },
      train: {
        ...({ parts: 'full', projector: 'trained', visionTower: 'frozen', cacheFeatures: true } as const),
        ...({ precision: 'float32', gradientCheckpointing: false } as const),
      },
      optimizer: {
        lr: 1e-3,
        warmupRatio: 0.03,
        schedule: 'cosine',
        weightDecay: 0,
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        maxGradNorm: 1,
        batchSize: 16,
        accumulate: 1,
        steps: 600,
      },
      checkpoint: { every: 100, keep: 3 },
      stages: [
        { share: 0.25, compression: '2/8', compressor: 'average-pool' },
        { share: 0.25, compression: '16/8', compressor: 'average-pool' },
        { share: 0.5, compression: 'none', compressor: 'average-pool' },
      ],
    });
  });

  it('gives layers for 32 decoder layers unless it says otherwise', () => {
    const noPresets = (): never => expect.unreachable();
    expect(withStages(parseRecipe(RECIPE, 'recipe.yaml'), noPresets)).toMatchObject({ stageDepth: 32 });
    expect(withStages(parseRecipe(`${RECIPE}stageDepth: 24\n`, 'recipe.yaml'), noPresets)).toMatchObject({
      stageDepth: 24,
    });
  });

  it('takes the stages of a preset', () => {
    const written = parseRecipe(RECIPE.replace(/stages:[^]*/, 'scheme: two-stage\n'), 'recipe.yaml');
    const plan = { stages: [{ compression: '2/8', compressor: 'average-pool' as const }], stageDepth: 40 };
    const recipe = withStages(written, (scheme) => (scheme === 'two-stage' ? plan : expect.unreachable()));
    expect(recipe).toMatchObject(plan);
    expect(recipe).not.toHaveProperty('scheme');
  });

  it('reads a recipe for the vision tower', () => {
    const text = `name: tower
phase: vision
model: { from: small }
data: { train: data/train.jsonl }
vision: { augment: none, minimumQuestionCount: 50 }
optimizer: { lr: 2e-3, batchSize: 64, epochs: 3 }
`;
    expect(parseRecipe(text, 'tower.yaml')).toMatchObject({
      phase: 'vision',
      vision: { augment: 'none', minimumQuestionCount: 50, maximumShift: 6 },
      optimizer: { epochs: 3 },
    });
    expect(messageOf(`${text}stages: []\n`)).toBe(
      'recipe.yaml:7:1: stages: is not a field of a recipe of phase vision. There are: name, description, seed, phase, model, data, vision, optimizer, checkpoint',
    );
  });
});

describe('a recipe that breaks a rule', () => {
  it.each<[string, readonly [RegExp | string, string], string]>([
    [
      'an unknown key',
      ['lr: 1e-3', 'lrr: 1e-3'],
      'recipe.yaml:7:3: optimizer.lrr: is not a field of a recipe. Did you mean lr?',
    ],
    [
      'a key of another group',
      ['train: {', 'lr: 1\ntrain: {'],
      'recipe.yaml:5:1: lr: is not a field of a recipe. Did you mean optimizer.lr?',
    ],
    [
      'an unknown key of a stage',
      ['share: 0.5', 'shares: 0.5'],
      'recipe.yaml:13:7: stages[2].shares: is not a field of a recipe. Did you mean share?',
    ],
    ['NaN', ['1e-3', '.nan'], 'recipe.yaml:7:7: optimizer.lr: must be a finite number (found ".nan")'],
    ['infinity', ['1e-3', '1e999'], 'recipe.yaml:7:7: optimizer.lr: must be a finite number (found "1e999")'],
    [
      'a negative learning rate',
      ['1e-3', '-1e-3'],
      'recipe.yaml:7:7: optimizer.lr: must be more than 0 (found -0.001)',
    ],
    [
      'batch 0',
      ['batchSize: 16', 'batchSize: 0'],
      'recipe.yaml:8:14: optimizer.batchSize: must be 1 or more (found 0)',
    ],
    [
      'half a sample',
      ['batchSize: 16', 'batchSize: 1.5'],
      'recipe.yaml:8:14: optimizer.batchSize: must be a whole number (found 1.5)',
    ],
    [
      'micro-batches that do not fit',
      ['batchSize: 16', 'batchSize: 16\n  accumulate: 3'],
      'recipe.yaml:9:15: optimizer.accumulate: must divide batchSize 16 without remainder (found 3)',
    ],
    ['text for a number', ['1e-3', 'fast'], 'recipe.yaml:7:7: optimizer.lr: must be a finite number (found "fast")'],
    ['a missing field', ['  lr: 1e-3\n', ''], 'recipe.yaml:7:3: optimizer.lr: is missing: it must be a finite number'],
    [
      'a wrong choice',
      ['cacheFeatures: true', 'parts: all'],
      'recipe.yaml:5:17: train.parts: must be one of full, projector, lora (found "all")',
    ],
    [
      'an unknown phase',
      ['name:', 'phase: dance\nname:'],
      'recipe.yaml:1:8: phase: must be instruct or vision (found "dance")',
    ],
    [
      'a layer beyond the depth',
      ['2/8', '32/8'],
      'recipe.yaml:11:33: stages[0].compression: layer must be between -1 and 31: the layers are given for a decoder of 32 (found "32/8"). stageDepth says for which depth they are given',
    ],
    [
      'a stride of 0',
      ['2/8', '2/0'],
      'recipe.yaml:11:33: stages[0].compression: stride S must be 1 (no compression) or more (found "2/0")',
    ],
    [
      'no notation',
      ['2/8', '2 by 8'],
      `recipe.yaml:11:33: stages[0].compression: must be 'none' or points K/S joined by '+', e.g. '2/8', '2/2+4/2' or '2/8:k-means' (found "2 by 8")`,
    ],
    [
      'a stage without steps',
      ['steps: 600', 'steps: 2'],
      "recipe.yaml:12:5: stages[1]: must last at least one of the run's 2 steps: it begins at 1 and ends at 1",
    ],
    ['no stages', [/stages:[^]*/, 'stages: []\n'], 'recipe.yaml:10:9: stages: must have 1 or more entries'],
    [
      'neither stages nor scheme',
      [/stages:[^]*/, ''],
      'recipe.yaml:1:1: needs stages or scheme. Without compression: scheme: reproduce',
    ],
    [
      'stages and scheme',
      ['name:', 'scheme: 4stage\nname:'],
      'recipe.yaml:1:9: scheme: must not stand beside stages: give one of the two (found "4stage")',
    ],
    [
      'a scheme that is a path',
      [/stages:[^]*/, 'scheme: ../x\n'],
      'recipe.yaml:10:9: scheme: must be the name of a preset: a-z, 0-9 and - (found "../x")',
    ],
    [
      'shares that do not sum to 1',
      ['share: 0.5', 'share: 0.25'],
      'recipe.yaml:11:3: stages: shares must sum to 1, and is 0.75. Leave all shares out for equal ones',
    ],
    ['no length', ['  steps: 600\n', ''], 'recipe.yaml:7:3: optimizer: needs steps or epochs, the length of the run'],
    [
      'two lengths',
      ['steps: 600', 'steps: 600\n  epochs: 1'],
      'recipe.yaml:10:11: optimizer.epochs: must not stand beside steps: give one of the two (found 1)',
    ],
    [
      'cached features of a trained tower',
      ['cacheFeatures: true', 'cacheFeatures: true, visionTower: trained'],
      'recipe.yaml:5:25: train.cacheFeatures: must be false where visionTower is trained: its features change (found true)',
    ],
    [
      'a trained tower with the projector alone',
      ['cacheFeatures: true', 'parts: projector, visionTower: trained'],
      'recipe.yaml:5:41: train.visionTower: must be frozen where parts is projector: only the projector is trained (found "trained")',
    ],
  ])('is told so: %s', (_, [from, to], message) => {
    const text = RECIPE.replace(from, to);
    expect(text).not.toBe(RECIPE);
    expect(messageOf(text)).toBe(message);
  });
});

describe('YAML that is not plain data', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(10)}]`),
  ];

  it.each([
    ['an alias bomb', bomb.join('\n'), /^recipe.yaml:2:8: aliases must expand to at most 100 values/],
    ['an alias without anchor', 'name: *x', /^recipe.yaml:1:\d+: /],
    ['__proto__', `${RECIPE}__proto__: { admin: true }`, 'recipe.yaml:14:1: __proto__ is not a field'],
    ['a nested __proto__', RECIPE.replace('lr:', '__proto__:'), 'recipe.yaml:7:3: __proto__ is not a field'],
    ['constructor', `${RECIPE}constructor: 1`, /^recipe.yaml:14:1: constructor: is not a field of a recipe/],
    ['a merge key', `${RECIPE}<<: { seed: 1 }`, /^recipe.yaml:14:1: <<: is not a field of a recipe/],
    [
      'a custom tag',
      `${RECIPE}seed: !!js/function x`,
      'recipe.yaml:14:7: Unresolved tag: tag:yaml.org,2002:js/function',
    ],
    [
      'a built-in tag',
      `${RECIPE}seed: !!binary aGk=`,
      'recipe.yaml:14:16: must not have a YAML tag (tag:yaml.org,2002:binary)',
    ],
    ['a key given twice', `${RECIPE}name: again`, 'recipe.yaml:14:1: Map keys must be unique'],
    ['a key that is a list', `${RECIPE}? [a]\n: 1`, 'recipe.yaml:14:3: field names must be text'],
    ['a key that is a number', `${RECIPE}1: 1`, 'recipe.yaml:14:1: field names must be text'],
    ['two documents', `${RECIPE}---\nname: again`, /^recipe.yaml:14:1: .*multiple documents/],
    ['an unclosed bracket', 'name: [a', /^recipe.yaml:1:9: /],
    ['deep nesting', '['.repeat(50_000), /^recipe.yaml:1:\d+: must not nest values this deep$/],
    ['a huge file', ' '.repeat(1_000_001), 'recipe.yaml: must have at most 1000000 characters'],
    ['nothing', '', 'recipe.yaml:1:1: must be a group of fields (found null)'],
    ['a list', '- 1', 'recipe.yaml:1:1: must be a group of fields'],
  ])('is refused: %s', (_, text, message) => {
    const found = messageOf(text);
    if (typeof message === 'string') expect(found).toBe(message);
    else expect(found).toMatch(message);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('never ends in anything but a recipe or an InputError', () => {
    const pieces = fc.constantFrom(
      ...RECIPE.split(/(?<=[\s:,{}[\]/])/),
      '&a',
      '*a',
      '!!x',
      '- ',
      '? ',
      '"',
      "'",
      '|\n',
      '\t',
      '__proto__:',
      '\0',
    );
    const texts = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(fc.property(fc.oneof(texts, fc.string({ unit: 'binary' })), (text) => void messageOf(text)));
  });
});

describe('overrides', () => {
  const parse = (...overrides: string[]) => parseRecipe(RECIPE, 'recipe.yaml', overrides);

  it('replace values of the file and add new ones', () => {
    expect(parse('optimizer.lr=5e-4', 'seed=7', 'checkpoint.every=10')).toMatchObject({
      seed: 7,
      optimizer: { lr: 5e-4, batchSize: 16 },
      checkpoint: { every: 10, keep: 3 },
    });
  });

  it('reach into lists', () => {
    expect(parse('stages[0].compression=-1/4', 'stages.1.compression=none')).toMatchObject({
      stages: [{ compression: '-1/4' }, { compression: 'none' }, { compression: 'none' }],
    });
    expect(parse('stages=[{ compression: 2/2 }]')).toMatchObject({ stages: [{ compression: '2/2' }] });
  });

  it('take away what they exclude', () => {
    const recipe = parse('scheme=two-stage', 'optimizer.epochs=2');
    expect(recipe).toMatchObject({ scheme: 'two-stage', optimizer: { epochs: 2 } });
    expect(recipe).not.toHaveProperty('stages');
    expect(recipe.optimizer).not.toHaveProperty('steps');
  });

  it('let the last of two win', () => {
    expect(parse('seed=1', 'seed=2')).toMatchObject({ seed: 2 });
  });

  it.each([
    ['optimizer.lr=-1', '--set optimizer.lr=-1: optimizer.lr: must be more than 0 (found -1)'],
    ['optimizer.lr=.nan', '--set optimizer.lr=.nan: optimizer.lr: must be a finite number (found ".nan")'],
    [
      'optimizer.learningRate=1',
      /^--set optimizer.learningRate=1: optimizer.learningRate: is not a field of a recipe. There are: lr, /,
    ],
    [
      'stages[0].compression=99/2',
      /^--set stages\[0\].compression=99\/2: stages\[0\].compression: layer must be between -1 and 31/,
    ],
    ['optimizer.lr.x=1', '--set optimizer.lr.x=1: names a field inside a value that has no fields'],
    ['optimizers.lr=1', '--set optimizers.lr=1: optimizers: is not a field of a recipe. Did you mean optimizer?'],
    ['stages[9].share=1', /^recipe.yaml:\d+:\d+: stages/],
    ['optimizer.lr', '--set: must be key.path=value (found "optimizer.lr")'],
    ['=1', '--set: must be key.path=value with the path of a field (found "")'],
    ['__proto__.admin=true', '--set: must be key.path=value with the path of a field (found "__proto__.admin")'],
    ['optimizer={ __proto__: 1 }', /^--set optimizer=.*__proto__ is not a field/],
    ['seed=[1', /^--set seed=\[1:1:3: /],
    ['seed=!!x 1', /^--set seed=!!x 1:1:1: Unresolved tag/],
  ])('are checked like fields of the file: %s', (override, message) => {
    const found = messageOf(RECIPE, [override]);
    if (typeof message === 'string') expect(found).toBe(message);
    else expect(found).toMatch(message);
  });
});

describe('writing a recipe', () => {
  const positive = (max: number) => fc.double({ min: 1e-12, max, noNaN: true });
  const count = fc.integer({ min: 1, max: 1000 });
  const word = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
  const given = fc.record(
    {
      name: word,
      description: fc.string({ maxLength: 200 }),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      model: fc.record({ from: word, tower: word }, { requiredKeys: ['from'] }),
      data: fc.record(
        { train: word, images: word, turns: fc.constantFrom('multi', 'single') },
        { requiredKeys: ['train'] },
      ),
      optimizer: fc.record(
        { lr: positive(1), batchSize: count, epochs: positive(100), weightDecay: positive(1) },
        { requiredKeys: ['lr', 'batchSize', 'epochs'] },
      ),
      stages: fc.array(fc.record({ compression: fc.constantFrom('none', '2/8', '-1/4', '0/2', '2/2+4/2') }), {
        minLength: 1,
        maxLength: 4,
      }),
      stageDepth: fc.integer({ min: 12, max: 80 }),
    },
    { requiredKeys: ['name', 'model', 'data', 'optimizer', 'stages'] },
  );

  it('and reading it again gives the same recipe', () => {
    fc.assert(
      fc.property(given, (value) => {
        const recipe = parseRecipe(JSON.stringify(value), 'recipe.yaml');
        expect(parseRecipe(formatRecipe(recipe), 'recipe.yaml')).toEqual(recipe);
      }),
    );
  });

  it('keeps a stage on one line', () => {
    expect(formatRecipe(parseRecipe(RECIPE, 'recipe.yaml'))).toContain(
      '  - { share: 0.25, compression: 2/8, compressor: average-pool }\n',
    );
  });
});

describe('a recipe on a model', () => {
  const FACTS = { depth: 6, visualTokens: 8, visionLayers: 3 };
  const recipe = withStages(parseRecipe(RECIPE, 'recipe.yaml'), () => expect.unreachable());

  it('fits where every image keeps a token', () => {
    expect(() => checkRecipeAgainstModel(recipe, { ...FACTS, visualTokens: 8 })).not.toThrow();
  });

  it('does not where a stride exceeds the tokens', () => {
    expect(() => checkRecipeAgainstModel(recipe, { ...FACTS, visualTokens: 7 }, 'recipe.yaml')).toThrow(
      'recipe.yaml: stages[0].compression: stride must be at most 7, the visual tokens of an image or frame that reach layer 1 (found "2/8")',
    );
  });

  const training = (train: string): Recipe =>
    withStages(parseRecipe(RECIPE.replace('cacheFeatures: true', train), 'recipe.yaml'), () => expect.unreachable());

  it.each(['decoderLayers: 6', 'visionTower: trained, visionLayers: 3', 'parts: lora, decoderLayers: 6'])(
    'fits where the model has the layers that are trained: %s',
    (train) => {
      expect(() => checkRecipeAgainstModel(training(train), FACTS)).not.toThrow();
    },
  );

  it.each([
    ['decoderLayers: 7', 'train.decoderLayers: must be at most 6, the decoder layers of the model (found 7)'],
    ['parts: lora, decoderLayers: 7', 'train.decoderLayers: must be at most 6'],
    [
      'visionTower: trained, visionLayers: 4',
      'train.visionLayers: must be at most 3, the layers of its vision tower that features come through (found 4)',
    ],
  ])('does not where it has fewer: %s', (train, message) => {
    expect(() => checkRecipeAgainstModel(training(train), FACTS, 'recipe.yaml')).toThrow(`recipe.yaml: ${message}`);
  });
});
