/** A reader of TensorBoard event files, written from the formats' descriptions and not from our writer. */
import { crc32c } from '../../src/main/engine/train/tfrecord.ts';

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly sessionStatus?: number;
  readonly scalars: Readonly<Record<string, number>>;
}

const unmask = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

/** The records of a file. Throws where a checksum is wrong. */
export function readRecords(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    if (unmask(file.readUInt32LE(at + 8)) !== crc32c(file.subarray(at, at + 8))) throw new Error('length checksum');
    if (unmask(file.readUInt32LE(at + 12 + length)) !== crc32c(data)) throw new Error('data checksum');
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** The fields of a protocol buffer message: number → values, each as its bytes. */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  const skip = (type: number): Buffer => {
    const length = type === 2 ? varint() : type === 1 ? 8 : type === 5 ? 4 : 0;
    const start = at;
    if (type === 0) varint();
    else at += length;
    return message.subarray(start, at);
  };
  while (at < message.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    fields.set(field, [...(fields.get(field) ?? []), skip(key % 8)]);
  }
  return fields;
}

function varintOf(bytes: Buffer | undefined): number {
  return [...(bytes ?? [])].reduceRight((value, byte) => value * 128 + (byte % 128), 0);
}

function scalarsOf(summary: Buffer | undefined): Record<string, number> {
  const values = (summary && fieldsOf(summary).get(1)) ?? [];
  return Object.fromEntries(
    values.map((value) => {
      const fields = fieldsOf(value);
      return [fields.get(1)?.[0]?.toString() ?? '', fields.get(2)?.[0]?.readFloatLE() ?? NaN];
    }),
  );
}

/** The events of a file, in order. */
export function readEvents(file: Buffer): ReadEvent[] {
  return readRecords(file).map((record) => {
    const fields = fieldsOf(record);
    const session = fields.get(7)?.[0];
    const version = fields.get(3)?.[0];
    return {
      wallTime: fields.get(1)?.[0]?.readDoubleLE() ?? NaN,
      step: varintOf(fields.get(2)?.[0]),
      ...(version && { fileVersion: version.toString() }),
      ...(session && { sessionStatus: varintOf(fieldsOf(session).get(1)?.[0]) }),
      scalars: scalarsOf(fields.get(5)?.[0]),
    };
  });
}
