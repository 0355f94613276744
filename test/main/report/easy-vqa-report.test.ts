import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { easyVqaReport } from '../../../src/main/report/easy-vqa-report.ts';
import { readRunResult } from '../../../src/main/report/run-result.ts';
import { writeEvaluation, writeRun, type WrittenRun } from '../../helpers/run-folder.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const root = (): string => temporaryFolder();
const page = (folders: readonly string[]): string => easyVqaReport(folders.map(readRunResult), 'report easy-vqa …');

/** A scheme's runs of one seed for each accuracy. */
function writeSeeds(
  runs: string,
  recipe: string,
  accuracies: readonly number[],
  run: Partial<WrittenRun> = {},
): string[] {
  return accuracies.map((accuracy, seed) =>
    writeRun(join(runs, `${recipe}-seed${seed}`), { recipe, seed, accuracy: { none: accuracy }, ...run }),
  );
}

/** The cells of the first table row that begins with a word. */
function rowOf(text: string, first: string): string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`| ${first} |`));
  return (line ?? '')
    .split('|')
    .slice(2, -1)
    .map((one) => one.trim());
}

describe('the report on easy-VQA', () => {
  it('gives mean and deviation over the seeds, times against full training, and what was saved', () => {
    const runs = root();
    const text = page([
      ...writeSeeds(runs, 'easy-vqa-4stage', [0.95, 0.96, 0.97], { stepMs: 8000 }),
      ...writeSeeds(runs, 'easy-vqa-reproduce', [0.95, 0.95, 0.98], { stepMs: 10_000 }),
    ]);
    // 8 steps in 4 stages of 2: 608 + 1664 + 2304 + 3072 visual tokens of 3072 in full.
    const tokens = (608 + 1664 + 2304 + 3072) / 4;
    const saved = 100 * (1 - tokens / 3072);
    const ratio = ((100 * 3072) / tokens).toFixed(0);
    expect(rowOf(text, 'easy-vqa-4stage')).toEqual([
      ...['3', 'none', '96.00 ± 1.00', '1:04', '0.80', '8000', ratio, tokens.toFixed(0)],
      ...[saved.toFixed(1), (saved / 2).toFixed(1), '8'],
    ]);
    expect(rowOf(text, 'easy-vqa-reproduce').slice(2, 7)).toEqual(['96.00 ± 1.73', '1:20', '1.00', '10000', '100']);
  });

  it('says whether a difference is more than the noise of the seeds', () => {
    const runs = root();
    const text = page([
      ...writeSeeds(runs, 'easy-vqa-reproduce', [0.95, 0.951, 0.952]),
      ...writeSeeds(runs, 'easy-vqa-4stage', [0.95, 0.952, 0.951]),
      ...writeSeeds(runs, 'easy-vqa-two-stage', [0.9, 0.901, 0.902]),
    ]);
    expect(text).toContain(
      '**easy-vqa-4stage**: **not significantly worse** than easy-vqa-reproduce: difference 0.00 points, 95 % interval over seeds −0.23 to +0.23. A loss of up to 0.23 points is not ruled out (3 and 3 seeds).',
    );
    // Standard error sqrt(2/3)·0.1 points, 4 degrees of freedom: ± 2.776·0.0816.
    expect(text).toContain(
      '**easy-vqa-two-stage**: **worse by 5.00 points** than easy-vqa-reproduce: difference −5.00 points, 95 % interval over seeds −5.23 to −4.77 (3 and 3 seeds).',
    );
  });

  it('claims nothing from one seed', () => {
    const runs = root();
    const text = page([
      ...writeSeeds(runs, 'easy-vqa-reproduce', [0.95]),
      ...writeSeeds(runs, 'easy-vqa-4stage', [0.94]),
    ]);
    expect(text).toContain(
      '**too few seeds to say**: difference −1.00 points. Two seeds of each are needed to tell it from noise (1 and 1 seeds).',
    );
    expect(rowOf(text, 'easy-vqa-4stage')[2]).toBe('94.00');
  });

  it('judges last-stage compression at the setting it ends with', () => {
    const runs = root();
    const [folder = ''] = writeSeeds(runs, 'easy-vqa-last-stage', [0.9], { accuracy: { none: 0.8, '6/4': 0.94 } });
    writeEvaluation(folder, 'other', { none: 0.7 });
    expect(rowOf(page([folder]), 'easy-vqa-last-stage').slice(1, 3)).toEqual(['6/4', '94.00']);
  });

  it('finds where a full model loses 3 points, from the evaluation with the most settings', () => {
    const runs = root();
    const [folder = ''] = writeSeeds(runs, 'easy-vqa-reproduce', [0.96]);
    writeEvaluation(folder, 'grid', { none: 0.95, '1/2': 0.94, '6/8': 0.93, '1/4': 0.92, '1/8': 0.85 });
    const text = page([folder]);
    expect(text).toContain('loses no more than 3 points is 1/4 (31.3 % left, −3.00 points)');
    expect(text).toContain('the fewest and loses more is 1/8 (19.8 % left, −10.00 points)');
    expect(rowOf(text, 'K 1')).toEqual(['−1.00 (54 % left)', '−3.00 (31 % left)', '−10.00 (20 % left)']);
    expect(rowOf(text, 'K 6')).toEqual(['', '', '−2.00 (56 % left)']);
    expect(rowOf(text, '1/8').slice(0, 3)).toEqual(['19.8', '505', '85.00']);
  });

  it("shows the tower's own training apart", () => {
    const runs = root();
    const tower = writeRun(join(runs, 'easy-vqa-tower'), { recipe: 'easy-vqa-tower', stepMs: 30_000 });
    const text = page([...writeSeeds(runs, 'easy-vqa-reproduce', [0.95], { stepMs: 10_000 }), tower]);
    expect(rowOf(text, 'easy-vqa-tower')).toEqual(['8', '4:00', '90.00']);
    expect(rowOf(text, 'easy-vqa-reproduce')[3]).toBe('1:20');
  });

  it('gives commands by preset where the recipe is one, and the recipe to save where it is not', () => {
    const runs = root();
    const [preset = ''] = writeSeeds(runs, 'easy-vqa-reproduce', [0.95]);
    const own = writeSeeds(runs, 'easy-vqa-4stage', [0.95], { overrides: ['optimizer.lr=5e-4'] });
    const text = page([preset, ...own]);
    expect(text).toContain('train easy-vqa-reproduce --set seed=0 --run easy-vqa-reproduce-seed0\n');
    expect(text).toContain('train easy-vqa-4stage.yaml --set seed=0 --run easy-vqa-4stage-seed0\n');
    expect(text).toContain(
      `evaluate ${preset} --data data/test.jsonl --compress none --json ${preset}/evaluations/test.json\n`,
    );
    expect(text).toContain('Save the recipes below first: easy-vqa-4stage.yaml.');
    expect(text).toContain(readFileSync(join(preset, 'recipe.yaml'), 'utf8').trim());
    expect(text).toContain('lr: 0.0005');
  });

  it('is the same whatever the order of the folders', () => {
    const runs = root();
    const folders = [
      ...writeSeeds(runs, 'easy-vqa-reproduce', [0.95, 0.94]),
      ...writeSeeds(runs, 'easy-vqa-4stage', [0.95, 0.96]),
    ];
    expect(page([...folders].reverse())).toBe(page(folders));
  });
});

