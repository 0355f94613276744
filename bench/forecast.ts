/**
 * How near the forecast of a training comes to what it takes: three quite different recipes are measured for a few steps,
 * trained, and compared. Prints a Markdown table and writes docs/results/forecast.md.
 *
 *     npm run bench:forecast -- [--scale 1] [--out docs/results/forecast.md]
 *
 * Data and runs are made in a temporary folder and deleted afterwards. `--scale 0.1` trains a tenth of the steps: enough to
 * see that it works. Times are worth something on a machine that does nothing else.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PROJECT_FOLDER } from '../scripts/setup/engine-plan.mjs';
import { readRunCosts } from '../src/main/studio/runs/run-costs.ts';
import { FORECAST_COLUMNS } from '../src/main/terminal/costs-view.ts';
import { markdownTable } from '../src/shared/markdown.ts';
import { forecastError, forecastLines, type ForecastLine } from '../src/shared/run-costs.ts';
import { RECIPES, type BenchRecipe } from './forecast/recipes.ts';

/** Must-show 5 of the compression lab: a forecast of a run is within this share of what it took. */
const WITHIN = 0.15;

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    out: { type: 'string', default: join(PROJECT_FOLDER, 'docs', 'results', 'forecast.md') },
  },
});
const scale = z.coerce.number().gt(0).max(10).parse(values.scale);

function llavolta(workspace: string, ...args: readonly string[]): void {
  const program = join(PROJECT_FOLDER, 'scripts', 'llavolta.mjs');
  execFileSync(process.execPath, [program, ...args], { cwd: workspace, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function trained(workspace: string, { name, yaml, steps }: BenchRecipe): Promise<ForecastLine[]> {
  writeFileSync(join(workspace, `${name}.yaml`), yaml(Math.max(4, Math.round(scale * steps))));
  llavolta(workspace, 'train', `${name}.yaml`, '--run', name, '--forecast');
  const { forecast, ...costs } = await readRunCosts(join(workspace, 'runs', name));
  if (!forecast) throw new Error(`${name} has no forecast`);
  return forecastLines(forecast, costs);
}

interface Row extends ForecastLine {
  readonly recipe: string;
}

function machineText(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? 'An unknown processor'}, ${processors.length} cores, Node ${process.version}`;
}

/** How far off the run's forecast was, the larger of time and memory. */
function worst({ forecast, measured }: ForecastLine): number {
  const errors = (['ms', 'memoryBytes'] as const).map((key) => forecastError(forecast[key], measured?.[key] ?? 0));
  return Math.max(...errors.map((error) => Math.abs(error ?? Infinity)));
}

function report(rows: readonly Row[], load: readonly [before: number, after: number]): string {
  const runs = rows.filter(({ compression }) => compression === undefined);
  const farthest = Math.max(...runs.map(worst));
  const table = markdownTable(
    [{ title: 'recipe', align: 'left', cell: ({ recipe }: Row) => recipe }, ...FORECAST_COLUMNS],
    rows,
  );
  return [
    '# Forecast and what it took',
    '',
    'A few steps of every compression setting are measured before a training begins; from them follows what each stage and the',
    'run will take. Time: steps at the measured speed, recording of functions, features of pictures that are made once, and',
    'saving. Memory: the largest resident memory of the engine behind a step. Each cell: forecast → measured (how far off).',
    '',
    `${machineText()}, load average ${load[0].toFixed(1)} before and ${load[1].toFixed(1)} behind.`,
    '',
    '```',
    `npm run bench:forecast${scale === 1 ? '' : ` -- --scale ${scale}`}`,
    '```',
    '',
    ...RECIPES.map(({ name, about }) => `- **${name}**: ${about}`),
    '',
    ...table,
    '',
    `Of the three runs the farthest forecast of time or memory is ${(100 * farthest).toFixed(1)} % off; the goal is ${100 * WITHIN} %.`,
    '',
  ].join('\n');
}

const workspace = mkdtempSync(join(tmpdir(), 'llavolta-forecast-'));
try {
  const before = loadavg()[0] ?? 0;
  llavolta(workspace, 'data', 'get', 'shapes', '--images', '500', '--clips', '0');
  const rows: Row[] = [];
  for (const recipe of RECIPES) {
    rows.push(...(await trained(workspace, recipe)).map((line) => ({ ...line, recipe: recipe.name })));
  }
  const text = report(rows, [before, loadavg()[0] ?? 0]);
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, text);
  process.stdout.write(`\n${text}`);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
