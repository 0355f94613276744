/** Broken samples grouped by what is wrong with them, whatever their paths and numbers. Pure. */
import type { BrokenSample } from '../../../../../shared/dataset.ts';

export interface ReasonKind {
  /** The reason with paths, numbers and names left out. */
  readonly kind: string;
  readonly count: number;
}

const PLACE = '…';

/** A reason without what differs from sample to sample: `image: … does not exist in the images folder`. */
export function reasonKind(reason: string): string {
  return reason
    .replace(/\[\d+\]/g, `[${PLACE}]`)
    .replace(/\(found .*\)/s, `(found ${PLACE})`)
    .replace(/^(image|video): .*? (?=(?:is|does|leaves|holds|cannot)\b)/s, `$1: ${PLACE} `)
    .replace(/(^|\s)(?=\S*[\d/\\])[^\s,;:]+/g, `$1${PLACE}`);
}

/** Kinds of reasons, the most frequent first. */
export function reasonKinds(samples: readonly BrokenSample[]): ReasonKind[] {
  const counts = new Map<string, number>();
  for (const { reason } of samples) {
    const kind = reasonKind(reason);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count);
}

/** The samples of one kind (undefined = all) that have `text` in their reason, id or line. */
export function filterBroken(
  samples: readonly BrokenSample[],
  kind: string | undefined,
  text: string,
): readonly BrokenSample[] {
  const wanted = text.trim().toLowerCase();
  if (kind === undefined && wanted === '') return samples;
  return samples.filter(
    ({ reason, id, line }) =>
      (kind === undefined || reasonKind(reason) === kind) &&
      `${reason}\n${id ?? ''}\n${line}`.toLowerCase().includes(wanted),
  );
}
