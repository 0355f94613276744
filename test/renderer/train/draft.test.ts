import { describe, expect, it } from 'vitest';
import { defaultOf, setField, toDraft } from '../../../src/renderer/src/views/train/recipe/draft.ts';
import { changed, newHistory, redone, settled, undone } from '../../../src/renderer/src/views/train/recipe/history.ts';

describe('a draft', () => {
  it('is changed in a copy, at any depth', () => {
    const draft = toDraft({ name: 'a', optimizer: { lr: 1, steps: 5 }, stages: [{ compression: 'none' }] });
    const next = setField(draft, ['optimizer', 'lr'], 2);
    expect(next).toEqual({ ...draft, optimizer: { lr: 2, steps: 5 } });
    expect(draft['optimizer']).toEqual({ lr: 1, steps: 5 });
    expect(setField(draft, ['stages', 0, 'share'], 1)['stages']).toEqual([{ compression: 'none', share: 1 }]);
  });

  it('drops a field that is set to undefined and makes groups that are missing', () => {
    expect(setField({ optimizer: { lr: 1, steps: 5 } }, ['optimizer', 'steps'], undefined)).toEqual({
      optimizer: { lr: 1 },
    });
    expect(setField({}, ['model', 'from'], 'tiny')).toEqual({ model: { from: 'tiny' } });
  });

  it('of anything but a group of fields is empty', () => {
    expect([toDraft([1]), toDraft('x'), toDraft(null)]).toEqual([{}, {}, {}]);
  });

  it('has the defaults of the schema', () => {
    expect(defaultOf('instruct', ['optimizer', 'warmupRatio'])).toBe(0.03);
    expect(defaultOf('instruct', ['optimizer', 'betas'])).toEqual([0.9, 0.999]);
    expect(defaultOf('instruct', ['train', 'parts'])).toBe('full');
    expect(defaultOf('vision', ['vision', 'augment'])).toBe('flips-and-shifts');
    expect(defaultOf('instruct', ['optimizer', 'lr'])).toBeUndefined();
    expect(defaultOf('vision', ['train', 'parts'])).toBeUndefined();
  });
});

describe('undo and redo', () => {
  it('go back and forth', () => {
    const history = changed(changed(newHistory(1), 2), 3);
    const back = undone(undone(history));
    expect(back.present.value).toBe(1);
    expect(redone(back).present.value).toBe(2);
    expect(undone(back).present.value).toBe(1);
    expect(redone(history).present.value).toBe(3);
  });

  it('take a continuing change as one, until it is settled', () => {
    const dragged = changed(changed(newHistory(0), 1, 'end 0'), 2, 'end 0');
    expect(undone(dragged).present.value).toBe(0);
    const again = changed(settled(dragged), 3, 'end 0');
    expect(undone(again).present.value).toBe(2);
  });

  it('forget what was undone when something new is done', () => {
    const history = changed(undone(changed(newHistory(1), 2)), 5);
    expect(redone(history).present.value).toBe(5);
    expect(undone(history).present.value).toBe(1);
  });
});
