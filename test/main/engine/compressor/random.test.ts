import { expect, it } from 'vitest';
import { compressRows, layoutRow } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

const visual = (count: number): string => '# '.repeat(count);
const row = (id: string) => layoutRow(`t ${visual(24)} t ${visual(9)}>`, id);

const keep = (ids: string[], layer = 2) => {
  const rows = ids.map(row);
  const states = rows.map(({ length }, b) => Array.from({ length }, (_, t) => [t, 100 * b]));
  return compressRows('random', rows, 4, states, { layer });
};

it('keeps one in four of each image, in order, with its state and its position; all text stays', () => {
  const { states, positions, assignment } = keep(['a', 'b']);
  states.forEach((tokens, b) => {
    const kept = tokens.slice(0, 11).map(([t]) => t as number);
    expect(kept).toEqual([...kept].sort((x, y) => x - y));
    expect(new Set(kept).size).toBe(11);
    expect(kept.filter((t) => t >= 1 && t < 25)).toHaveLength(6);
    expect(kept.filter((t) => t >= 26 && t < 35)).toHaveLength(2);
    expect([kept[0], kept[7], kept[10]]).toEqual([0, 25, 35]);
    expect(tokens.slice(0, 11).every(([, of]) => of === 100 * b)).toBe(true);
    expect(positions[b]?.slice(0, 11)).toEqual(kept);
    expect(assignment[b]).toEqual(Array.from({ length: 40 }, (_, t) => kept.indexOf(t)));
  });
});

it('draws the same tokens again, alone or in company, and others for another row or layer', () => {
  const [alone] = keep(['b']).positions;
  expect(keep(['a', 'b']).positions[1]).toEqual(alone);
  expect(keep(['a']).positions[0]).not.toEqual(alone);
  expect(keep(['b'], 4).positions[0]).not.toEqual(alone);
});

it('leaves no tensors', () => expectNoLeakedTensors(() => keep(['a', 'b'])));
