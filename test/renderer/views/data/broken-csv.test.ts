import { describe, expect, it } from 'vitest';
import { brokenCsv } from '../../../../src/renderer/src/views/data/validation/broken-csv.ts';

describe('brokenCsv', () => {
  it('writes a header and one row per sample', () => {
    const csv = brokenCsv([
      { index: 2, line: 3, id: 'a', reason: 'conversations: must have 2 or more entries' },
      { index: 5, line: 9, reason: 'is not valid JSON, or cut off' },
    ]);
    expect(csv).toBe(
      'index,line,id,reason\r\n2,3,a,conversations: must have 2 or more entries\r\n5,9,,"is not valid JSON, or cut off"\r\n',
    );
  });

  it('makes no cell a formula and keeps quotes and line breaks', () => {
    const csv = brokenCsv([{ index: 0, line: 1, id: '=HYPERLINK("x")', reason: 'a\n"b"' }]);
    expect(csv.split('\r\n')[1]).toBe(`0,1,"'=HYPERLINK(""x"")","a\n""b"""`);
  });
});
