/** `95.31 ± 0.42`, or the mean alone where nothing is known of the noise. */
export function withSpread(mean: number, deviation: number, digits: number): string {
  return Number.isNaN(deviation) ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
