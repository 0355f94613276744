/**
 * What the parent wants of a running job. Messages and signals only note a wish here; the job asks at its own moments
 * (`breathe`), so nothing ever interrupts a step.
 */
export class JobControl {
  private stopping = false;
  private pausing = false;
  private checkpointWanted = false;
  private wake: (() => void) | undefined;

  get stopRequested(): boolean {
    return this.stopping;
  }

  get pauseRequested(): boolean {
    return this.pausing;
  }

  /** Save what can be saved, and leave. */
  stop(): void {
    this.stopping = true;
    this.notify();
  }

  pause(): void {
    this.pausing = true;
    this.notify();
  }

  resume(): void {
    this.pausing = false;
    this.notify();
  }

  requestCheckpoint(): void {
    this.checkpointWanted = true;
    this.notify();
  }

  /** Whether a checkpoint was asked for since the last call. */
  takeCheckpointRequest(): boolean {
    const wanted = this.checkpointWanted;
    this.checkpointWanted = false;
    return wanted;
  }

  /** Lets messages, signals and timers come in. Computation blocks them, so a job calls this between its pieces. */
  async breathe(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Resolves at the next command, or after `timeoutMs`. */
  async nextCommand(timeoutMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
  }

  private notify(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
