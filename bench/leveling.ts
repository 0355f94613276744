/**
 * What a run's process held while it trained: resident memory, tensors, recorded functions. A chart and a table.
 *
 *     node --import tsx bench/leveling.ts <run folder> <file.svg>
 *
 * The table goes to the terminal. Of a run with changing batch lengths it shows whether anything grows without end.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetrics, trainMetricsSchema, type TrainMetrics } from '../src/shared/metrics.ts';
import { table } from '../src/shared/markdown.ts';

const WIDTH = 900;
const PANEL = 150;
const LEFT = 90;
const RIGHT = 20;
const GAP = 40;
const ROWS = 10;

interface Curve {
  readonly title: string;
  readonly of: (row: TrainMetrics) => number;
}

const CURVES: readonly Curve[] = [
  { title: 'resident memory, MB', of: ({ memoryBytes }) => memoryBytes / 2 ** 20 },
  { title: 'tensors alive after the step', of: ({ tensors }) => tensors },
  {
    title: 'recorded functions held',
    of: ({ functionsRecorded = 0, functionsEvicted = 0 }) => functionsRecorded - functionsEvicted,
  },
];

const whole = (value: number): string => Math.round(value).toLocaleString('en');

function panel(rows: readonly TrainMetrics[], { title, of }: Curve, top: number): string {
  const values = rows.map(of);
  const most = Math.max(...values) || 1;
  const last = rows.at(-1)?.step ?? 1;
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * step) / last;
  const y = (value: number): number => top + PANEL * (1 - value / most);
  const points = rows.map(({ step }, i) => `${x(step).toFixed(1)},${y(values[i] ?? 0).toFixed(1)}`).join(' ');
  const [bottom, end] = [top + PANEL, WIDTH - RIGHT];
  return [
    `<text x="${LEFT}" y="${top - 10}" font-weight="600">${title}</text>`,
    `<text x="${LEFT - 8}" y="${top + 5}" text-anchor="end">${whole(most)}</text>`,
    `<text x="${LEFT - 8}" y="${bottom}" text-anchor="end">0</text>`,
    `<text x="${end}" y="${bottom + 18}" text-anchor="end">step ${whole(last)}</text>`,
    `<path d="M${LEFT} ${top}H${end}M${LEFT} ${bottom}H${end}" stroke="#c9ced6"/>`,
    `<polyline points="${points}" fill="none" stroke="#2457c5" stroke-width="1.5"/>`,
  ].join('\n');
}

function chart(rows: readonly TrainMetrics[]): string {
  const height = CURVES.length * (PANEL + 2 * GAP);
  const panels = CURVES.map((curve, i) => panel(rows, curve, GAP + i * (PANEL + 2 * GAP)));
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`;
  return `${head}\n<rect width="100%" height="100%" fill="#fff"/>\n${panels.join('\n')}\n</svg>\n`;
}

const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error('usage: bench/leveling.ts <run folder> <file.svg>');
const source = join(folder, 'metrics.jsonl');
const lines = readFileSync(source, 'utf8').trimEnd().split('\n');
const rows = lines.map((line, i) => parseMetrics(trainMetricsSchema, line, `${source}:${i + 1}`));
writeFileSync(file, chart(rows));
const shown = rows.filter(({ step }) => step % Math.ceil(rows.length / ROWS) === 0);
const cells = shown.map((row) => [String(row.step), ...CURVES.map(({ of }) => whole(of(row)))]);
process.stdout.write(`${table(['step', ...CURVES.map(({ title }) => title)], cells)}\n`);
