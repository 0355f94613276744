import type { AnswerEvent, Question } from '../../../shared/answer.ts';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { Failure } from '../../../shared/run-record.ts';
import { EngineProcess } from '../engine-process.ts';
import { failureOfExit, type ProcessExit } from '../exit-reason.ts';

interface AskedQuestion {
  readonly id: string;
  readonly question: Question;
  onEvent(event: AnswerEvent): void;
  settle(failure?: Failure): void;
}

/** An engine process that holds a model and answers questions one after the other. */
export class AnswerEngine {
  /** Milliseconds since some time, when it was last asked or answered. */
  usedAt = performance.now();
  private readonly process: EngineProcess;
  private readonly asked: AskedQuestion[] = [];
  private failure: Failure | undefined;
  private isReady = false;
  private isGone = false;

  /** @param model folder of the model */
  constructor(model: string, entry?: string) {
    this.process = new EngineProcess(
      { onMessage: (message) => this.receive(message, model), onExit: (exit) => this.leave(exit) },
      entry,
    );
  }

  get isAlive(): boolean {
    return !this.isGone;
  }

  get isBusy(): boolean {
    return this.asked.length > 0;
  }

  /**
   * Asks a question.
   *
   * @param onEvent hears of the answers as they come
   * @param signal ends the answer at hand
   * @returns why it could not be answered, or undefined where it was
   */
  ask(
    id: string,
    question: Question,
    onEvent: (event: AnswerEvent) => void,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      const stop = (): void => this.process.send({ type: 'end-answer', id });
      const settle = (failure?: Failure): void => {
        signal.removeEventListener('abort', stop);
        this.usedAt = performance.now();
        resolve(failure);
      };
      if (this.isGone) return settle(this.failure);
      this.asked.push({ id, question, onEvent, settle });
      signal.addEventListener('abort', stop);
      if (this.isReady) this.process.send({ type: 'ask', id, question });
    });
  }

  /** Lets it leave. */
  stop(): void {
    this.process.send({ type: 'stop' });
  }

  kill(): void {
    this.process.kill();
  }

  private receive(message: EngineMessage, model: string): void {
    if (message.type === 'ready') this.begin(model);
    if (message.type === 'answer') this.asked[0]?.onEvent(message.event);
    if (message.type === 'answered') this.asked.shift()?.settle(message.failure);
    if (message.type === 'error') this.failure = message.failure;
  }

  /** Questions that came meanwhile wait in the engine until its model is loaded. */
  private begin(model: string): void {
    this.isReady = true;
    this.process.send({ type: 'start', job: { kind: 'converse', model } });
    for (const { id, question } of this.asked) this.process.send({ type: 'ask', id, question });
  }

  private leave(exit: ProcessExit): void {
    this.isGone = true;
    const failure = this.failure ?? failureOfExit(exit);
    for (const asked of this.asked.splice(0)) asked.settle(failure);
  }
}
