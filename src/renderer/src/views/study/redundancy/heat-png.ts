/** A heat map as a picture. */
import { COMPRESSOR_FACTS } from '../../../../../shared/compressors.ts';
import { signed } from '../../../../../shared/signed.ts';
import { canvasColor } from '../../../components/chart/colors.ts';
import { cellColor, type HeatTable } from './heat-cells.ts';

const CELL = { width: 110, height: 48, gap: 3 } as const;
const HEAD = 66;
const SIDE = 56;
const MARGIN = 14;
const SCALE = 2;

function drawCells(context: CanvasRenderingContext2D, { strides, rows }: HeatTable, font: string): void {
  const [stepX, stepY] = [CELL.width + CELL.gap, CELL.height + CELL.gap];
  context.textAlign = 'center';
  const write = (text: string, x: number, y: number, color: string, style: string): void => {
    context.fillStyle = canvasColor(color);
    context.font = `${style} ${font}`;
    context.fillText(text, x, y);
  };
  strides.forEach((stride, s) =>
    write(`S ${stride}`, SIDE + s * stepX + CELL.width / 2, HEAD - 10, 'var(--text-dim)', '12px'),
  );
  rows.forEach(({ layer, cells }, r) => {
    const top = HEAD + r * stepY;
    write(`K ${layer}`, SIDE / 2 + 4, top + CELL.height / 2 + 4, 'var(--text-dim)', '12px');
    cells.forEach((cell, s) => {
      if (!cell) return;
      const [left, middle] = [SIDE + s * stepX, SIDE + s * stepX + CELL.width / 2];
      context.fillStyle = canvasColor(cellColor(cell));
      context.fillRect(left, top, CELL.width, CELL.height);
      write(`${(100 * cell.accuracy).toFixed(1)} %`, middle, top + 21, 'var(--text)', '600 14px');
      write(signed(cell.difference, 1), middle, top + 38, 'var(--text)', '12px');
    });
  });
}

/** The heat map in the colours of the theme that is shown. */
export function heatPng(table: HeatTable, title: string): Promise<Blob> {
  const canvas = document.createElement('canvas');
  const width = SIDE + table.strides.length * (CELL.width + CELL.gap) + MARGIN;
  const height = HEAD + table.rows.length * (CELL.height + CELL.gap) + MARGIN;
  [canvas.width, canvas.height] = [SCALE * Math.max(width, 360), SCALE * height];
  const context = canvas.getContext('2d');
  if (!context) return Promise.reject(new Error('The browser gives no canvas to draw on.'));
  const font = getComputedStyle(document.body).fontFamily;
  context.scale(SCALE, SCALE);
  context.fillStyle = canvasColor('var(--surface-1)');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = canvasColor('var(--text)');
  context.font = `600 13px ${font}`;
  context.fillText(`${title}, ${COMPRESSOR_FACTS[table.compressor].label}`, MARGIN, 22);
  drawCells(context, table, font);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))), 'image/png');
  });
}
