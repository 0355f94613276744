import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveLine } from '../../../src/main/terminal/live-line.ts';

function recorded(isTTY: boolean): { output: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const output = { isTTY, columns: 20, write: (text: string) => written.push(text) > 0 };
  return { output: output as unknown as NodeJS.WriteStream, written };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('LiveLine', () => {
  it('writes a line every few seconds where there is no terminal', () => {
    const { output, written } = recorded(false);
    const line = new LiveLine(output);
    for (let second = 0; second <= 12; second++) {
      line.show(`second ${second}`);
      vi.advanceTimersByTime(1000);
    }
    expect(written).toEqual(['  second 5\n', '  second 10\n']);
  });

  it('redraws in a terminal, no wider than it and not at every call', () => {
    const { output, written } = recorded(true);
    const line = new LiveLine(output);
    line.show('first, which is too long for it');
    line.show('left out');
    vi.advanceTimersByTime(200);
    line.show('second');
    expect(written).toHaveLength(2);
    expect(written[0]).toBe('  first, which is to\n');
    expect(written[1]).toBe('\u001b[1A\r\u001b[J  second\n');
  });

  it('puts lines that stay in the place of what was shown', () => {
    const { output, written } = recorded(true);
    const line = new LiveLine(output);
    line.show('working');
    line.print('done');
    line.print('again');
    expect(written.slice(1)).toEqual(['\u001b[1A\r\u001b[Jdone\n', 'again\n']);
  });
});
