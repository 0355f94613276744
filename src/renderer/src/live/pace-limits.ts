/** How much of the machine the page may take for itself while a training runs on it. */
import type { PaceLimits } from './drawing-pace.ts';

/** Half a percent of all processors: a training that keeps them all busy loses no more by it. */
const SHARE_OF_MACHINE = 0.005;
/** Rastering and compositing, which the page cannot measure, take about as long as what it can. */
const UNSEEN = 2;

const share = (SHARE_OF_MACHINE * navigator.hardwareConcurrency) / UNSEEN;

/** Numbers and texts that events change: ten times a second for somebody who is there. */
export const EVENT_LIMITS: PaceLimits = {
  ...{ share: share / 2, attendedShare: 1 },
  ...{ shortestMs: 100, longestMs: 2000, hiddenMs: 5000 },
};

/** Charts that grow. While somebody is there they rest ten times as long as they draw: the pointer comes first. */
export const CHART_LIMITS: PaceLimits = {
  ...{ share: share / 2, attendedShare: 0.1 },
  ...{ shortestMs: 100, longestMs: 10_000, hiddenMs: 5000 },
};
