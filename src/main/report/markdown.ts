/** −1.20, +0.05, 0.00: with a sign that is as wide as a plus. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** `95.31 ± 0.42`, or the mean alone where nothing is known of the noise. */
export function withSpread(mean: number, deviation: number, digits: number): string {
  return Number.isNaN(deviation) ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
