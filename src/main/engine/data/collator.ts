import type { EncodedRow, HostBatch } from './batch.ts';
import { decodeImage } from './image.ts';
import { PixelCache } from './pixel-cache.ts';
import { type ImageProcessor } from './image-processor.ts';
import { fitImage, PixelNormaliser } from './preprocess.ts';
import type { TrainingRows } from './training-rows.ts';

export interface CollatorOptions {
  readonly rows: Pick<TrainingRows, 'encode'>;
  readonly processor: ImageProcessor;
  /** False where features are cached: then batches have no pixels. */
  readonly loadPixels: boolean;
  /** Memory for prepared pictures, in bytes (3·S·S a picture). Default 256 MB. */
  readonly cacheBytes?: number;
}

const DEFAULT_CACHE_BYTES = 256 << 20;
/** Pictures decoded at once. A decoded picture takes up to 150 MB before it is scaled down. */
const DECODERS = 4;

/** Makes batches of rows: encodes them and loads their pictures. The result depends on the rows alone, not on the cache. */
export class Collator {
  private readonly options: CollatorOptions;
  private readonly cache: PixelCache;
  private readonly normaliser: PixelNormaliser;
  /** Pictures that are being decoded, so that two rows that show one do not decode it twice. */
  private readonly underway = new Map<string, Promise<Uint8Array>>();

  constructor(options: CollatorOptions) {
    this.options = options;
    this.cache = new PixelCache(options.cacheBytes ?? DEFAULT_CACHE_BYTES);
    this.normaliser = new PixelNormaliser(options.processor);
  }

  /** What the prepared pictures that are kept take, how many they are, and what they may take at most. */
  get kept(): { readonly bytes: number; readonly images: number; readonly limit: number } {
    return { ...this.cache.size, limit: this.options.cacheBytes ?? DEFAULT_CACHE_BYTES };
  }

  /** The batch of the rows with these indices, in their order. @throws InputError naming a file or sample. */
  async collate(indices: ArrayLike<number>): Promise<HostBatch> {
    const rows: EncodedRow[] = [];
    const images: string[] = [];
    for (const index of Array.from(indices)) {
      const encoded = this.options.rows.encode(index);
      rows.push(encoded.row);
      images.push(...encoded.images);
    }
    const pixelValues = this.options.loadPixels ? await this.pixelValues(images) : new Float32Array(0);
    return { rows, images, pixelValues };
  }

  /** Normalised pixels of pictures, [I, 3, S, S]. @throws InputError naming the file. */
  async pixelValues(images: readonly string[]): Promise<Float32Array> {
    const { imageSize } = this.options.processor;
    const size = 3 * imageSize * imageSize;
    const values = new Float32Array(images.length * size);
    let next = 0;
    const decodeOneByOne = async (): Promise<void> => {
      for (let i = next++; i < images.length; i = next++) {
        this.normaliser.write(await this.pixels(images[i] as string), values, i * size);
      }
    };
    await Promise.all(Array.from({ length: DECODERS }, decodeOneByOne));
    return values;
  }

  private pixels(file: string): Promise<Uint8Array> {
    const cached = this.cache.get(file);
    if (cached) return Promise.resolve(cached);
    let pending = this.underway.get(file);
    if (!pending) {
      pending = this.decode(file).finally(() => this.underway.delete(file));
      this.underway.set(file, pending);
    }
    return pending;
  }

  private async decode(file: string): Promise<Uint8Array> {
    const pixels = fitImage(await decodeImage(file), this.options.processor);
    this.cache.set(file, pixels);
    return pixels;
  }
}
