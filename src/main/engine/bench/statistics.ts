import { availableParallelism } from 'node:os';
import { describeBackend } from '../backend/description.ts';

/** Library, version and threads, for the report. */
export const runsOn = (): string => `TensorFlow ${describeBackend().tensorflow}, ${availableParallelism()} threads`;

/** The smallest of some measurements. */
export const smallest = (values: readonly number[]): number => Math.min(...values);

/** The middle one of some measurements, the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Largest resident memory of this process in its whole life, in MB (2^20 bytes): the kernel's ru_maxrss. */
export const peakMemoryMb = (): number => process.resourceUsage().maxRSS / 1024;
