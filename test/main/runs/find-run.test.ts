import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRuns } from '../../../src/main/runs/find-run.ts';
import { loadPreset } from '../../../src/main/studio/presets.ts';
import { writeRun } from '../../helpers/run-folder.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** A run of the demo's tower on a file of data, as it is begun in this folder. */
function towerRun(name: string, steps = 700): { runs: string; folder: string; overrides: string[]; train: string } {
  const runs = temporaryFolder();
  const train = join(runs, 'train.jsonl');
  writeFileSync(train, '{}\n');
  const overrides = [`data.train=${train}`, `optimizer.steps=${steps}`];
  const folder = writeRun(join(runs, name), { recipe: 'demo-tower', overrides });
  change(folder, { workingFolder: process.cwd() }, train);
  return { runs, folder, overrides, train };
}

function change(folder: string, changes: object, train: string): void {
  const file = join(folder, 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as { plan: { data: object } };
  const sha256 = createHash('sha256').update(readFileSync(train)).digest('hex');
  const plan = { ...record.plan, data: { ...record.plan.data, sha256 } };
  writeFileSync(file, JSON.stringify({ ...record, plan, ...changes }));
}

const foldersOf = (runs: string, overrides: readonly string[]): string[] =>
  findRuns(runs, loadPreset('demo-tower', overrides)).map(({ folder }) => folder);

describe('findRuns', () => {
  it('finds a run of the same recipe, whatever its name', () => {
    const { runs, folder, overrides } = towerRun('any-name');
    expect(foldersOf(runs, overrides)).toEqual([folder]);
  });

  it('leaves out a recipe that says anything else', () => {
    const { runs, overrides } = towerRun('tower');
    expect(foldersOf(runs, [...overrides, 'optimizer.lr=1e-3'])).toEqual([]);
    expect(foldersOf(runs, [...overrides, 'seed=1'])).toEqual([]);
  });

  it('leaves out a run on data that has changed, or begun elsewhere', () => {
    const { runs, folder, overrides, train } = towerRun('tower');
    change(folder, { workingFolder: '/elsewhere' }, train);
    expect(foldersOf(runs, overrides)).toEqual([]);
    change(folder, { workingFolder: process.cwd() }, train);
    writeFileSync(train, '{"id": 1}\n');
    expect(foldersOf(runs, overrides)).toEqual([]);
  });

  it('has the newest first', () => {
    const { runs, folder, overrides, train } = towerRun('a');
    const newer = writeRun(join(runs, 'b'), { recipe: 'demo-tower', overrides });
    change(newer, { workingFolder: process.cwd(), createdAt: '2026-01-03T00:00:00.000Z' }, train);
    expect(foldersOf(runs, overrides)).toEqual([newer, folder]);
  });

  it('passes over folders that are no runs, or broken', () => {
    const { runs, folder, overrides } = towerRun('tower');
    mkdirSync(join(runs, 'empty'));
    const broken = writeRun(join(runs, 'broken'), { recipe: 'demo-tower' });
    writeFileSync(join(broken, 'run.json'), '{');
    expect(foldersOf(runs, overrides)).toEqual([folder]);
    expect(foldersOf(join(runs, 'none'), overrides)).toEqual([]);
  });
});
