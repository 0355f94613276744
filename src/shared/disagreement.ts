/** Where answers to the same question differ between compression settings. */

/**
 * Which questions of a batch are shown. `compressed-wrong`: full is right and a compressed setting is wrong; `full-wrong`:
 * the other way round.
 */
export const BATCH_FILTERS = ['all', 'disagreements', 'compressed-wrong', 'full-wrong'] as const;
export type BatchFilter = (typeof BATCH_FILTERS)[number];

/** One question's answers and whether they are right, a place for each setting. */
export interface AnsweredRow {
  readonly answers: readonly string[];
  readonly correct: readonly boolean[];
}

/** Which settings are compared. */
export interface ComparedSettings {
  /** Place of the full setting; undefined where the batch has none. */
  readonly full: number | undefined;
  /** Places of the compressed ones. */
  readonly compressed: readonly number[];
}

/**
 * The settings of a batch as full and compressed.
 *
 * @param only compare full with this one alone, in stage notation; unknown notations leave none
 */
export function comparedSettings(compressions: readonly string[], only?: string): ComparedSettings {
  const full = compressions.indexOf('none');
  const compressed = [...compressions.keys()].filter(
    (place) => place !== full && (only === undefined || compressions[place] === only),
  );
  return { full: full < 0 ? undefined : full, compressed };
}

const saidAt = (row: AnsweredRow, place: number): string => (row.answers[place] ?? '').trim();

/** Whether the compared answers are not all the same words, or not all right or wrong alike. */
function disagrees(row: AnsweredRow, { full, compressed }: ComparedSettings): boolean {
  const places = full === undefined ? compressed : [full, ...compressed];
  const said = new Set(places.map((place) => `${row.correct[place] ?? false} ${saidAt(row, place)}`));
  return said.size > 1;
}

/** Whether a question belongs to a filter. */
export function isShown(row: AnsweredRow, filter: BatchFilter, settings: ComparedSettings): boolean {
  if (filter === 'all') return true;
  if (filter === 'disagreements') return disagrees(row, settings);
  if (settings.full === undefined) return false;
  const isFullRight = row.correct[settings.full] === true;
  if (isFullRight !== (filter === 'compressed-wrong')) return false;
  return settings.compressed.some((place) => (row.correct[place] === true) !== isFullRight);
}

/** How many questions each filter shows. */
export function countByFilter(rows: readonly AnsweredRow[], settings: ComparedSettings): Record<BatchFilter, number> {
  const count = (filter: BatchFilter): number => rows.filter((row) => isShown(row, filter, settings)).length;
  return {
    all: rows.length,
    disagreements: count('disagreements'),
    'compressed-wrong': count('compressed-wrong'),
    'full-wrong': count('full-wrong'),
  };
}

/** Questions whose answer became wrong and right under compression. */
export interface PairedChange {
  readonly lost: number;
  readonly gained: number;
}

/** For each setting what it changed against full; zeros for full itself and where there is no full setting. */
export function pairedChanges(rows: readonly AnsweredRow[], compressions: readonly string[]): PairedChange[] {
  return compressions.map((compression) => {
    const settings = comparedSettings(compressions, compression);
    const count = (filter: BatchFilter): number => rows.filter((row) => isShown(row, filter, settings)).length;
    return { lost: count('compressed-wrong'), gained: count('full-wrong') };
  });
}

/**
 * Two-sided exact McNemar test: the probability of a difference at least this large where compression changes nothing, so
 * that each of the changed questions falls to either side like a coin. 1 where no question changed.
 */
export function mcnemarProbability({ lost, gained }: PairedChange): number {
  const changed = lost + gained;
  const smaller = Math.min(lost, gained);
  let logChoose = 0;
  let tail = 0;
  for (let k = 0; k <= smaller; k++) {
    tail += Math.exp(logChoose - changed * Math.LN2);
    logChoose += Math.log((changed - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
