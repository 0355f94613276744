import type { Compression } from '../../../shared/compression.ts';
import { highOutliers } from '../../../shared/statistics.ts';
import { tf } from '../backend/tensorflow.ts';
import { compressorNamed } from '../compressor/compressors.ts';
import type { HostVision } from '../model/device-batch.ts';
import { encodeImages, type AnsweringModel } from './answering-functions.ts';

/**
 * Where a setting ranks by the tower's class token, the tokens of each picture whose attention is an outlier: PruMerge keeps
 * as many by its own rule, and the stride's number here. Runs the tower once more.
 *
 * @returns undefined for other settings and without pictures
 */
export function towerOutliers(
  vision: HostVision,
  compression: Compression,
  model: AnsweringModel,
): number[] | undefined {
  const isAsked = compression.some(({ compressor }) => compressorNamed(compressor).tower === 'class-token');
  if (!isAsked || !('pixels' in vision) || vision.pixels.length === 0) return undefined;
  const { pixels, imageSize: side } = vision;
  const images = pixels.length / (3 * side * side);
  const output = tf.tidy(() => ({ ...encodeImages(tf.tensor(pixels, [images, 3, side, side]), model, true) }));
  const attention = Array.from(output.attention?.dataSync() ?? []);
  tf.dispose({ ...output });
  const size = attention.length / images;
  return Array.from({ length: images }, (_, i) => highOutliers(attention.slice(i * size, (i + 1) * size)));
}
