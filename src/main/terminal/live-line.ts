import { LiveRegion } from './live-region.ts';

/** Between two redraws in a terminal, and between two lines elsewhere, in milliseconds. */
const REDRAW_MS = 100;
const LINE_MS = 5000;

/** What is being done now: lines that are redrawn in a terminal, a line every few seconds elsewhere. */
export class LiveLine {
  private readonly output: NodeJS.WriteStream;
  private readonly region: LiveRegion | undefined;
  private shownAt: number;

  constructor(output: NodeJS.WriteStream) {
    this.output = output;
    this.region = output.isTTY ? new LiveRegion(output) : undefined;
    // What is done within the first seconds needs no line in a log.
    this.shownAt = this.region ? 0 : Date.now();
  }

  /** Replaces what was shown last; most calls of a quick succession are left out. */
  show(...lines: readonly string[]): void {
    const now = Date.now();
    if (now - this.shownAt < (this.region ? REDRAW_MS : LINE_MS)) return;
    this.shownAt = now;
    if (this.region) this.region.draw(lines.map((line) => `  ${line}`.slice(0, this.region?.width)));
    else this.output.write(`  ${lines.join(' · ')}\n`);
  }

  /** A line that stays, instead of what was shown last. */
  print(line: string): void {
    if (this.region) this.region.print(line);
    else this.output.write(`${line}\n`);
  }
}
