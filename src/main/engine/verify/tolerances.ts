/**
 * How far a float32 engine may be from the reference: another order of summation moves numbers by less than this, a
 * wrong formula by far more. Integers (ids, labels, positions, masks, lengths) must be equal.
 */
export const TOLERANCES = {
  /** Vision features, projector output, hidden states; absolute. */
  states: 5e-5,
  /** Absolute. */
  logits: 1e-4,
  /** Absolute. */
  loss: 1e-5,
  /** Absolute, per step. */
  trainingLoss: 5e-5,
  /** Relative, per step of a training with products in bfloat16, against float32. */
  bfloat16Loss: 0.02,
  /** Relative L2 per tensor. */
  gradient: 1e-3,
  /** Gradients with a norm below this have a true value of zero or nearly: they are compared absolutely. */
  smallGradientNorm: 1e-4,
  /** Absolute, for small gradients. */
  smallGradient: 1e-5,
  /** Relative, per step. */
  gradientNorm: 1e-4,
  /** Absolute, per step. */
  learningRate: 1e-9,
  /** Absolute, every weight after training. */
  weights: 1e-4,
  /** Absolute, nearly all weights after training. */
  nearlyAllWeights: 2e-5,
  /** Share of the weights that `nearlyAllWeights` holds for. */
  nearlyAllShare: 0.999,
  /** Attention shares and scores; absolute. */
  attention: 1e-5,
  /** Normalised pixels whose 8-bit value agrees; absolute. */
  pixels: 1e-5,
  /** Share of the pixels that may be one grey level off. */
  greyLevelShare: 0.01,
} as const;
