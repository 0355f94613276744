import { describe, expect, it } from 'vitest';
import { lossChart } from '../../../src/main/report/loss-chart.ts';

const curve = (name: string, losses: number[]): Parameters<typeof lossChart>[1][number] => ({
  ...{ name, losses, steps: losses.map((_, i) => i + 1) },
});

const points = (svg: string): string[] =>
  [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, text]) => text ?? '');

describe('lossChart', () => {
  it('draws each curve from the highest loss at the top to the lowest at the bottom, on a logarithmic axis', () => {
    // Plot from x 70 to 710 and y 46 to 390; 4 steps; 1 lies half way between 10 and 0.1.
    expect(points(lossChart('Loss', [curve('full', [10, 1, 1, 0.1])]))).toEqual([
      '230.0,46.0 390.0,218.0 550.0,218.0 710.0,390.0',
    ]);
  });

  it('names every curve, and tells more of them apart than it has colours', () => {
    const svg = lossChart(
      'a < b',
      Array.from({ length: 10 }, (_, i) => curve(`scheme-${i}`, [2, 1])),
    );
    const styles = [...svg.matchAll(/<polyline [^>]*fill="none" (.*) stroke-width/g)].map(([, style]) => style);
    expect(new Set(styles).size).toBe(10);
    expect(svg).toContain('>scheme-9</text>');
    expect(svg).toContain('<title>a &lt; b</title>');
    expect(svg).toContain('fill="#fff"');
  });

  it('is an empty picture where there is nothing to draw', () => {
    expect(points(lossChart('Loss', []))).toEqual([]);
    expect(lossChart('Loss', [curve('full', [0, 0])])).toMatch(/^<svg .*<\/svg>\n$/s);
  });
});
