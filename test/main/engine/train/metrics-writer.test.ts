import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WriteBytes } from '../../../../src/main/engine/train/append-log.ts';
import { MetricsWriter } from '../../../../src/main/engine/train/metrics-writer.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const line = (step: number): string => `${JSON.stringify({ step, loss: 1 / step })}\n`;
const lines = (...steps: number[]): string => steps.map(line).join('');

/** What is in the file after opening it at a step and closing it again. */
function openedAt(step: number, content: string): string {
  const file = join(temporaryFolder(), 'metrics.jsonl');
  writeFileSync(file, content);
  new MetricsWriter(file, step).close();
  return readFileSync(file, 'utf8');
}

describe('metrics.jsonl', () => {
  it('grows line by line', async () => {
    const file = join(temporaryFolder(), 'metrics.jsonl');
    const writer = new MetricsWriter(file, 0);
    writer.append({ step: 1, loss: 1 });
    writer.append({ step: 2, loss: 0.5 });
    await writer.sync();
    writer.close();
    expect(readFileSync(file, 'utf8')).toBe(lines(1, 2));
  });

  it.each([
    ['half a line', '{"step":3,"lo'],
    ['a line without its end', '{"step":3}'],
    ['zeros, as a power cut leaves them', '\0\0\0\0'],
  ])('loses %s at its end', (_, torn) => {
    expect(openedAt(9, lines(1, 2) + torn)).toBe(lines(1, 2));
  });

  it('loses what lies beyond the checkpoint, and what comes after a broken line', () => {
    expect(openedAt(2, lines(1, 2, 3, 4))).toBe(lines(1, 2));
    expect(openedAt(0, lines(1, 2))).toBe('');
    expect(openedAt(9, `${lines(1)}{"no":"step"}\n${lines(3)}`)).toBe(lines(1));
  });

  it('is cut right where lines are longer than a read', () => {
    const long = `${JSON.stringify({ step: 1, text: 'ä'.repeat(100_000) })}\n`;
    expect(openedAt(2, long + lines(2, 3))).toBe(long + lines(2));
  });

  it('has a line whole or not at all where the disk is full', () => {
    const file = join(temporaryFolder(), 'metrics.jsonl');
    let room = line(1).length + 5;
    const small: WriteBytes = (descriptor, bytes, offset, position) => {
      if (room === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      const written = writeSync(descriptor, bytes, offset, Math.min(room, bytes.length - offset), position);
      room -= written;
      return written;
    };
    const writer = new MetricsWriter(file, 0, small);
    writer.append({ step: 1, loss: 1 });
    expect(() => writer.append({ step: 2, loss: 0.5 })).toThrow('ENOSPC');
    expect(readFileSync(file, 'utf8')).toBe(lines(1));
    room = Infinity;
    writer.append({ step: 2, loss: 0.5 });
    writer.close();
    expect(readFileSync(file, 'utf8')).toBe(lines(1, 2));
  });
});
