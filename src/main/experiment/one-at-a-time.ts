/**
 * Makes of a work one that never runs twice at once. Asked for while it runs, it runs once more afterwards, for all who
 * asked meanwhile, so that what it finds is never older than the question.
 */
export function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let following: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const begun = work().finally(() => {
      if (running === begun) running = undefined;
    });
    return (running = begun);
  };
  return () => {
    if (!running) return begin();
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = undefined;
        return begin();
      });
    return following;
  };
}
