import { FLOAT_BYTES, type FloatType } from '../backend/stored-floats.ts';

/** Types that weights can be written in. */
export type WrittenFloatType = Exclude<FloatType, 'F64'>;

/** Upper 16 bits of a float32's word, rounded to nearest, ties to even; NaN stays NaN. */
function bfloat16Bits(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** IEEE half precision of a float32's word, rounded to nearest, ties to even; too large numbers become infinite. */
function halfBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | subnormalHalf(magnitude);
  // Exponents count from 127 there and from 15 here; of 23 fraction bits 10 stay.
  const shifted = magnitude - 0x38000000;
  return sign | ((shifted + 0xfff + ((shifted >>> 13) & 1)) >>> 13);
}

/** Below 2⁻¹⁴ halves are multiples of 2⁻²⁴. */
function subnormalHalf(magnitude: number): number {
  const exponent = magnitude >>> 23;
  if (exponent < 102) return 0;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const half = 1 << (shift - 1);
  const kept = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Float32 values in another type, as little-endian bytes: rounded to nearest, ties to even, as PyTorch rounds. */
export function encodeFloats(values: Float32Array, dtype: WrittenFloatType): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  const encode = dtype === 'BF16' ? bfloat16Bits : halfBits;
  for (let i = 0; i < words.length; i++) bits[i] = encode(words[i] as number);
  return new Uint8Array(bits.buffer, 0, bits.length * FLOAT_BYTES[dtype]);
}
