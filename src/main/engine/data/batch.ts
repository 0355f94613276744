/** Label of a position that takes no part in the loss. */
export const IGNORED_LABEL = -100;

/** The visual tokens of one image or one video frame: a span of the expanded row. */
export interface VisualGroup {
  /** Position of the first visual token in `tokenIds`. */
  readonly start: number;
  /** Number of visual tokens. */
  readonly length: number;
}

/**
 * One training row, ready for the model: placeholders are expanded, so `tokenIds` holds the image token `length` times
 * for each visual group.
 *
 *     tokenIds  <s> USER : IMG IMG IMG IMG \n What ? ASSISTANT :  A cat </s>
 *     labels    -100 … everything but the assistant's words … -100 A cat </s>
 */
export interface EncodedRow {
  /** The sample's id; rows of single questions add `#0`, `#1` … */
  readonly id: string;
  /** [T] token ids. */
  readonly tokenIds: Int32Array;
  /** [T] token ids to predict, aligned with `tokenIds` (not shifted); IGNORED_LABEL where unsupervised. */
  readonly labels: Int32Array;
  /** Ascending, not overlapping. Empty for text-only rows. */
  readonly groups: readonly VisualGroup[];
}

/** The rows of one micro-batch in host memory. Padding and bucketing are the model's business. */
export interface HostBatch {
  readonly rows: readonly EncodedRow[];
  /** Absolute path of the image or frame behind each visual group, over all rows in order. Length I. */
  readonly images: readonly string[];
  /** [I, 3, S, S] normalised, channels first. Empty when pixels are not loaded because features are cached. */
  readonly pixelValues: Float32Array;
}
