const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** FLOPs with a prefix: 1.31 G, 8.26 T. */
export function formatFlops(flops: number): string {
  const step = flops < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(flops) / 3));
  return `${(flops / 1000 ** step).toFixed(step === 0 ? 0 : 2)} ${UNITS[step] ?? ''}`.trim();
}