describe('the report refuses', () => {
  const reproduce = { recipe: 'easy-vqa-reproduce', accuracy: { none: 0.95 } };

  it('runs of one name that are not alike, and a seed that comes twice', () => {
    const runs = root();
    const first = writeRun(join(runs, 'a'), reproduce);
    const other = writeRun(join(runs, 'b'), { ...reproduce, seed: 1, overrides: ['optimizer.lr=5e-4'] });
    expect(() => page([first, other])).toThrow(`must be that of ${first} but for the seed`);
    const same = writeRun(join(runs, 'c'), reproduce);
    expect(() => page([first, same])).toThrow(`${same}: seed: must not be that of another run (found 0)`);
  });

  it('runs that are not finished, or that miss steps', () => {
    const runs = root();
    const stopped = writeRun(join(runs, 'a'), { ...reproduce, state: 'stopped' });
    expect(() => page([stopped])).toThrow('run.json: state: must be finished (found "stopped")');
    const short = writeRun(join(runs, 'b'), reproduce);
    const metrics = join(short, 'metrics.jsonl');
    writeFileSync(metrics, readFileSync(metrics, 'utf8').split('\n').slice(1).join('\n'));
    expect(() => page([short])).toThrow('must have 8 lines, one for each optimizer step (found 7)');
  });

  it('runs without an evaluation at the setting they ended with', () => {
    const runs = root();
    const folder = writeRun(join(runs, 'a'), { recipe: 'easy-vqa-last-stage', accuracy: { none: 0.9 } });
    expect(() => page([folder])).toThrow('needs an evaluation at 6/4');
    rmSync(join(folder, 'evaluations'), { recursive: true });
    expect(() => page([folder])).toThrow('needs an evaluation at 6/4');
  });

  it('evaluations of other questions, and files that are no evaluation', () => {
    const runs = root();
    const [a, b] = [writeRun(join(runs, 'a'), reproduce), writeRun(join(runs, 'b'), { ...reproduce, seed: 1 })];
    const file = join(b, 'evaluations/test.json');
    const report = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...report, questions: 5 }));
    expect(() => page([a, b])).toThrow('must be evaluated on the 1000 questions of');
    writeFileSync(file, JSON.stringify({ ...report, questions: 'many' }));
    expect(() => page([b])).toThrow(`${file}: questions: must be`);
  });

  it('folders that are no runs', () => {
    const folder = join(root(), 'nothing');
    mkdirSync(folder);
    expect(() => page([folder])).toThrow('run.json: is missing or cannot be read');
  });
});
