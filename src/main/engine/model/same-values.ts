import { FLOAT_BYTES } from '../backend/stored-floats.ts';
import { decodeElements, sizeOf } from './host-tensor.ts';
import { storedFloats, type WeightTensor } from './weight-tensor.ts';

const PIECE_ELEMENTS = 2 ** 20;

/** The values of a weight, a piece at a time. */
function* pieces(weight: WeightTensor): Generator<ArrayLike<number | bigint>> {
  const stored = storedFloats(weight);
  const { shape, dtype } = stored;
  const size = sizeOf(shape);
  const width = FLOAT_BYTES[dtype];
  for (let start = 0; start < size; start += PIECE_ELEMENTS) {
    const piece = stored.bytes(start * width, Math.min(PIECE_ELEMENTS, size - start) * width);
    yield decodeElements(piece.slice().buffer, dtype);
  }
}

/** Whether two weights have the same shape and the same values, whatever types they are stored in. */
export function sameValues(a: WeightTensor, b: WeightTensor): boolean {
  if (String(a.shape) !== String(b.shape)) return false;
  const others = pieces(b);
  for (const mine of pieces(a)) {
    const theirs = others.next().value as ArrayLike<number | bigint>;
    for (let i = 0; i < mine.length; i++) if (mine[i] !== theirs[i]) return false;
  }
  return true;
}
