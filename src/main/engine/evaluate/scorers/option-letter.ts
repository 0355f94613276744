/** Which option an answer means, by rules alone: MMBench's evaluation as VLMEvalKit writes it (`matching_util.py`). */
import { optionLetter } from '../../../../shared/benchmark.ts';

const SEPARATORS = /[.()[\],:;!*#{}]/g;
/** A letter counts among so many last words. */
const LAST_WORDS = 5;
/** A text counts where the answer is not longer than so many times all options. */
const LONGEST = 2;

/** The one letter that stands in the answer as a word of its own, near its end. */
function byLetter(answer: string, letters: readonly string[]): string | undefined {
  const words = answer
    .replace(SEPARATORS, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = letters.filter((letter) => words.includes(letter));
  const [letter] = found;
  if (letter === undefined || found.length > 1) return undefined;
  return words.indexOf(letter) >= words.length - LAST_WORDS + 1 ? letter : undefined;
}

/** The one option whose words are in the answer. */
function byText(answer: string, options: readonly string[], letters: readonly string[]): string | undefined {
  const said = answer.toLowerCase();
  const length = options.reduce((total, option) => total + option.length, 0);
  if (said.length > LONGEST * length) return undefined;
  const found = letters.filter((_, place) => said.includes((options[place] as string).toLowerCase()));
  return found.length === 1 ? found[0] : undefined;
}

/** The letter of the option that an answer means; undefined where it is none or cannot be told. */
export function optionOf(answer: string, options: readonly string[]): string | undefined {
  const letters = options.map((_, place) => optionLetter(place));
  return byLetter(answer, letters) ?? byText(answer, options, letters);
}
