import type { LineChartOfPoints } from './chart-options.ts';
import { canvasColor } from './colors.ts';
import { seriesColor, type LineSeries } from './series.ts';

const HEADER = 44;
const MARGIN = 12;

function drawLegend(context: CanvasRenderingContext2D, series: readonly LineSeries[]): void {
  let x = MARGIN;
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  for (const [index, { color, label }] of series.entries()) {
    context.fillStyle = canvasColor(color ?? seriesColor(index));
    context.fillRect(x, 28, 10, 3);
    context.fillStyle = canvasColor('var(--text-dim)');
    context.fillText(label, x + 14, 34);
    x += 30 + context.measureText(label).width;
  }
}

/** The chart as it is shown, with its title and legend on the page's background. */
export function chartPng(chart: LineChartOfPoints, title: string, series: readonly LineSeries[]): Promise<Blob> {
  const scale = chart.currentDevicePixelRatio;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [chart.canvas.width, chart.canvas.height + HEADER * scale];
  const context = canvas.getContext('2d');
  if (!context) return Promise.reject(new Error('The browser gives no canvas to draw on.'));
  context.scale(scale, scale);
  context.fillStyle = canvasColor('var(--surface-1)');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = canvasColor('var(--text)');
  context.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(title, MARGIN, 18);
  drawLegend(context, series);
  context.drawImage(chart.canvas, 0, HEADER, chart.width, chart.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))), 'image/png');
  });
}
