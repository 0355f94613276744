import { describe, expect, it } from 'vitest';
import { readDataset } from '../../src/main/engine/data/dataset-reader.ts';
import { tinyDataset } from './tiny-dataset.ts';

describe('tinyDataset', () => {
  it('is read without complaint: 8 pictures to train on, 4 to test on, and clips where asked for', async () => {
    const { train, test, clips, images } = await tinyDataset({ clips: 3 });
    const counts = [train, test, clips].map((file) => {
      const { samples, broken } = readDataset(file, { images });
      expect(broken).toEqual([]);
      samples.close();
      return samples.length;
    });
    expect(counts).toEqual([8, 4, 2]);
  });
});
