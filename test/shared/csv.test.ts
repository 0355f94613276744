import { describe, expect, it } from 'vitest';
import { csvCell, csvLine } from '../../src/shared/csv.ts';

describe('a cell', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx'])('disarms %s', (text) => expect(csvCell(text)).toBe(`'${text}`));

  it('quotes commas, quotes and line breaks', () => {
    expect(csvCell('a,b')).toBe('"a,b"');
    expect(csvCell('say "x"')).toBe('"say ""x"""');
    expect(csvCell('a\nb')).toBe('"a\nb"');
  });

  it('leaves numbers numbers, and what is none empty', () => {
    expect(csvLine([-3, 0.5, NaN, 'a'])).toBe('-3,0.5,,a');
  });
});
