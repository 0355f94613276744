import type { RgbImage } from './image.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of whole pixels. */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/**
 * A larger picture of one colour with the image lying on it. It is never drawn: its rows are made one at a time, so a
 * long image padded to a square costs no memory. `left` and `top` say where the image lies on it.
 */
export interface Canvas extends Box {
  readonly colour: readonly [number, number, number];
}

/** The canvas that is the image itself. */
export function plainCanvas({ width, height }: RgbImage): Canvas {
  return { width, height, left: 0, top: 0, colour: [0, 0, 0] };
}

// Pillow's fixed point: 8-bit samples, 2 guard bits, the rest of 32 for the fraction.
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);
const SUPPORT = 2;

/** Keys' cubic kernel with a = -0.5. */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** For each output position: the first input position it reads, how many, and their weights in fixed point. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [outputs, size] */
  readonly weights: Int32Array;
  readonly size: number;
}

/** Weights for the outputs `from` … `from + outputs - 1` when `inputSize` positions become `outputSize`. */
function makeTaps(inputSize: number, outputSize: number, from: number, outputs: number): Taps {
  const scale = inputSize / outputSize;
  const stretch = Math.max(1, scale);
  const support = SUPPORT * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const taps = {
    first: new Int32Array(outputs),
    count: new Int32Array(outputs),
    weights: new Int32Array(outputs * size),
    size,
  };
  const exact = new Float64Array(size);
  for (let i = 0; i < outputs; i++) {
    const centre = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let j = 0; j < count; j++) sum += exact[j] = bicubic((j + first - centre + 0.5) * (1 / stretch));
    for (let j = 0; j < count; j++)
      taps.weights[i * size + j] = toFixedPoint(sum === 0 ? (exact[j] as number) : (exact[j] as number) / sum);
    taps.first[i] = first;
    taps.count[i] = count;
  }
  return taps;
}

const toFixedPoint = (weight: number): number => Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));

function clip8(fixed: number): number {
  const value = fixed >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Resizes to `target` and keeps the `crop` of the result: bit for bit what `resize((width, height), BICUBIC)` and `crop`
 * of Pillow 13 give for an 8-bit RGB image. Two passes over 8-bit values; the support grows with the scale when
 * shrinking. Only what the crop needs is computed.
 * @returns [crop.height, crop.width, 3]
 */
export function resample(image: RgbImage, canvas: Canvas, target: Size, crop: Box): Uint8Array {
  const lostRows = canvas.height - target.height;
  // Pillow 13 takes the vertical pass first here, versions before never did; the rounding between the passes shows it.
  const verticalFirst = lostRows > 0 && lostRows > (canvas.width - target.width) * 2;
  if (!verticalFirst) return resampleRowsFirst(image, canvas, target, crop);
  const turned = {
    width: image.height,
    height: image.width,
    pixels: transpose(image.pixels, image.width, image.height),
  };
  const result = resampleRowsFirst(turned, transposeCanvas(canvas), transposeSize(target), transposeBox(crop));
  return transpose(result, crop.height, crop.width);
}

function resampleRowsFirst(image: RgbImage, canvas: Canvas, target: Size, crop: Box): Uint8Array {
  const columns = makeTaps(canvas.width, target.width, crop.left, crop.width);
  const rows = makeTaps(canvas.height, target.height, crop.top, crop.height);
  const last = crop.height - 1;
  const firstRow = rows.first[0] as number;
  const endRow = (rows.first[last] as number) + (rows.count[last] as number);
  const narrow = squeezeRows(image, canvas, columns, firstRow, endRow);
  return squeezeColumns(narrow, rows, firstRow, crop.width * 3);
}

const transposeSize = ({ width, height }: Size): Size => ({ width: height, height: width });
const transposeBox = (box: Box): Box => ({ ...transposeSize(box), left: box.top, top: box.left });
const transposeCanvas = (canvas: Canvas): Canvas => ({ ...transposeBox(canvas), colour: canvas.colour });

/** [height, width, 3] -> [width, height, 3] */
function transpose(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (x * height + y) * 3;
      for (let channel = 0; channel < 3; channel++) result[to + channel] = pixels[from++] as number;
    }
  }
  return result;
}

/** Horizontal pass over the canvas rows `firstRow` … `endRow - 1`. @returns [endRow - firstRow, columns, 3] */
function squeezeRows(image: RgbImage, canvas: Canvas, taps: Taps, firstRow: number, endRow: number): Uint8Array {
  const stride = taps.first.length * 3;
  const result = new Uint8Array((endRow - firstRow) * stride);
  const row = new Uint8Array(canvas.width * 3);
  for (let x = 0; x < row.length; x++) row[x] = canvas.colour[x % 3] as number;
  const blank = squeezeRow(row, taps, new Uint8Array(stride), 0);
  for (let y = firstRow; y < endRow; y++) {
    const imageRow = y - canvas.top;
    const to = (y - firstRow) * stride;
    if (imageRow < 0 || imageRow >= image.height) {
      result.set(blank, to);
      continue;
    }
    row.set(image.pixels.subarray(imageRow * image.width * 3, (imageRow + 1) * image.width * 3), canvas.left * 3);
    squeezeRow(row, taps, result, to);
  }
  return result;
}

function squeezeRow(
  row: Uint8Array,
  { first, count, weights, size }: Taps,
  result: Uint8Array,
  to: number,
): Uint8Array {
  for (let x = 0; x < first.length; x++) {
    const start = (first[x] as number) * 3;
    const taps = count[x] as number;
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    for (let j = 0; j < taps; j++) {
      const weight = weights[x * size + j] as number;
      const at = start + j * 3;
      red = (red + Math.imul(row[at] as number, weight)) | 0;
      green = (green + Math.imul(row[at + 1] as number, weight)) | 0;
      blue = (blue + Math.imul(row[at + 2] as number, weight)) | 0;
    }
    result[to + x * 3] = clip8(red);
    result[to + x * 3 + 1] = clip8(green);
    result[to + x * 3 + 2] = clip8(blue);
  }
  return result;
}

/** Vertical pass. @param narrow rows from `firstRow` on, each `stride` values @returns [rows, stride] */
function squeezeColumns(
  narrow: Uint8Array,
  { first, count, weights, size }: Taps,
  firstRow: number,
  stride: number,
): Uint8Array {
  const result = new Uint8Array(first.length * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    for (let j = 0; j < (count[y] as number); j++) {
      const weight = weights[y * size + j] as number;
      const from = ((first[y] as number) + j - firstRow) * stride;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x] as number) + Math.imul(narrow[from + x] as number, weight);
    }
    for (let x = 0; x < stride; x++) result[y * stride + x] = clip8(sums[x] as number);
  }
  return result;
}
