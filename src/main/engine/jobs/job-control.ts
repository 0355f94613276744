import type { Question } from '../../../shared/answer.ts';

/** A question that waits for its answer. */
export interface AskedQuestion {
  readonly id: string;
  readonly question: Question;
  /** The parent no longer wants the answer. */
  readonly ended: AbortController;
}

/**
 * What the parent wants of a running job. Messages and signals only note a wish here; the job asks at its own moments
 * (`breathe`), so nothing ever interrupts a step.
 */
export class JobControl {
  private stopping = false;
  private pausing = false;
  private checkpointWanted = false;
  private readonly questions: AskedQuestion[] = [];
  private answering: AskedQuestion | undefined;
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

  ask(id: string, question: Question): void {
    this.questions.push({ id, question, ended: new AbortController() });
    this.notify();
  }

  endAnswer(id: string): void {
    for (const asked of [this.answering, ...this.questions]) if (asked?.id === id) asked.ended.abort();
    this.notify();
  }

  /** The question that has waited longest, if any; it is being answered from here on. */
  takeQuestion(): AskedQuestion | undefined {
    this.answering = this.questions.shift();
    return this.answering;
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
