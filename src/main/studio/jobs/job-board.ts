import { randomUUID } from 'node:crypto';
import type { StudioJob } from '../../../shared/api/jobs.ts';
import { plainFailure } from '../request-error.ts';
import { conflict, notFound } from '../request-error.ts';
import type { EventHub } from '../events/event-hub.ts';

/** Jobs that ended and are still shown. */
const SHOWN_ENDED = 20;

export type NewJob = Pick<StudioJob, 'kind' | 'title'> & Partial<Pick<StudioJob, 'subject' | 'state' | 'position'>>;

const isOver = ({ state }: StudioJob): boolean => ['done', 'failed', 'cancelled'].includes(state);

/** What runs and waits, for whoever looks. Each job knows itself how it is cancelled. */
export class JobBoard {
  private readonly events: EventHub;
  private readonly jobs = new Map<string, StudioJob>();
  private readonly cancels = new Map<string, () => void>();

  constructor(events: EventHub) {
    this.events = events;
  }

  list(): StudioJob[] {
    return [...this.jobs.values()];
  }

  /** Shows a job. `cancel` asks it to end, or takes it out of its queue. */
  add(job: NewJob, cancel: () => void): StudioJob {
    const now = new Date().toISOString();
    const state = job.state ?? 'running';
    const added: StudioJob = {
      ...job,
      ...{ id: randomUUID(), state, createdAt: now },
      ...(state === 'running' && { startedAt: now }),
    };
    this.cancels.set(added.id, cancel);
    this.put(added);
    return added;
  }

  /** Changes what is shown. Setting an end state takes note of the time. */
  update(id: string, changes: Partial<Omit<StudioJob, 'id'>>): void {
    const before = this.jobs.get(id);
    if (!before) return;
    const after: StudioJob = { ...before, ...changes };
    const now = new Date().toISOString();
    if (after.state === 'running' && before.startedAt === undefined) after.startedAt = now;
    if (after.state !== 'waiting') delete after.position;
    if (isOver(after)) {
      after.endedAt ??= now;
      this.cancels.delete(id);
    }
    this.put(after);
    this.forgetOldest();
  }

  /** Runs work as a job that is shown from its beginning to its end. @throws what the work throws */
  async track<T>(job: NewJob, work: (signal: AbortSignal, shown: StudioJob) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const shown = this.add(job, () => {
      controller.abort();
      this.update(shown.id, { state: 'stopping' });
    });
    try {
      const result = await work(controller.signal, shown);
      this.update(shown.id, { state: controller.signal.aborted ? 'cancelled' : 'done', done: 1 });
      return result;
    } catch (error) {
      if (controller.signal.aborted) this.update(shown.id, { state: 'cancelled' });
      else this.update(shown.id, { state: 'failed', failure: plainFailure(error) });
      throw error;
    }
  }

  /** Ends a job, or takes it out of its queue. @throws RequestError where there is none or it is over */
  cancel(id: string): void {
    const job = this.jobs.get(id);
    if (!job) throw notFound('such job');
    const cancel = this.cancels.get(id);
    if (!cancel) throw conflict('The job is over already', 'Nothing needs to be done');
    cancel();
  }

  /** Takes a job off the board. */
  remove(id: string): void {
    this.cancels.delete(id);
    if (this.jobs.delete(id)) this.events.publish({ kind: 'job-removed', id });
  }

  private put(job: StudioJob): void {
    this.jobs.set(job.id, job);
    this.events.publish({ kind: 'job', job });
  }

  private forgetOldest(): void {
    const ended = this.list().filter(isOver);
    for (const { id } of ended.slice(0, -SHOWN_ENDED)) this.remove(id);
  }
}
