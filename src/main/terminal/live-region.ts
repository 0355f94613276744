/** Lines at the end of a terminal that are redrawn in place, with lasting lines above them. */
export class LiveRegion {
  private readonly output: NodeJS.WriteStream;
  private drawn = 0;

  constructor(output: NodeJS.WriteStream) {
    this.output = output;
  }

  /** Columns of the terminal. */
  get width(): number {
    return this.output.columns || 80;
  }

  /** Replaces what was drawn before. */
  draw(lines: readonly string[]): void {
    // One write, so that nothing flickers: up to the first line, clear to the end of the screen, then the new lines.
    this.output.write(this.erasing() + lines.map((line) => `${line}\n`).join(''));
    this.drawn = lines.length;
  }

  /** Writes a line that stays. Draw again after it. */
  print(line: string): void {
    this.output.write(`${this.erasing()}${line}\n`);
    this.drawn = 0;
  }

  private erasing(): string {
    return this.drawn === 0 ? '' : `\u001b[${this.drawn}A\r\u001b[J`;
  }
}
