import { InputError } from '../../../shared/errors.ts';
import type { ChatTemplate } from './chat-template.ts';
import { type Overhead, overheadOf } from './chat-template-overhead.ts';
import { type Sample, textBytes } from './dataset-reader.ts';
import { conversationParts, encodeSample, type EncodeOptions, sampleMessages } from './encode.ts';

/** Why a sample cannot become rows. */
export interface SampleProblem {
  /** `mismatch`: image tokens and images differ, or the template cannot write it. `too-long`: not even its first turn fits. */
  readonly kind: 'mismatch' | 'too-long';
  readonly reason: string;
}

/**
 * Checks samples before a training: that every image token will stand for an image, that the template writes them as
 * they are, and that they fit. Little is encoded for it: a template's part is checked once for every make-up of a
 * conversation, and only what may be too long is made into tokens.
 */
export function sampleChecker(options: EncodeOptions): (sample: Sample) => SampleProblem | undefined {
  const { template, turns, visualTokens } = options;
  const bound: Bound = { overhead: overheadOf(template), visualTokens };
  const imageToken = template.tokenizer.names['image_token'] as string;
  return (sample) => {
    const parts = conversationParts(sample, turns);
    const mismatch =
      forgedImage(sample, imageToken) ??
      parts.map((part) => templateProblem(part, template)).find((problem) => problem !== undefined);
    if (mismatch !== undefined) return { kind: 'mismatch', reason: mismatch };
    if (mostTokens(sample, bound) <= options.maxLength) return undefined;
    const excess = lengthProblem(parts, options, bound);
    return excess === undefined ? undefined : { kind: 'too-long', reason: excess };
  };
}

/** In Python the text itself would become an image token, for which there is no image. */
function forgedImage({ turns, system, images }: Sample, token: string): string | undefined {
  const texts = [system ?? '', ...turns.flatMap(({ question, answer }) => [question, answer])];
  const written = texts.reduce((sum, text) => sum + text.split(token).length - 1, 0);
  if (written === 0) return undefined;
  return `conversations: ${images.length + written} ${token} in the texts for ${images.length} images`;
}

function templateProblem(sample: Sample, template: ChatTemplate): string | undefined {
  try {
    template.check(sampleMessages(sample));
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
}

interface Bound {
  readonly overhead: Overhead;
  readonly visualTokens: number;
}

/** Why not even the first turns of a sample's rows fit. */
function lengthProblem(parts: readonly Sample[], options: EncodeOptions, bound: Bound): string | undefined {
  for (const part of parts) {
    const first = { ...part, turns: part.turns.slice(0, 1) };
    if (mostTokens(first, bound) <= options.maxLength) continue;
    try {
      encodeSample(first, options);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return error.problem.rule;
    }
  }
  return undefined;
}

/** An upper bound: no tokenizer of ours makes more tokens than bytes. */
function mostTokens(sample: Sample, { overhead, visualTokens }: Bound): number {
  const groups = sample.turns.reduce((sum, { media }) => sum + media, 0);
  return (
    overhead.opening +
    textBytes(sample) +
    sample.turns.length * overhead.turn +
    groups * (visualTokens + overhead.visual)
  );
}
