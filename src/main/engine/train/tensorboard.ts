/**
 * TensorBoard event files, written without TensorFlow: its own writer (`tf.node.summaryFileWriter`) cannot write the
 * session start, which is what makes TensorBoard drop the steps beyond the checkpoint that a run was resumed from.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppendLog } from './append-log.ts';
import { encodeRecord } from './tfrecord.ts';

// Protocol buffers' wire types; a key is field · 8 + type.
const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const FLOAT = 5;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}

const key = (field: number, type: number): number[] => varint(field * 8 + type);

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...key(field, BYTES), ...varint(bytes.length)]), bytes]);
}

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9, key(field, DOUBLE)[0]);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5, key(field, FLOAT)[0]);
  bytes.writeFloatLE(value, 1);
  return bytes;
}

const varintField = (field: number, value: number): Buffer => Buffer.from([...key(field, VARINT), ...varint(value)]);

/** tensorflow.Event: wall_time = 1, step = 2, and one of file_version = 3, summary = 5, session_log = 7. */
function event(seconds: number, step: number, what: Buffer): Buffer {
  return encodeRecord(Buffer.concat([doubleField(1, seconds), varintField(2, step), what]));
}

/** tensorflow.Summary: value = 1 { tag = 1, simple_value = 2 }. */
function summary(scalars: Readonly<Record<string, number>>): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, value)])),
  );
  return bytesField(5, Buffer.concat(values));
}

/** tensorflow.SessionLog: status = 1, where START = 1. */
const SESSION_START = bytesField(7, varintField(1, 1));

/** One event file. A run has one for each time it was started or resumed. */
export class TensorBoardWriter {
  private readonly log: AppendLog;

  /**
   * @param folder the run's folder
   * @param step optimizer steps done when this session begins
   */
  constructor(folder: string, step: number) {
    const seconds = Date.now() / 1000;
    // TensorBoard reads a run's files in the order of their names; two sessions may begin in the same second.
    const name = `events.out.tfevents.${seconds.toFixed(3).padStart(14, '0')}.${hostname()}.${process.pid}`;
    this.log = new AppendLog(join(folder, name));
    this.log.append(event(seconds, 0, bytesField(3, Buffer.from('brain.Event:2'))));
    // TensorBoard drops what earlier sessions wrote from the start's step on.
    this.log.append(event(seconds, step + 1, SESSION_START));
  }

  /** @param scalars values by tag, e.g. `{ loss: 0.7 }`; what is not finite is left out */
  append(step: number, scalars: Readonly<Record<string, number>>): void {
    const finite = Object.entries(scalars).filter(([, value]) => Number.isFinite(value));
    this.log.append(event(Date.now() / 1000, step, summary(Object.fromEntries(finite))));
  }

  close(): void {
    this.log.close();
  }
}
