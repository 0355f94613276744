/**
 * Words with an apostrophe that VQA's rule puts it into where it is missing (`dont` → `don't`). Of two apostrophes one may
 * be missing, not both. Not in the rule: forms that are words of their own (`were`, `well`, `shell`, `its`).
 */
const ONE = `ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll how's
  isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock oughtn't shan't should've shouldn't
  somebody'll somebody's someone'd someone'll someone's something'd something'll that's there'd there're there's they'd
  they'll they're they've 'twas wasn't we've weren't what'll what're what's what've when's where'd where's where've
  who'd who'll who's who've why'll why're why's won't would've wouldn't y'all you'd you'll you're you've`;

const TWO = `couldn't've hadn't've he'd've it'd've mightn't've she'd've shouldn't've somebody'd've someone'd've
  something'd've there'd've they'd've we'd've who'd've wouldn't've y'all'll you'd've`;

/** Those that follow no pattern; `somebody'd` loses its apostrophe, which is how the published table has it. */
const OTHERS: readonly [string, string][] = [
  ["somebody'd", 'somebodyd'],
  ["ow's'at", "'ow's'at"],
  ["'ows'at", "'ow's'at"],
  ["'ow'sat", "'ow's'at"],
  ["yall'd've", "y'all'd've"],
  ["y'alld've", "y'all'd've"],
  ["y'all'dve", "y'all'd've"],
];

const words = (list: string): string[] => list.split(/\s+/);

/** The word without its n-th apostrophe. */
function without(word: string, place: number): string {
  const parts = word.split("'");
  return parts.slice(0, place + 1).join("'") + parts.slice(place + 1).join("'");
}

/** As it may be written → as it is compared. Written out from the rule of VQA's evaluation tools (`vqaEval.py`). */
export const CONTRACTIONS: ReadonlyMap<string, string> = new Map([
  ...words(ONE).map((word): [string, string] => [without(word, 0), word]),
  ...words(TWO).flatMap((word): [string, string][] => [
    [without(word, 0), word],
    [without(word, 1), word],
  ]),
  ...OTHERS,
]);
