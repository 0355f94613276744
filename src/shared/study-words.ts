/** What a redundancy study found, in sentences and tables that terminal, files and screen share. */
import { flopsColumns } from './format-flops.ts';
import type { Column } from './markdown.ts';
import { TOLERATED_LOSS_POINTS } from './redundancy.ts';
import { studyLimits, type StudyPoint, type StudyResult } from './redundancy-study.ts';
import { signed } from './signed.ts';

const percent = (share: number, digits = 1): string => (100 * share).toFixed(digits);
const removed = ({ retainedPercent }: StudyPoint): string => (100 - retainedPercent).toFixed(1);

/** `−2.90 points (95 %: −4.10 to −1.80)`. */
export function differenceText({ difference, differenceInterval: [low, high] }: StudyPoint): string {
  return `${signed(difference, 2)} points (95 %: ${signed(low, 2)} to ${signed(high, 2)})`;
}

/** How many tokens can go: the answer, and how sure it is. */
export function limitSentences(result: StudyResult): string[] {
  const { lastTolerated, firstBeyond, surelyTolerated } = studyLimits(result);
  const full = `${percent(result.full.accuracy, 2)} %`;
  const limit = `${TOLERATED_LOSS_POINTS} points`;
  const most = lastTolerated
    ? `${removed(lastTolerated)} % of the visual tokens can go for at most ${limit}: ${lastTolerated.compression} reaches ${percent(lastTolerated.accuracy, 2)} % where full reaches ${full}, a difference of ${differenceText(lastTolerated)}.`
    : `No setting stays within ${limit} of full, which reaches ${full}.`;
  const sure = surelyTolerated
    ? `With the whole interval within ${limit}: ${removed(surelyTolerated)} %, at ${surelyTolerated.compression}.`
    : `No setting has its whole interval within ${limit}.`;
  const beyond = firstBeyond
    ? `The first to lose more is ${firstBeyond.compression}, with ${removed(firstBeyond)} % removed and ${signed(firstBeyond.difference, 2)} points.`
    : `No setting loses more than ${limit}.`;
  return [most, sure, beyond];
}

/** Columns of a study's table, numbers as text. */
export const STUDY_COLUMNS: readonly Column<StudyPoint>[] = [
  { title: 'K/S', cell: ({ compression }) => compression, align: 'left' },
  { title: 'accuracy %', cell: ({ accuracy }) => percent(accuracy, 2) },
  { title: '95 % interval', cell: ({ bootstrap: [low, high] }) => `${percent(low)} to ${percent(high)}` },
  { title: 'to full, points', cell: ({ difference }) => signed(difference, 2) },
  {
    title: '95 % interval, paired',
    cell: ({ differenceInterval: [low, high] }) => `${signed(low, 2)} to ${signed(high, 2)}`,
  },
  { title: 'lost', cell: ({ lost }) => String(lost) },
  { title: 'gained', cell: ({ gained }) => String(gained) },
  { title: 'p', cell: ({ probability }) => (probability < 0.001 ? '< 0.001' : probability.toFixed(3)) },
  { title: 'tokens left %', cell: ({ retainedPercent }) => retainedPercent.toFixed(1) },
  { title: 'CR %', cell: ({ compressionRatio }) => compressionRatio.toFixed(0) },
  ...flopsColumns,
  { title: 'ms to first token', cell: ({ prefillMs }) => prefillMs.toFixed(2) },
];

/** Full, then the others by falling share of tokens left. */
export const studyRows = ({ full, points }: StudyResult): StudyPoint[] => [
  full,
  ...[...points].sort((a, b) => b.retainedPercent - a.retainedPercent),
];
