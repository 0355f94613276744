export interface Closing {
  isTraining(): boolean;
  /** Asks whether the training shall be stopped and saved. */
  confirm(): Promise<boolean>;
  /** Ends the studio: trainings save and leave. */
  stop(): Promise<void>;
  /** Called before `stop` where a training has to save first, which can take a while. */
  onSaving(): void;
  /** Closes the window for good. */
  leave(): void;
}

/**
 * Stands between the user's wish to close and the end of the studio. The window is closed only after every training has saved; there is
 * no training in the background, since nobody would see it fail. (A studio started with `--serve` is for that: a window that is
 * attached to it closes at once.)
 */
export class CloseGuard {
  private readonly closing: Closing;
  private state: 'open' | 'asking' | 'stopping' = 'open';

  constructor(closing: Closing) {
    this.closing = closing;
  }

  /** The user wants to close; he may want so more than once. */
  async request(): Promise<void> {
    if (this.state !== 'open') return;
    if (!this.closing.isTraining()) return this.stop();
    this.state = 'asking';
    try {
      if (await this.closing.confirm()) await this.stop();
    } finally {
      // The system may have shut down meanwhile: then it is stopping, and stays so.
      if (this.isAsking()) this.state = 'open';
    }
  }

  /** Stops and saves without a question, as when the system shuts down. */
  async stop(): Promise<void> {
    if (this.state === 'stopping') return;
    this.state = 'stopping';
    if (this.closing.isTraining()) this.closing.onSaving();
    try {
      await this.closing.stop();
    } finally {
      this.closing.leave();
    }
  }

  private isAsking(): boolean {
    return this.state === 'asking';
  }
}
