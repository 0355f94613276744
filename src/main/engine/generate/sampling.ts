import type { Tensor } from '../backend/tensorflow.ts';
import { argMax } from '../backend/kernels.ts';
import type { Random } from '../../../shared/random.ts';

/** How the next token is taken from its probabilities. */
export interface Sampling {
  /** 0 takes the most likely token; 1 samples from the model's own probabilities. */
  readonly temperature: number;
  /** Only the most likely tokens whose probabilities together reach this are sampled from (Holtzman et al. 2020). */
  readonly topP: number;
}

/** The most likely token of each row of logits [B, V]. One read from the device. */
export function greedyTokens(logits: Tensor): Int32Array {
  const ids = argMax(logits);
  try {
    return (ids.dataSync() as Int32Array).slice();
  } finally {
    ids.dispose();
  }
}

/** Probabilities of one row of logits at a temperature above 0. */
function probabilities(logits: Float32Array, temperature: number): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** Samples one token of one row of logits in host memory. */
export function sampleToken(logits: Float32Array, { temperature, topP }: Sampling, random: Random): number {
  const p = probabilities(logits, temperature);
  const ranked = Array.from(p.keys()).sort((a, b) => (p[b] as number) - (p[a] as number));
  let nucleus = 0;
  let size = 0;
  while (size < ranked.length && (size === 0 || nucleus < topP)) nucleus += p[ranked[size++] as number] as number;
  let rest = random.uniform() * nucleus;
  const chosen = ranked.slice(0, size).find((id) => (rest -= p[id] as number) < 0);
  // Rounding may leave a rest behind the last token of the nucleus.
  return chosen ?? (ranked[size - 1] as number);
}

/** The next token of a single row of logits [1, V]. One read from the device. */
export function nextToken(logits: Tensor, sampling: Sampling, random: Random): number {
  if (sampling.temperature === 0) return greedyTokens(logits)[0] as number;
  return sampleToken(logits.dataSync() as Float32Array, sampling, random);
}
