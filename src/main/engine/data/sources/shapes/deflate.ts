/**
 * A small zlib encoder (RFC 1950, 1951) with fixed Huffman codes. node:zlib compresses better, but its bytes depend on
 * the version and the processor, and datasets made here must be the same everywhere.
 */

const [SHORTEST_MATCH, LONGEST_MATCH] = [3, 258];
const END_OF_BLOCK = 256;
const ADLER_MODULUS = 65521;

/** Shortest length (or distance) of each code, and how many extra bits follow the code. RFC 1951, 3.2.5. */
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];

class BitWriter {
  private readonly bytes: number[] = [0x78, 0x01];
  private pending = 0;
  private pendingBits = 0;

  /** The low `count` bits of a value, lowest first. */
  write(value: number, count: number): void {
    this.pending |= value << this.pendingBits;
    this.pendingBits += count;
    while (this.pendingBits >= 8) {
      this.bytes.push(this.pending & 0xff);
      this.pending >>>= 8;
      this.pendingBits -= 8;
    }
  }

  /** A Huffman code: highest bit first. */
  writeCode(code: number, count: number): void {
    let reversed = 0;
    for (let bit = 0; bit < count; bit++) reversed |= ((code >> bit) & 1) << (count - 1 - bit);
    this.write(reversed, count);
  }

  finish(checksum: number): Uint8Array {
    if (this.pendingBits > 0) this.write(0, 8 - this.pendingBits);
    for (const shift of [24, 16, 8, 0]) this.bytes.push((checksum >>> shift) & 0xff);
    return Uint8Array.from(this.bytes);
  }
}

/**
 * Compresses bytes, searching repetitions at the given distances only.
 * @param distances in bytes, 1 to 32768: for pictures one pixel and one row back say nearly everything.
 */
export function deflate(data: Uint8Array, distances: readonly number[]): Uint8Array {
  const out = new BitWriter();
  out.write(0b011, 3); // the last block, fixed codes
  let at = 0;
  while (at < data.length) {
    const [length, distance] = longestMatch(data, at, distances);
    if (length >= SHORTEST_MATCH) writeMatch(out, length, distance);
    else writeSymbol(out, data[at] as number);
    at += length >= SHORTEST_MATCH ? length : 1;
  }
  writeSymbol(out, END_OF_BLOCK);
  return out.finish(adler32(data));
}

function longestMatch(data: Uint8Array, at: number, distances: readonly number[]): [length: number, distance: number] {
  let best: [number, number] = [0, 0];
  const limit = Math.min(LONGEST_MATCH, data.length - at);
  for (const distance of distances) {
    if (distance > at) continue;
    let length = 0;
    while (length < limit && data[at + length] === data[at + length - distance]) length++;
    if (length > best[0]) best = [length, distance];
  }
  return best;
}

function writeMatch(out: BitWriter, length: number, distance: number): void {
  const lengthCode = LENGTH_BASE.findLastIndex((base) => base <= length);
  writeSymbol(out, END_OF_BLOCK + 1 + lengthCode);
  out.write(length - (LENGTH_BASE[lengthCode] as number), LENGTH_EXTRA[lengthCode] as number);
  const distanceCode = DISTANCE_BASE.findLastIndex((base) => base <= distance);
  out.writeCode(distanceCode, 5);
  out.write(distance - (DISTANCE_BASE[distanceCode] as number), DISTANCE_EXTRA[distanceCode] as number);
}

/** The fixed literal/length code. RFC 1951, 3.2.6. */
function writeSymbol(out: BitWriter, symbol: number): void {
  if (symbol < 144) out.writeCode(0x30 + symbol, 8);
  else if (symbol < 256) out.writeCode(0x190 + symbol - 144, 9);
  else if (symbol < 280) out.writeCode(symbol - 256, 7);
  else out.writeCode(0xc0 + symbol - 280, 8);
}

function adler32(data: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of data) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
