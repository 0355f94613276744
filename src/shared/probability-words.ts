/** `0.034`, `< 0.001`. */
export const formatProbability = (probability: number): string =>
  probability < 0.001 ? '< 0.001' : probability.toFixed(3);

/** `p = 0.034`, `p < 0.001`. */
export const probabilityText = (probability: number): string =>
  probability < 0.001 ? `p ${formatProbability(probability)}` : `p = ${formatProbability(probability)}`;
