import { crc32 } from 'node:zlib';
import { deflate } from './deflate.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const [BIT_DEPTH, TRUE_COLOR] = [8, 2];

/**
 * An 8-bit RGB picture as a PNG file. The same pixels give the same bytes on every machine.
 * @param pixels [height, width, 3]
 */
export function encodePng(pixels: Uint8Array, width: number, height: number): Buffer {
  const rowBytes = width * 3;
  if (pixels.length !== rowBytes * height)
    throw new RangeError(`${pixels.length} bytes are not ${width} x ${height} x 3`);
  const rows = new Uint8Array((rowBytes + 1) * height);
  // The byte in front of each row stays 0: no filter. Flat colours repeat as they are.
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BIT_DEPTH, TRUE_COLOR], 8);
  const data = deflate(rows, [3, rowBytes + 1]);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array(0))]);
}

/** Length, type, content, CRC over type and content. */
function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(content.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
