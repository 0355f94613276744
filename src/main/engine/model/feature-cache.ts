import { tf } from '../backend/tensorflow.ts';
import { visionLayersUsed, type LlavaConfig } from './config.ts';
import type { HostVision } from './device-batch.ts';
import type { HostTensor } from './host-tensor.ts';
import { Parameters } from './parameters.ts';
import { visionFeatures } from './vision-encoder.ts';

/** Preprocessed pixels of some images, by absolute path: [I, 3, S, S]. */
export type LoadPixels = (images: readonly string[]) => Promise<Float32Array>;

/** Images that go through the tower at once: enough to fill the cores, few enough for memory. */
const IMAGES_PER_PASS = 32;
const DEFAULT_LIMIT_BYTES = 2 ** 31;

/**
 * Features of a frozen vision tower, computed once per image and kept in host memory up to a limit; beyond it they are
 * computed each time. Dispose it when done.
 */
export class FeatureCache {
  private readonly config: LlavaConfig;
  private readonly tower: Parameters;
  private readonly loadPixels: LoadPixels;
  private readonly limitBytes: number;
  private readonly features = new Map<string, Float32Array>();
  private bytes = 0;

  /** @param weights those of the model; only the tower's are used */
  constructor(
    config: LlavaConfig,
    weights: ReadonlyMap<string, HostTensor>,
    loadPixels: LoadPixels,
    limitBytes = DEFAULT_LIMIT_BYTES,
  ) {
    this.config = config;
    this.tower = new Parameters(new Map([...weights].filter(([name]) => name.startsWith('vision_tower.'))));
    this.loadPixels = loadPixels;
    this.limitBytes = limitBytes;
  }

  /** Features of images in the order given: [I·N, E]. */
  async read(images: readonly string[]): Promise<HostVision> {
    const found = new Map<string, Float32Array>();
    const missing = [...new Set(images)].filter((image) => !this.features.has(image));
    for (let i = 0; i < missing.length; i += IMAGES_PER_PASS) {
      const part = missing.slice(i, i + IMAGES_PER_PASS);
      const computed = this.compute(await this.loadPixels(part), part.length);
      part.forEach((image, j) => {
        found.set(image, computed[j] as Float32Array);
        this.keep(image, computed[j] as Float32Array);
      });
    }
    const each = images.map((image) => (this.features.get(image) ?? found.get(image)) as Float32Array);
    return { features: joined(each), width: this.config.vision.hiddenSize };
  }

  dispose(): void {
    this.tower.dispose();
    this.features.clear();
  }

  private keep(image: string, features: Float32Array): void {
    if (this.bytes + features.byteLength > this.limitBytes) return;
    this.features.set(image, features);
    this.bytes += features.byteLength;
  }

  private compute(pixels: Float32Array, images: number): Float32Array[] {
    const { config } = this;
    const side = config.vision.imageSize;
    const tensor = tf.tidy(() => {
      const input = tf.tensor4d(pixels, [images, 3, side, side]);
      const layers = visionLayersUsed(config);
      return this.tower.withWeights((w) => visionFeatures(input, w, config.vision, layers, config.featureSelect));
    });
    const all = tensor.dataSync() as Float32Array;
    tensor.dispose();
    const size = all.length / images;
    return Array.from({ length: images }, (_, i) => all.slice(i * size, (i + 1) * size));
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
