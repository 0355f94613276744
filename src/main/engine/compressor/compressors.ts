import type { CompressorName } from '../../../shared/compressors.ts';
import { attentionOfAll } from './attention-all.ts';
import { attentionOfLast } from './attention.ts';
import { averagePool } from './average-pool.ts';
import { averagePool2d } from './average-pool-2d.ts';
import type { Compressor } from './compressor.ts';
import { kMeans } from './k-means.ts';
import { parametric } from './parametric.ts';
import { pixelShuffle } from './pixel-shuffle.ts';
import { pruMerge, pruMergePlus } from './pru-merge.ts';
import { pyramidDrop, pyramidDropKept } from './pyramid-drop.ts';
import { random } from './random.ts';
import { sparseVlm } from './sparse-vlm.ts';
import { visionZip } from './vision-zip.ts';

const ALL: Readonly<Record<CompressorName, Compressor>> = {
  'average-pool': averagePool,
  'average-pool-2d': averagePool2d,
  random,
  'k-means': kMeans,
  attention: attentionOfLast,
  'attention-all': attentionOfAll,
  'pyramid-drop': pyramidDrop,
  'pyramid-drop-kept': pyramidDropKept,
  'sparse-vlm': sparseVlm,
  parametric,
  'pixel-shuffle': pixelShuffle,
  prumerge: pruMerge,
  'prumerge-plus': pruMergePlus,
  visionzip: visionZip,
};

export function compressorNamed(name: CompressorName): Compressor {
  return ALL[name];
}
