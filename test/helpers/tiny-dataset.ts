import { join } from 'node:path';
import { getShapes } from '../../src/main/engine/data/sources/shapes/shapes.ts';
import { shapesOptionsSchema } from '../../src/shared/dataset-source.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A small dataset on disk. Media paths in the files are relative to `images`. */
export interface TinyDataset {
  readonly folder: string;
  readonly images: string;
  /** Two thirds of the pictures. */
  readonly train: string;
  /** One third of the pictures. */
  readonly test: string;
  /** Clips of 8 frames; the file is there only where clips were asked for. */
  readonly clips: string;
}

export interface TinyDatasetOptions {
  readonly images?: number;
  readonly clips?: number;
  /** Width and height, pixels. */
  readonly size?: number;
  readonly questions?: number;
  readonly seed?: number;
}

/**
 * Real scenes with true answers, made in well under half a second: 12 pictures of 32 pixels with up to 3 questions
 * each unless told otherwise. The folder is removed when the test ends, or by the caller of `folder`.
 */
export async function tinyDataset(options: TinyDatasetOptions = {}, folder?: string): Promise<TinyDataset> {
  const target = folder ?? join(temporaryFolder(), 'tiny');
  const { images = 12, clips = 0, size = 32, questions = 3, seed = 0 } = options;
  await getShapes({
    folder: target,
    ...shapesOptionsSchema.parse({ images, clips, size, questions, seed, testShare: 1 / 3 }),
  });
  const file = (name: string): string => join(target, name);
  return {
    folder: target,
    images: file('images'),
    train: file('train.jsonl'),
    test: file('test.jsonl'),
    clips: file('clips-train.jsonl'),
  };
}
