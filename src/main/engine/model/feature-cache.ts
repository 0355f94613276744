import { tf } from '../backend/tensorflow.ts';
import { visionLayersUsed, visualTokensPerImage, type LlavaConfig } from './config.ts';
import type { HostVision } from './device-batch.ts';
import { Parameters } from './parameters.ts';
import { visionFeatures } from './vision-encoder.ts';
import type { WeightTensor } from './weight-tensor.ts';

/** Preprocessed pixels of some images, by absolute path: [I, 3, S, S]. */
export type LoadPixels = (images: readonly string[]) => Promise<Float32Array>;

/** Images that go through the tower at once: enough to fill the cores, few enough for memory. */
const IMAGES_PER_PASS = 32;
const DEFAULT_LIMIT_BYTES = 2 ** 31;

/** How many images' features fit into some memory. */
export function featureCapacity(config: LlavaConfig, limitBytes = DEFAULT_LIMIT_BYTES): number {
  const bytes = visualTokensPerImage(config) * config.vision.hiddenSize * Float32Array.BYTES_PER_ELEMENT;
  return Math.floor(limitBytes / bytes);
}

/**
 * Features of a frozen vision tower, computed once per image and kept in host memory. Dispose it when done.
 *
 * The last bits of an image's features depend on the images that go through the tower with it and on its place among
 * them. A resumed run must get the same bits, though it asks in another order: so images are computed in groups that
 * are fixed from the start, and those that are in no group each by itself.
 */
export class FeatureCache {
  private readonly config: LlavaConfig;
  private readonly tower: Parameters;
  private readonly loadPixels: LoadPixels;
  private readonly groups: readonly (readonly string[])[];
  private readonly groupOf: ReadonlyMap<string, number>;
  private readonly features = new Map<string, Float32Array>();

  /**
   * @param weights those of the model; only the tower's are used
   * @param kept images whose features are kept, in an order that is the same in every session of a run
   */
  constructor(
    config: LlavaConfig,
    weights: ReadonlyMap<string, WeightTensor>,
    loadPixels: LoadPixels,
    kept: readonly string[],
  ) {
    this.config = config;
    this.tower = new Parameters(new Map([...weights].filter(([name]) => name.startsWith('vision_tower.'))));
    this.loadPixels = loadPixels;
    this.groups = groupsOf([...new Set(kept)]);
    this.groupOf = new Map(this.groups.flatMap((group, index) => group.map((image) => [image, index])));
  }

  /** Features of images in the order given: [I·N, E]. */
  async read(images: readonly string[]): Promise<HostVision> {
    const each: Float32Array[] = [];
    for (const image of images) each.push(await this.featuresOf(image));
    return { features: joined(each), width: this.config.vision.hiddenSize };
  }

  dispose(): void {
    this.tower.dispose();
    this.features.clear();
  }

  private async featuresOf(image: string): Promise<Float32Array> {
    const found = this.features.get(image);
    if (found) return found;
    const group = this.groups[this.groupOf.get(image) ?? -1] ?? [image];
    const computed = this.compute(await this.loadPixels(group), group.length);
    if (this.groupOf.has(image)) group.forEach((member, i) => this.features.set(member, computed[i]!));
    return computed[group.indexOf(image)]!;
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

function groupsOf(images: readonly string[]): string[][] {
  const count = Math.ceil(images.length / IMAGES_PER_PASS);
  return Array.from({ length: count }, (_, i) => images.slice(i * IMAGES_PER_PASS, (i + 1) * IMAGES_PER_PASS));
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
