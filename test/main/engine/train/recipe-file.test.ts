import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRecipe, presetNames, resolveScheme } from '../../../../src/main/engine/train/recipe-file.ts';
import { formatRecipe, parseRecipe } from '../../../../src/shared/recipe-yaml.ts';
import { averageCompressionRatio, averageVisualTokens, resolveStages } from '../../../../src/shared/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'llavolta-recipes-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('schemes of the paper on LLaVA-1.5-7B (Tab. 1 and 2: #Tokens and CR by Eq. 3)', () => {
  it.each([
    ['reproduce', 18432, 100],
    ['two-stage', 10872, 170],
    ['three-stage-deeper', 10704, 172],
    ['three-stage-wider', 10512, 175],
    ['four-stage-wider-then-deeper', 11340, 163],
    ['four-stage-deeper-then-wider', 11484, 161],
    ['last-stage', 7848, 235],
    ['heavy-compression', 3312, 557],
    ['light-compression', 10368, 178],
  ])('%s: %d tokens, %d %%', (name, tokens, percent) => {
    // 5196 steps, the paper's length but for one, split evenly into 2, 3 and 4 stages.
    const { stages } = resolveStages(resolveScheme(name), 5196, 32);
    expect(averageVisualTokens(stages, [576], 32)).toBeCloseTo(tokens, 6);
    expect(Math.round(averageCompressionRatio(stages, [576], 32))).toBe(percent);
  });

  it('4stage switches at the released pivots', () => {
    const { stages } = resolveStages(resolveScheme('4stage'), 5197, 32);
    expect(stages.map((stage) => stage.untilStep)).toEqual([1300, 2600, 3900, 5197]);
  });
});

describe('presets', () => {
  const ours = /^(easy-vqa|demo|shapes)-|^motion$/;
  const papers = presetNames().filter((name) => !ours.test(name));
  const tunings = papers.filter((name) => name !== 'pretrain' && name !== 'lora');

  it('are the ones the paper names, and ours', () => {
    expect(papers).toEqual([
      '4stage',
      'four-stage-deeper-then-wider',
      'four-stage-wider-then-deeper',
      'heavy-compression',
      'last-stage',
      'light-compression',
      'lora',
      'pretrain',
      'reproduce',
      'three-stage-deeper',
      'three-stage-wider',
      'two-stage',
    ]);
  });

  it.each(tunings)('%s tunes with the hyperparameters of reproduce', (name) => {
    const {
      name: _,
      description,
      stages,
      ...others
    } = loadRecipe(name) as Extract<ReturnType<typeof loadRecipe>, { phase: 'instruct' }>;
    const reproduce = loadRecipe('reproduce');
    expect(reproduce).toMatchObject(others);
    expect(others.optimizer).toMatchObject({ lr: 2e-5, batchSize: 128, epochs: 1, weightDecay: 0, warmupRatio: 0.03 });
    expect([description, stages]).not.toContain(undefined);
  });

  it('lora has the hyperparameters of LLaVA-1.5’s script', () => {
    expect(loadRecipe('lora')).toMatchObject({
      train: { parts: 'lora', lora: { rank: 128, alpha: 256, rslora: false } },
      optimizer: { lr: 2e-4, lrs: { projector: 2e-5 }, batchSize: 128 },
    });
  });

  it('pretrain trains the projector alone, without compression', () => {
    expect(loadRecipe('pretrain')).toMatchObject({
      train: { parts: 'projector' },
      optimizer: { lr: 1e-3, batchSize: 256 },
      stages: [{ compression: 'none' }],
    });
  });

  it.each(presetNames())('%s survives being written and read', (name) => {
    const recipe = loadRecipe(name);
    expect(parseRecipe(formatRecipe(recipe), name)).toEqual(recipe);
  });
});

describe('loading a recipe', () => {
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const withScheme = (scheme: string): string =>
    `name: x\nmodel: { from: small }\ndata: { train: train.jsonl }\noptimizer: { lr: 1e-3, batchSize: 4, steps: 8 }\nscheme: ${scheme}\n`;

  it('takes the stages of the scheme it names', () => {
    expect(loadRecipe(write('a.yaml', withScheme('two-stage')))).toMatchObject({
      stages: [{ compression: '2/8' }, { compression: 'none' }],
      stageDepth: 32,
    });
  });

  it('names the file and a near preset where the scheme is unknown', () => {
    const file = write('b.yaml', withScheme('two-stages'));
    expect(() => loadRecipe(file)).toThrow(
      `${file}: scheme: is not the name of a preset (found "two-stages"). Did you mean two-stage?`,
    );
  });

  it('applies overrides', () => {
    expect(loadRecipe(write('c.yaml', withScheme('two-stage')), ['scheme=reproduce', 'seed=3'])).toMatchObject({
      seed: 3,
      stages: [{ compression: 'none' }],
    });
  });

  it('names a file that is not there', () => {
    const file = join(folder, 'missing.yaml');
    expect(() => loadRecipe(file)).toThrow(`${file}: must be a recipe file that can be read`);
  });
});
