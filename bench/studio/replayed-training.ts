/**
 * An engine program that trains nothing: it tells of made-up steps at the pace of a training, so that what the studio and
 * its page take can be measured without a training's own load. STEP_MS is the time between two steps.
 */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { engineCommandSchema, type EngineMessage } from '../../src/shared/engine-protocol.ts';
import { processStart } from '../../src/main/studio/runs/run-owner.ts';
import { longRunPlan, longRunRecord, metricRows } from '../long-run.ts';

const STEPS = 20_000;
const STEP_MS = Number(process.env['STEP_MS'] ?? 130);

const plan = longRunPlan(STEPS);
let timer: NodeJS.Timeout | undefined;
const send = (message: EngineMessage): void => void process.send?.(message);

function makeRun(folder: string, recipe: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'recipe.yaml'), readFileSync(recipe));
  writeFileSync(join(folder, 'run.json'), JSON.stringify(longRunRecord(basename(folder), plan, 'running')));
  const owner = { pid: process.pid, host: hostname(), processStart: processStart(process.pid) };
  writeFileSync(join(folder, 'run.lock'), JSON.stringify(owner));
}

function train(folder: string): void {
  send({ type: 'run', folder });
  send({ type: 'state', state: 'running' });
  const rows = metricRows(plan, STEPS);
  timer = setInterval(() => {
    const { value: metrics } = rows.next();
    if (!metrics) return clearInterval(timer);
    appendFileSync(join(folder, 'metrics.jsonl'), `${JSON.stringify(metrics)}\n`);
    send({ type: 'metrics', metrics });
  }, STEP_MS);
}

function leave(): void {
  clearInterval(timer);
  process.send?.({ type: 'result', outcome: 'stopped', step: 0 } satisfies EngineMessage, undefined, undefined, () =>
    process.exit(0),
  );
}

process.on('message', (message) => {
  const command = engineCommandSchema.parse(message);
  if (command.type === 'stop') return leave();
  if (command.type !== 'start' || command.job.kind !== 'train' || command.job.run.mode !== 'new') return;
  const { runs, name = 'run', recipe } = command.job.run;
  const folder = join(runs, name);
  makeRun(folder, recipe);
  train(folder);
});
process.on('disconnect', () => process.exit(0));
send({ type: 'ready', pid: process.pid });
