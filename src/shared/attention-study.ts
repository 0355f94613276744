/**
 * Attention by depth (paper, Fig. 1b): how much attention the tokens of an answer pay to visual tokens, question and
 * system prompt in each decoder layer.
 */
import { z } from 'zod';

/**
 * What a token of a conversation is. system: all that stands before the user's first word or picture. question: all other
 * text before the answer, the template's marks included. answer: the answer itself, as far as it has been read.
 */
export const TOKEN_KINDS = ['system', 'visual', 'question', 'answer'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Questions that are looked at unless told otherwise. */
export const ATTENTION_SAMPLES = 64;
export const MOST_ATTENTION_SAMPLES = 10_000;

const text = z.string();
const count = z.int().min(0);
const amount = z.number().min(0);

function ofKinds<T extends z.ZodType>(schema: T): z.ZodObject<Record<TokenKind, T>, z.core.$strict> {
  return z.strictObject({ system: schema, visual: schema, question: schema, answer: schema });
}

/** Measure attention by depth. Paths are absolute. */
export const attentionJobSchema = z.strictObject({
  kind: z.literal('attention'),
  /** A Hugging Face model folder, a run's folder or a checkpoint. */
  model: text.min(1),
  /** LLaVA conversations, JSON or JSONL. */
  data: text.min(1),
  /** Folder of the images; by default `images` beside the data. */
  images: text.min(1).optional(),
  /** So many questions with pictures, spread evenly over the data, one of a conversation. */
  samples: z.int().min(1).max(MOST_ATTENTION_SAMPLES),
  /** Stage notation K/S. */
  compression: text.max(200),
  /** Broken samples are left out; otherwise they are an error. */
  leavesOutBroken: z.boolean().optional(),
});
export type AttentionJob = z.infer<typeof attentionJobSchema>;

/** One decoder layer. Means over heads and the tokens of an answer, then over samples. */
const attentionLayerSchema = z.strictObject({
  layer: count,
  /** Visual tokens of a sample that reach the layer. */
  visualTokens: amount,
  /** Attention weight that one token of a kind receives; null where no answer has such a token before it. */
  perToken: ofKinds(amount.nullable()),
  /** Part of all attention that a kind receives; the four sum to 1. */
  share: ofKinds(amount),
});
export type AttentionLayer = z.infer<typeof attentionLayerSchema>;

/** What a measurement found. */
export const attentionReportSchema = z.strictObject({
  model: text,
  data: text,
  compression: text,
  samples: count,
  /** Tokens that asked, over all samples. */
  answerTokens: count,
  /** Tokens of a sample by kind before compression, mean over samples. */
  tokens: ofKinds(amount),
  layers: z.array(attentionLayerSchema),
  durationMs: amount,
});
export type AttentionReport = z.infer<typeof attentionReportSchema>;

export const attentionProgressSchema = z.strictObject({ done: count, total: count });
export type AttentionProgress = z.infer<typeof attentionProgressSchema>;
