/**
 * Rotary frequencies (Su et al. 2021) and what is done to them for rows longer than a model was first trained on, as in
 * transformers' `modeling_rope_utils`. Pair i of a head of width d turns by position · θ^(−2i/d), unless scaled:
 *
 * | scaling  | frequency of pair i                                                                                |
 * | -------- | -------------------------------------------------------------------------------------------------- |
 * | linear   | divided by the factor                                                                              |
 * | dynamic  | NTK: θ grows with the longest row L of the batch beyond the model's length M, by (fL/M − f + 1)^(d/(d−2)) |
 * | llama3   | long waves divided by the factor, short ones kept, those between mixed (Llama 3.1)                 |
 */
import { addScalar, exp, log, max, mul, scale, toFloat } from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { RopeScaling, TextConfig } from './config.ts';

type Llama3 = Extract<RopeScaling, { type: 'llama3' }>;

/** Frequencies whose wave is longer than the first training's rows are divided; see the table above. */
function llama3Frequency(frequency: number, scaling: Llama3): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions } = scaling;
  const turns = (originalMaxPositions * frequency) / (2 * Math.PI); // over a row of the first training
  if (turns < low) return frequency / factor;
  if (turns > high) return frequency;
  const kept = (turns - low) / (high - low);
  return ((1 - kept) * frequency) / factor + kept * frequency;
}

function scaled(frequency: number, scaling: RopeScaling): number {
  if (scaling.type === 'linear') return frequency / scaling.factor;
  return scaling.type === 'llama3' ? llama3Frequency(frequency, scaling) : frequency;
}

/** Frequencies of the d/2 pairs of a head, as far as they do not depend on the rows. */
function fixedFrequencies({ headDim, ropeTheta, ropeScaling }: TextConfig): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => scaled(ropeTheta ** ((-2 * i) / headDim), ropeScaling));
}

/**
 * What NTK scaling multiplies the frequencies with: [1, d/2], ones where no row is longer than the model's length.
 *
 * @param positions int32 [R] of the whole batch: its longest row sets the frequencies of all, as in transformers
 */
function dynamicFactors(positions: Tensor, factor: number, { headDim, maxPositions }: TextConfig): Tensor {
  const longest = addScalar(max(toFloat(positions), 0, true), 1); // [1]
  const stretch = tf.maximum(addScalar(scale(longest, factor / maxPositions), 1 - factor), 1);
  const exponents = Float32Array.from({ length: headDim / 2 }, (_, i) => (-2 * i) / (headDim - 2));
  return exp(mul(log(stretch), tf.tensor2d(exponents, [1, headDim / 2])));
}

/** Frequencies of the pairs of a head for rows at some positions, int32 [R]: [1, d/2], owned by the caller's tidy. */
export function rotaryFrequencies(positions: Tensor, text: TextConfig): Tensor {
  const fixed = tf.tensor2d(fixedFrequencies(text), [1, text.headDim / 2], 'float32');
  const { ropeScaling: scaling } = text;
  return scaling.type === 'dynamic' ? mul(fixed, dynamicFactors(positions, scaling.factor, text)) : fixed;
}
