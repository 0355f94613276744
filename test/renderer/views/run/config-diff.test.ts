import { describe, expect, it } from 'vitest';
import { differentFields } from '../../../../src/renderer/src/views/run/config-diff.ts';

describe('differentFields', () => {
  it('lists what differs, with a gap where a recipe has no such field', () => {
    const recipes = [
      {
        name: 'a',
        optimizer: { lr: 0.1, betas: [0.9, 0.99] },
        stages: [{ compression: '2/8' }, { compression: 'none' }],
      },
      { name: 'b', optimizer: { lr: 0.2, betas: [0.9, 0.99] }, stages: [{ compression: '2/2' }] },
    ];
    expect(differentFields(recipes)).toEqual([
      { field: 'optimizer.lr', values: ['0.1', '0.2'] },
      { field: 'stages[0].compression', values: ['2/8', '2/2'] },
      { field: 'stages[1].compression', values: ['none', undefined] },
    ]);
  });

  it('finds nothing in equal recipes, whatever they are called', () => {
    expect(
      differentFields([
        { name: 'a', seed: 1 },
        { name: 'b', seed: 1 },
      ]),
    ).toEqual([]);
  });
});
