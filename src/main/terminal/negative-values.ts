/**
 * Arguments with `--option -1/4` as `--option=-1/4`: node's parseArgs takes what starts with a dash for an option, and
 * layer −1 is a setting like any other. No option of ours is a digit.
 */
export function joinNegativeValues(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const argument of argv) {
    const before = joined.at(-1);
    const isValue = /^-\d/.test(argument) && before !== undefined && /^--[a-z][a-z-]*$/.test(before);
    if (isValue) joined[joined.length - 1] = `${before}=${argument}`;
    else joined.push(argument);
  }
  return joined;
}
