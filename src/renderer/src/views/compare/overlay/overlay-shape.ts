/** How token groups are drawn: outlines, tints that tell neighbours apart, and where the grid lies on a picture. Pure. */
import type { PictureFit } from '../../../../../shared/answer.ts';
import { groupOfCell, type TokenGrid, type TokenGroups } from './token-groups.ts';

/** Width and height, pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The part of a picture that the token grid spans, in pixels of the picture; it may begin outside of it. */
export interface GridArea extends Size {
  readonly left: number;
  readonly top: number;
}

/** What the model sees of a picture: a square around it or in its middle, or the whole of it, squeezed. */
export function seenArea({ width, height }: Size, fit: PictureFit): GridArea {
  if (fit === 'squeeze') return { left: 0, top: 0, width, height };
  const side = fit === 'pad' ? Math.max(width, height) : Math.min(width, height);
  // `|| 0` turns −0 into a plain 0.
  const before = (length: number): number => -Math.floor((side - length) / 2) || 0;
  return { left: before(width), top: before(height), width: side, height: side };
}

/** The four edges of a cell as the step to the neighbour behind it and the line, in cells from the cell's corner. */
const EDGES = [
  { dx: 0, dy: -1, path: (x: number, y: number) => `M${x} ${y}h1` },
  { dx: 1, dy: 0, path: (x: number, y: number) => `M${x + 1} ${y}v1` },
  { dx: 0, dy: 1, path: (x: number, y: number) => `M${x} ${y + 1}h1` },
  { dx: -1, dy: 0, path: (x: number, y: number) => `M${x} ${y}v1` },
] as const;

/** The cell beside another, or undefined beyond the grid. */
function neighbour({ width, height }: TokenGrid, cell: number, dx: number, dy: number): number | undefined {
  const [x, y] = [(cell % width) + dx, Math.floor(cell / width) + dy];
  return x < 0 || y < 0 || x >= width || y >= height ? undefined : y * width + x;
}

/** SVG path, in units of cells, around a set of cells; parts that do not touch get an outline each. */
export function outlinePath(grid: TokenGrid, cells: readonly number[]): string {
  const inside = new Set(cells);
  return cells
    .flatMap((cell) =>
      EDGES.filter(({ dx, dy }) => !inside.has(neighbour(grid, cell, dx, dy) ?? -1)).map(({ path }) =>
        path(cell % grid.width, Math.floor(cell / grid.width)),
      ),
    )
    .join('');
}

/** SVG path, in units of cells, that fills a set of cells. */
export function areaPath({ width }: TokenGrid, cells: readonly number[]): string {
  return cells.map((cell) => `M${cell % width} ${Math.floor(cell / width)}h1v1h-1z`).join('');
}

function neighbouringGroups(grid: TokenGrid, cells: readonly number[], lookup: Int32Array): number[] {
  return cells.flatMap((cell) =>
    EDGES.flatMap(({ dx, dy }) => {
      const other = neighbour(grid, cell, dx, dy);
      const group = other === undefined ? -1 : (lookup[other] ?? -1);
      return group < 0 ? [] : [group];
    }),
  );
}

/**
 * A small number per group such that groups that touch have different ones: greedy colouring in sequence order. Runs along
 * the raster need four at most in practice.
 */
export function groupTints(grid: TokenGrid, tokens: TokenGroups): number[] {
  const lookup = groupOfCell(grid, tokens);
  const tints: number[] = [];
  tokens.groups.forEach(({ cells }, g) => {
    const taken = new Set(
      neighbouringGroups(grid, cells, lookup)
        .filter((other) => other !== g)
        .map((other) => tints[other]),
    );
    let tint = 0;
    while (taken.has(tint)) tint++;
    tints.push(tint);
  });
  return tints;
}

/** Cells that follow each other in one row, as first and last. */
function runsInRows({ width }: TokenGrid, cells: readonly number[]): { first: number; last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const cell of cells) {
    const run = runs.at(-1);
    if (run && run.last === cell - 1 && cell % width !== 0) run.last = cell;
    else runs.push({ first: cell, last: cell });
  }
  return runs;
}

/** Cells in words, in rows and columns from 1: `row 2, columns 1–4; row 3, column 1`. */
export function describeCells(grid: TokenGrid, cells: readonly number[]): string {
  return runsInRows(grid, cells)
    .map(({ first, last }) => {
      const [from, to] = [(first % grid.width) + 1, (last % grid.width) + 1];
      const columns = from === to ? `column ${from}` : `columns ${from}–${to}`;
      return `row ${Math.floor(first / grid.width) + 1}, ${columns}`;
    })
    .join('; ');
}
