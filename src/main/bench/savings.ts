import { parseCompression } from '../../shared/compression.ts';
import type { BenchShape } from '../../shared/bench-shape.ts';
import type { ModelShape } from '../../shared/cost.ts';
import { stepCost } from '../../shared/training-cost.ts';
import { align, type BenchCase } from './report.ts';
import { best } from './rounds.ts';

const EVERYTHING_BUT_THE_TOWER = { trainsDecoder: true, trainsVisionTower: false, gradientCheckpointing: false };

/** A bench's rows come with the visual tokens as the projector makes them: neither tower nor projector runs. */
function modelOf({ hidden, layers, heads, kvHeads, intermediate, vocab }: BenchShape): ModelShape {
  return {
    vision: { layers: 0, hiddenSize: 0, intermediateSize: 0, imageSize: 1, patchSize: 1, hasClassToken: false },
    decoder: {
      ...{ layers, heads, kvHeads, headDim: hidden / heads },
      ...{ hiddenSize: hidden, intermediateSize: intermediate, vocabSize: vocab },
    },
  };
}

/** Exact FLOPs of a bench's training step, causal attention counted as such. */
export function benchFlops(shape: BenchShape, compression: string): number {
  // The projector's second map is counted from the decoder's width alone: take it out again.
  const projector = 3 * 2 * shape.nvis * shape.hidden * shape.hidden;
  const row = { groupLengths: [shape.nvis], textTokens: shape.text, headTokens: shape.text - 1 };
  const model = modelOf(shape);
  const setting = parseCompression(compression);
  const { flopsExact } = stepCost([row], setting, model, EVERYTHING_BUT_THE_TOWER, { attention: 'causal' });
  return shape.batch * (flopsExact - projector);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function savingRow(one: BenchCase, full: BenchCase, mode: string): string[] {
  const msOf = ({ measured }: BenchCase): number | undefined => {
    const mine = measured.find(({ contender: { side, name } }) => side === 'ours' && name === mode);
    const result = mine && best(mine.runs);
    return result?.kind === 'train' ? result.msMin : undefined;
  };
  const [ms, fullMs] = [msOf(one), msOf(full)];
  if (ms === undefined || fullMs === undefined) return [];
  const [time, flops] = [ms / fullMs, benchFlops(one.shape, one.compression) / benchFlops(full.shape, 'none')];
  return [one.compression, mode, ms.toFixed(0), percent(time), percent(flops), (time / flops).toFixed(2)];
}

/** What compression saves of a full step's time, next to what exact FLOPs let expect; empty where full was not timed. */
export function formatSavings(cases: readonly BenchCase[]): string {
  const full = cases.find(({ compression }) => compression === 'none');
  const others = cases.filter(({ compression }) => compression !== 'none');
  if (!full) return '';
  const modes = full.measured
    .filter(({ contender }) => contender.side === 'ours')
    .map(({ contender }) => contender.name);
  const rows = modes.flatMap((mode) => others.map((one) => savingRow(one, full, mode))).filter((row) => row.length > 0);
  if (rows.length === 0) return '';
  return `\n${align([['setting', 'ours', 'ms/step', "of full's time", "of full's FLOPs", 'ratio'], ...rows], 2)}`;
}
