import { describe, expect, it } from 'vitest';
import { MAX_PANES } from '../../../src/shared/api/compare.ts';
import {
  addPane,
  changePane,
  defaultPanes,
  duplicatePane,
  movePane,
  nextCompression,
  paneLetter,
  removePane,
  suggestedCompression,
  type PaneSetting,
} from '../../../src/renderer/src/views/compare/panes/pane-list.ts';

const settings = (panes: readonly PaneSetting[]): string[] => panes.map(({ compression }) => compression);
const START = defaultPanes('runs/a/final', '1/8');
const [FULL_KEY, PACKED_KEY] = START.map(({ key }) => key) as [string, string];

describe('panes', () => {
  it('begin with full beside compressed', () => {
    expect(settings(START)).toEqual(['none', '1/8']);
    expect(START.every(({ model }) => model === 'runs/a/final')).toBe(true);
  });

  it('are added, copied, changed and removed', () => {
    const three = addPane(START, { model: 'b', compression: '3/2' });
    expect(settings(three)).toEqual(['none', '1/8', '3/2']);
    const copied = duplicatePane(three, FULL_KEY);
    expect(settings(copied)).toEqual(['none', 'none', '1/8', '3/2']);
    expect(new Set(copied.map(({ key }) => key)).size).toBe(4);
    expect(settings(changePane(copied, PACKED_KEY, { compression: '2/4' }))).toEqual(['none', 'none', '2/4', '3/2']);
    expect(settings(removePane(three, FULL_KEY))).toEqual(['1/8', '3/2']);
  });

  it('never give a key twice, whatever was removed before', () => {
    const removed = removePane(addPane(START, { model: 'b', compression: '3/2' }), FULL_KEY);
    const added = addPane(removed, { model: 'c', compression: '4/2' });
    expect(new Set(added.map(({ key }) => key)).size).toBe(added.length);
  });

  it('move, at most to an end', () => {
    const three = addPane(START, { model: 'b', compression: '3/2' });
    expect(settings(movePane(three, FULL_KEY, 1))).toEqual(['1/8', 'none', '3/2']);
    expect(settings(movePane(three, FULL_KEY, 9))).toEqual(['1/8', '3/2', 'none']);
    expect(settings(movePane(three, PACKED_KEY, -1))).toEqual(['1/8', 'none', '3/2']);
  });

  it('are one at least and as many as the studio takes at most', () => {
    const one = removePane(START, FULL_KEY);
    expect(removePane(one, PACKED_KEY)).toBe(one);
    let many: readonly PaneSetting[] = START;
    for (let i = 0; i < 20; i++) many = addPane(many, { model: 'm', compression: 'none' });
    expect(many).toHaveLength(MAX_PANES);
    expect(duplicatePane(many, FULL_KEY)).toBe(many);
  });

  it('are named by letters', () => {
    expect([0, 1, 7].map(paneLetter)).toEqual(['A', 'B', 'H']);
  });
});

describe('settings to begin with', () => {
  it("are the paper's layer 2 of 32 and stride 8, scaled to the decoder", () => {
    expect(suggestedCompression(32, 576)).toBe('2/8');
    expect(suggestedCompression(6, 64)).toBe('1/8');
    expect(suggestedCompression(1, 64)).toBe('0/8');
  });

  it('leave two tokens at least', () => {
    expect(suggestedCompression(4, 9)).toBe('1/4');
    expect(suggestedCompression(4, 2)).toBe('none');
  });

  it('are not given twice', () => {
    expect(nextCompression(['none', '1/8'], 6, 64)).toBe('1/2');
    expect(nextCompression(['none', '1/8', '1/2', '1/4'], 6, 64)).toBe('1/16');
    expect(nextCompression(['1/8'], 6, 64)).toBe('none');
  });
});
