import type { SamplePage, SampleSummary } from '../../../../../shared/api/datasets.ts';

/** Fetches samples `offset` … `offset + limit` of the filtered dataset; rejects when `signal` aborts. */
export type FetchPage = (offset: number, limit: number, signal: AbortSignal) => Promise<SamplePage>;

export interface PagesOptions {
  /** Called after anything that is told here has changed. */
  readonly onChange: () => void;
  /** Called once a request failed other than by being cancelled; asking again is the caller's. */
  readonly onError: (error: unknown) => void;
  readonly pageSize?: number;
  /** Pages that are kept; those not looked at for longest go first. */
  readonly keep?: number;
}

interface Page {
  readonly samples: readonly SampleSummary[];
  /** No more can come to it. */
  readonly isWhole: boolean;
}

/**
 * The samples of a dataset under one filter, of which only those near the view are here. Pages that scrolled out of the
 * view before they came are cancelled; a total that still grows is told as such.
 */
export class SamplePages {
  /** Samples that match, as far as was searched; undefined before the first answer. */
  total: number | undefined;
  /** False while the server still searches. */
  isComplete = false;

  private readonly fetchPage: FetchPage;
  private readonly options: Required<PagesOptions>;
  /** In the order they were looked at: the first one goes first. */
  private readonly pages = new Map<number, Page>();
  private readonly requests = new Map<number, AbortController>();
  private isClosed = false;

  constructor(fetchPage: FetchPage, options: PagesOptions) {
    this.fetchPage = fetchPage;
    this.options = { pageSize: 100, keep: 60, ...options };
  }

  /** The sample at position `index` of the filtered dataset; undefined while it is not here. */
  at(index: number): SampleSummary | undefined {
    const { pageSize } = this.options;
    return this.pages.get(Math.floor(index / pageSize))?.samples[index % pageSize];
  }

  /** Asks for what is missing of samples `first` (inclusive) to `end` (exclusive), and cancels what lies elsewhere. */
  show(first: number, end: number): void {
    const wanted = this.pagesOf(first, end);
    for (const [page, request] of this.requests) if (!wanted.includes(page)) this.cancel(page, request);
    for (const page of wanted) this.want(page);
  }

  /** Asks for the page at which a growing total ends. Does nothing once all is searched. */
  askForRest(): void {
    if (this.isComplete || this.total === undefined) return;
    this.request(Math.floor(this.total / this.options.pageSize));
  }

  /** Cancels everything; nothing is told after it. */
  close(): void {
    this.isClosed = true;
    for (const [page, request] of this.requests) this.cancel(page, request);
  }

  private pagesOf(first: number, end: number): number[] {
    const { pageSize } = this.options;
    const last = Math.max(first, Math.min(end, this.total ?? end) - 1);
    const from = Math.floor(first / pageSize);
    return Array.from({ length: Math.floor(last / pageSize) - from + 1 }, (_, i) => from + i);
  }

  private want(page: number): void {
    const here = this.pages.get(page);
    if (here) {
      // To the end of the map: it was looked at last.
      this.pages.delete(page);
      this.pages.set(page, here);
    }
    if (!here?.isWhole) this.request(page);
  }

  private request(page: number): void {
    if (this.isClosed || this.requests.has(page)) return;
    const controller = new AbortController();
    this.requests.set(page, controller);
    const { pageSize } = this.options;
    this.fetchPage(page * pageSize, pageSize, controller.signal).then(
      (answer) => this.accept(page, controller, answer),
      (error: unknown) => this.fail(page, controller, error),
    );
  }

  private accept(page: number, request: AbortController, answer: SamplePage): void {
    if (this.requests.get(page) !== request) return;
    this.requests.delete(page);
    const isWhole = answer.isComplete || answer.samples.length === this.options.pageSize;
    this.pages.delete(page);
    this.pages.set(page, { samples: answer.samples, isWhole });
    this.total = answer.total;
    this.isComplete = answer.isComplete;
    this.forgetOldest();
    this.options.onChange();
  }

  private fail(page: number, request: AbortController, error: unknown): void {
    if (this.requests.get(page) !== request) return;
    this.requests.delete(page);
    this.options.onError(error);
  }

  private cancel(page: number, request: AbortController): void {
    this.requests.delete(page);
    request.abort();
  }

  private forgetOldest(): void {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= this.options.keep) return;
      this.pages.delete(page);
    }
  }
}
