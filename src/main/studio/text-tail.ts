/** Characters kept of what a process prints: enough for a stack trace. */
const KEPT = 8000;

/** The end of a text that may be long. */
export class TextTail {
  text = '';

  /** Bound, so that it can be handed over as a listener. */
  readonly add = (chunk: Buffer | string): void => {
    this.text = (this.text + chunk.toString()).slice(-KEPT);
  };
}
