/** How numbers are written, everywhere. Units are set off by a narrow space that does not break. */

const THIN = '\u202f';
const UNKNOWN = '–';
const grouped = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

const withUnit = (number: string, unit: string): string => (unit ? `${number}${THIN}${unit}` : number);

/** Three significant digits without an exponent: 1.31, 13.1, 131. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** A value with the prefix that brings it below 1000. */
function withPrefix(value: number, prefixes: readonly string[], unit = ''): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  let power = 0;
  let rest = value;
  while (Math.abs(rest) >= 999.5 && power < prefixes.length - 1) {
    rest /= 1000;
    power++;
  }
  const digits = power === 0 && Number.isInteger(rest) ? String(rest) : threeDigits(rest);
  return withUnit(digits, `${prefixes[power] ?? ''}${unit}`);
}

/** A count in full: 48,248. */
export function formatCount(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? UNKNOWN : grouped.format(value);
}

/** A count in three digits: 950, 18.4 k, 1.31 M. */
export function formatTokens(value: number | undefined): string {
  return withPrefix(value ?? NaN, ['', 'k', 'M', 'G', 'T']);
}

/** FLOPs: 1.31 GFLOPs. */
export function formatFlops(value: number | undefined): string {
  return withPrefix(value ?? NaN, ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'], 'FLOPs');
}

/** Bytes in powers of 1000: 512 B, 1.31 GB. */
export function formatBytes(value: number | undefined): string {
  return withPrefix(value ?? NaN, ['', 'k', 'M', 'G', 'T', 'P'], 'B');
}

/** Milliseconds: 0.42 ms, 240 ms, 1.31 s; from a minute on as `formatDuration`. */
export function formatMs(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value >= 60_000) return formatDuration(value / 1000);
  return value < 999.5 ? withUnit(threeDigits(value), 'ms') : withUnit(threeDigits(value / 1000), 's');
}

/** Seconds by their two largest units: 42 s, 4 min 12 s, 1 h 03 min, 2 d 4 h. */
export function formatDuration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.round(seconds);
  const [minutes, hours, days] = [Math.floor(whole / 60), Math.floor(whole / 3600), Math.floor(whole / 86_400)];
  if (days > 0) return `${withUnit(String(days), 'd')} ${withUnit(String(hours % 24), 'h')}`;
  if (hours > 0) return `${withUnit(String(hours), 'h')} ${withUnit(String(minutes % 60).padStart(2, '0'), 'min')}`;
  if (minutes > 0) return `${withUnit(String(minutes), 'min')} ${withUnit(String(whole % 60).padStart(2, '0'), 's')}`;
  return withUnit(seconds > 0 && seconds < 10 ? threeDigits(seconds) : String(whole), 's');
}

/** A part of 1 in percent: 0.985 → 98.5 %. */
export function formatShare(share: number | undefined, digits = 1): string {
  return share === undefined || !Number.isFinite(share) ? UNKNOWN : withUnit((100 * share).toFixed(digits), '%');
}

/** A compression ratio, which is in percent already: 557 %; 100 % = no compression. */
export function formatRatio(percent: number | undefined): string {
  return percent === undefined || !Number.isFinite(percent) ? UNKNOWN : withUnit(percent.toFixed(0), '%');
}

/** Any number in four significant digits: 0.01234, 2.317, 1.5e-5. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size >= 100_000) return formatTokens(value);
  if (size > 0 && size < 0.001) return value.toExponential(2).replace(/\.?0+e/, 'e');
  return String(Number(value.toPrecision(4)));
}

/** A moment in the reader's time zone: 22 Nov 2026, 19:42. */
export function formatTime(iso: string | undefined): string {
  if (!iso || Number.isNaN(Date.parse(iso))) return UNKNOWN;
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** How long ago a moment was: now, 4 min ago, 3 h ago; from a week on the date. */
export function formatAgo(iso: string | undefined, nowMs = Date.now()): string {
  if (!iso || Number.isNaN(Date.parse(iso))) return UNKNOWN;
  const seconds = (nowMs - Date.parse(iso)) / 1000;
  if (seconds < 45) return 'now';
  if (seconds < 3570) return `${withUnit(String(Math.max(1, Math.round(seconds / 60))), 'min')} ago`;
  if (seconds < 84_600) return `${withUnit(String(Math.round(seconds / 3600)), 'h')} ago`;
  if (seconds < 604_800) return `${withUnit(String(Math.round(seconds / 86_400)), 'd')} ago`;
  return new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}
