import { describe, expect, it, vi } from 'vitest';
import type { SamplePage, SampleSummary } from '../../../../src/shared/api/datasets.ts';
import { SamplePages } from '../../../../src/renderer/src/views/data/samples/sample-pages.ts';

const sample = (index: number): SampleSummary => ({
  index,
  id: `s${index}`,
  modality: 'text',
  turns: 1,
  question: 'q',
  answer: 'a',
  media: [],
  textBytes: 2,
  line: index + 1,
});

const page = (offset: number, count: number, total: number, isComplete = true): SamplePage => ({
  offset,
  total,
  isComplete,
  samples: Array.from({ length: count }, (_, i) => sample(offset + i)),
});

interface Request {
  readonly offset: number;
  readonly signal: AbortSignal;
  readonly answer: (page: SamplePage) => Promise<void>;
  readonly refuse: (error: Error) => Promise<void>;
}

/** Pages of ten, with the requests they made in hand. */
function watchedPages(keep = 60) {
  const requests: Request[] = [];
  const onChange = vi.fn();
  const onError = vi.fn();
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  const pages = new SamplePages(
    (offset, _limit, signal) =>
      new Promise((resolve, reject) => {
        requests.push({
          offset,
          signal,
          answer: (answer) => (resolve(answer), settle()),
          refuse: (error: Error) => (reject(error), settle()),
        });
      }),
    { onChange, onError, pageSize: 10, keep },
  );
  return { pages, requests, onChange, onError };
}

describe('SamplePages', () => {
  it('asks for the pages that the view touches, once', async () => {
    const { pages, requests, onChange } = watchedPages();
    pages.show(5, 25);
    pages.show(6, 26);
    expect(requests.map(({ offset }) => offset)).toEqual([0, 10, 20]);
    await requests[1]?.answer(page(10, 10, 1000));
    expect(pages.at(12)?.id).toBe('s12');
    expect(pages.at(5)).toBeUndefined();
    expect(pages.total).toBe(1000);
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it('cancels what was scrolled past, and asks for it again when it is back', async () => {
    const { pages, requests, onChange } = watchedPages();
    pages.show(0, 10);
    pages.show(500, 510);
    expect(requests[0]?.signal.aborted).toBe(true);
    await requests[0]?.answer(page(0, 10, 1000));
    expect(pages.at(0)).toBeUndefined();
    expect(onChange).not.toHaveBeenCalled();
    pages.show(0, 10);
    expect(requests.map(({ offset }) => offset)).toEqual([0, 500, 0]);
  });

  it('tells failures, but not those of cancelled requests', async () => {
    const { pages, requests, onError } = watchedPages();
    pages.show(0, 10);
    pages.show(500, 510);
    await requests[0]?.refuse(new Error('cancelled'));
    await requests[1]?.refuse(new Error('gone'));
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('gone'));
    pages.show(500, 510);
    expect(requests).toHaveLength(3);
  });

  it('forgets the pages that were not looked at for longest', async () => {
    const { pages, requests } = watchedPages(2);
    for (const first of [0, 10, 0, 20]) {
      pages.show(first, first + 10);
      await requests.at(-1)?.answer(page(first, 10, 1000));
    }
    expect(requests).toHaveLength(3);
    expect([pages.at(0)?.index, pages.at(10)?.index, pages.at(20)?.index]).toEqual([0, undefined, 20]);
  });

  it('asks for no page behind the last sample', async () => {
    const { pages, requests } = watchedPages();
    pages.show(0, 10);
    await requests[0]?.answer(page(0, 10, 14));
    pages.show(0, 100);
    expect(requests.map(({ offset }) => offset)).toEqual([0, 10]);
  });

  it('follows a total that grows while the server searches', async () => {
    const { pages, requests } = watchedPages();
    pages.show(0, 30);
    requests.slice(1).forEach(({ signal }) => expect(signal.aborted).toBe(false));
    await requests[0]?.answer(page(0, 4, 4, false));
    expect(pages.isComplete).toBe(false);
    pages.askForRest();
    expect(requests.at(-1)?.offset).toBe(0);
    await requests.at(-1)?.answer(page(0, 10, 17, true));
    expect(pages.total).toBe(17);
    expect(pages.at(9)?.index).toBe(9);
    const before = requests.length;
    pages.askForRest();
    expect(requests).toHaveLength(before);
  });

  it('is silent once closed', async () => {
    const { pages, requests, onChange, onError } = watchedPages();
    pages.show(0, 10);
    pages.close();
    expect(requests[0]?.signal.aborted).toBe(true);
    await requests[0]?.answer(page(0, 10, 10));
    pages.show(0, 10);
    expect(requests).toHaveLength(1);
    expect(onChange).not.toHaveBeenCalled();
    expect(onError).not.toHaveBeenCalled();
  });
});
