/** The path of a small line through values that fill a box; y grows downwards, as in SVG. */
export function sparklinePath(values: readonly number[], width: number, height: number, inset = 1.5): string {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return '';
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const span = high - low || 1;
  const points = known.map((value, index) => {
    const x = inset + ((width - 2 * inset) * index) / (known.length - 1);
    const y = inset + (height - 2 * inset) * (1 - (value - low) / span);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join('L')}`;
}
