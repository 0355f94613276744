import { tf, type Tensor } from '../backend/tensorflow.ts';
import { visualTokensPerImage, type LlavaConfig } from './config.ts';
import type { HostVision } from './device-batch.ts';
import { Parameters } from './parameters.ts';
import { towerOutput } from './tower-view.ts';
import type { WeightTensor } from './weight-tensor.ts';

/** Preprocessed pixels of some images, by absolute path: [I, 3, S, S]. */
export type LoadPixels = (images: readonly string[]) => Promise<Float32Array>;

/** Images that go through the tower at once: enough to fill the cores, few enough for memory. */
const IMAGES_PER_PASS = 32;
const DEFAULT_LIMIT_BYTES = 2 ** 31;

/** What is kept of each image. */
export interface CacheOptions {
  /** The tower's view too: as many values again, and one more for each token. */
  readonly withView?: boolean;
}

function bytesOfImage(config: LlavaConfig, withView: boolean): number {
  const { hiddenSize } = config.vision;
  const perToken = withView ? 2 * hiddenSize + 1 : hiddenSize;
  return visualTokensPerImage(config) * perToken * Float32Array.BYTES_PER_ELEMENT;
}

/** How many images' features fit into some memory. */
export function featureCapacity(
  config: LlavaConfig,
  { withView = false }: CacheOptions = {},
  limitBytes = DEFAULT_LIMIT_BYTES,
): number {
  return Math.floor(limitBytes / bytesOfImage(config, withView));
}

/** Of one image: features [N, E], and the tower's view where it is kept. */
interface Cached {
  readonly features: Float32Array;
  readonly attention?: Float32Array;
  readonly keys?: Float32Array;
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
  private readonly withView: boolean;
  private readonly cached = new Map<string, Cached>();
  private readonly work = { images: 0, ms: 0 };

  /**
   * @param weights those of the model; only the tower's are used
   * @param kept images whose features are kept, in an order that is the same in every session of a run
   */
  constructor(
    config: LlavaConfig,
    weights: ReadonlyMap<string, WeightTensor>,
    loadPixels: LoadPixels,
    kept: readonly string[],
    { withView = false }: CacheOptions = {},
  ) {
    this.withView = withView;
    this.config = config;
    this.tower = new Parameters(new Map([...weights].filter(([name]) => name.startsWith('vision_tower.'))));
    this.loadPixels = loadPixels;
    this.groups = groupsOf([...new Set(kept)]);
    this.groupOf = new Map(this.groups.flatMap((group, index) => group.map((image) => [image, index])));
  }

  /** Images that went through the tower so far, and how long that took, decoding included. */
  get made(): { readonly images: number; readonly ms: number } {
    return { ...this.work };
  }

  /** Images whose features are kept, those of them that are there by now, the groups they are in, and bytes of an image. */
  get room(): { readonly kept: number; readonly there: number; readonly groups: number; readonly imageBytes: number } {
    const imageBytes = bytesOfImage(this.config, this.withView);
    return { kept: this.groupOf.size, there: this.cached.size, groups: this.groups.length, imageBytes };
  }

  /** Features of images in the order given: [I·N, E], and the tower's view of them where it is kept. */
  async read(images: readonly string[]): Promise<HostVision> {
    const each: Cached[] = [];
    for (const image of images) each.push(await this.of(image));
    const { hiddenSize: width, heads } = this.config.vision;
    const features = joined(each.map((one) => one.features));
    if (!this.withView) return { features, width };
    const part = (name: 'attention' | 'keys'): Float32Array => joined(each.map((one) => one[name] ?? NOTHING));
    return { features, width, view: { attention: part('attention'), keys: part('keys'), heads } };
  }

  dispose(): void {
    this.tower.dispose();
    this.cached.clear();
  }

  private async of(image: string): Promise<Cached> {
    const found = this.cached.get(image);
    if (found) return found;
    const group = this.groups[this.groupOf.get(image) ?? -1] ?? [image];
    const startedAt = performance.now();
    const computed = this.compute(await this.loadPixels(group), group.length);
    this.work.images += group.length;
    this.work.ms += performance.now() - startedAt;
    if (this.groupOf.has(image)) group.forEach((member, i) => this.cached.set(member, computed[i]!));
    return computed[group.indexOf(image)]!;
  }

  private compute(pixels: Float32Array, images: number): Cached[] {
    const { config } = this;
    const side = config.vision.imageSize;
    const { features, attention, keys } = tf.tidy(() => {
      const input = tf.tensor4d(pixels, [images, 3, side, side]);
      return this.tower.withWeights((w) => ({ ...towerOutput(input, w, config, this.withView) }));
    });
    const [own, ...view] = [features, attention, keys].map((tensor) => (tensor ? split(tensor, images) : []));
    return Array.from({ length: images }, (_, i) => ({
      features: own?.[i] ?? NOTHING,
      ...(this.withView && { attention: view[0]?.[i] ?? NOTHING, keys: view[1]?.[i] ?? NOTHING }),
    }));
  }
}

const NOTHING = new Float32Array();

/** The values of each image, in host memory; the tensor is disposed. */
function split(tensor: Tensor, images: number): Float32Array[] {
  const all = tensor.dataSync() as Float32Array;
  tensor.dispose();
  const size = all.length / images;
  return Array.from({ length: images }, (_, i) => all.slice(i * size, (i + 1) * size));
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
