/** Loss curves as one SVG picture: legible on white and on dark pages, since it brings its own ground. */
import type { LossCurve } from '../../shared/experiment/result.ts';

const [WIDTH, HEIGHT] = [960, 440];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 250, 46, 50];
const LEGEND_LINE = 22;
const TICKS = 5;

/** Okabe and Ito's colours, told apart by colour-blind readers; curves beyond them are dashed. */
const COLOURS = ['#000000', '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7a5195'];
const DASHES = ['', '7 4', '2 3'];

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const style = (i: number): string => {
  const dash = DASHES[Math.floor(i / COLOURS.length) % DASHES.length] ?? '';
  return `stroke="${COLOURS[i % COLOURS.length]}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
};

/** Places in the picture, in pixels. Losses span decades, so their axis is logarithmic. */
interface Axes {
  readonly x: (step: number) => number;
  readonly y: (loss: number) => number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

/** Undefined where no loss is above 0: there is nothing to draw. */
function axesOf(curves: readonly LossCurve[]): Axes | undefined {
  const losses = curves.flatMap((curve) => curve.losses).filter((loss) => loss > 0);
  if (losses.length === 0) return undefined;
  // One by one: a curve may have more points than a call may have arguments.
  const [low, high] = [losses.reduce((a, b) => Math.min(a, b)), losses.reduce((a, b) => Math.max(a, b))];
  const last = curves.flatMap(({ steps }) => steps).reduce((a, b) => Math.max(a, b), 1);
  const span = Math.log(high / low) || 1;
  return {
    ...{ last, low, high },
    x: (step) => LEFT + ((WIDTH - LEFT - RIGHT) * step) / last,
    y: (loss) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * Math.log(Math.max(loss, low) / low)) / span,
  };
}

function grid({ x, y, last, low, high }: Axes): string[] {
  const end = WIDTH - RIGHT;
  const rows = Array.from({ length: TICKS + 1 }, (_, i) => low * (high / low) ** (i / TICKS));
  const columns = Array.from({ length: TICKS + 1 }, (_, i) => (last * i) / TICKS);
  return [
    ...[...new Set(rows)].flatMap((loss) => [
      `<path d="M${LEFT} ${y(loss).toFixed(1)}H${end}" stroke="#e3e6ea"/>`,
      `<text x="${LEFT - 8}" y="${(y(loss) + 4).toFixed(1)}" text-anchor="end">${loss.toPrecision(2)}</text>`,
    ]),
    ...columns.map(
      (step) =>
        `<text x="${x(step).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${Math.round(step)}</text>`,
    ),
    `<text x="${(LEFT + end) / 2}" y="${HEIGHT - 8}" text-anchor="middle">optimizer step</text>`,
  ];
}

function drawn({ steps, losses, name }: LossCurve, { x, y }: Axes, i: number): string[] {
  const points = steps.map((step, k) => `${x(step).toFixed(1)},${y(losses[k] ?? 0).toFixed(1)}`).join(' ');
  const at = TOP + 6 + i * LEGEND_LINE;
  const from = WIDTH - RIGHT + 16;
  return [
    `<polyline points="${points}" fill="none" ${style(i)} stroke-width="1.8"/>`,
    `<path d="M${from} ${at}h24" fill="none" ${style(i)} stroke-width="2.4"/>`,
    `<text x="${from + 32}" y="${at + 4}">${escaped(name)}</text>`,
  ];
}

/** The curves over the optimizer steps, loss on a logarithmic axis, with a legend in their order. */
export function lossChart(title: string, curves: readonly LossCurve[]): string {
  const axes = axesOf(curves);
  const height = Math.max(HEIGHT, TOP + (curves.length + 1) * LEGEND_LINE);
  const body = axes ? [...grid(axes), ...curves.flatMap((curve, i) => drawn(curve, axes, i))] : [];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${LEFT}" y="26" font-weight="600" font-size="15">${escaped(title)}</text>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}
