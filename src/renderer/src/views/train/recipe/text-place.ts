/** The offset in a text of a line and column, both from 1; its end where they lie behind it. */
export function offsetOf(text: string, line: number, column: number): number {
  const before = text.split('\n').slice(0, line - 1);
  const start = before.reduce((total, one) => total + one.length + 1, 0);
  return Math.min(text.length, start + column - 1);
}
