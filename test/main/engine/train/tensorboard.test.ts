import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scalarsOf } from '../../../../src/main/engine/train/metrics-sink.ts';
import { TensorBoardWriter } from '../../../../src/main/engine/train/tensorboard.ts';
import { crc32c, encodeRecord } from '../../../../src/main/engine/train/tfrecord.ts';
import { readEvents, readRecords } from '../../../helpers/event-file.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

describe('records', () => {
  it('have CRC-32C checksums', () => {
    // Check value of the CRC catalogue, and the vectors of RFC 3720, B.4.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  it('are the bytes that TensorBoard writes', () => {
    // Python: tensorboard.summary.writer.record_writer.RecordWriter(file).write(b'abc')
    expect(encodeRecord(Buffer.from('abc')).toString('hex')).toBe('0300000000000000b099490e6162636e57f121');
  });

  it('are read back', () => {
    const texts = ['', 'one', 'x'.repeat(1000)];
    const file = Buffer.concat(texts.map((text) => encodeRecord(Buffer.from(text))));
    expect(readRecords(file).map(String)).toEqual(texts);
  });
});

describe('event files', () => {
  it('hold the scalars of each step', () => {
    const folder = temporaryFolder();
    const before = Date.now() / 1000;
    const writer = new TensorBoardWriter(folder, 0);
    writer.append(1, { loss: 0.5, visual_tokens: 18432, 'not/finite': NaN });
    writer.append(300, { loss: -0.25 });
    writer.close();
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\.\d{3}\./);
    const events = readEvents(readFileSync(join(folder, name!)));
    expect(events).toMatchObject([
      { fileVersion: 'brain.Event:2' },
      { step: 1, sessionStatus: 1 },
      { step: 1, scalars: { loss: 0.5, visual_tokens: 18432 } },
      { step: 300, scalars: { loss: -0.25 } },
    ]);
    expect(events[2]?.scalars).not.toHaveProperty('not/finite');
    for (const { wallTime } of events) expect(wallTime).toBeGreaterThanOrEqual(before);
  });

  it('begin a session behind the checkpoint, which makes TensorBoard drop what was written beyond it', () => {
    const folder = temporaryFolder();
    new TensorBoardWriter(folder, 40).close();
    expect(readEvents(readFileSync(join(folder, readdirSync(folder)[0]!)))[1]).toMatchObject({
      step: 41,
      sessionStatus: 1,
    });
  });

  it('have the numbers of the metrics under the names of the field', () => {
    const metrics = {
      step: 3,
      loss: 1,
      gradNorm: 2,
      visualTokensPerLayer: [1, 2],
      compression: '2/8',
      flopsSavedPaper: 4,
    };
    expect(scalarsOf(metrics as unknown as Parameters<typeof scalarsOf>[0])).toEqual({
      loss: 1,
      grad_norm: 2,
      flops_saved_paper: 4,
    });
  });
});
