/** Requests to end a program: Ctrl-C, the system's, and a terminal that is closed. */
export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell expects of a program that was interrupted. */
export const INTERRUPTED = 130;

/** Calls `listener` at every request to end, instead of ending the program. @returns ends that */
export function onEndSignal(listener: (signal: NodeJS.Signals) => void): () => void {
  for (const name of END_SIGNALS) process.on(name, listener);
  return () => {
    for (const name of END_SIGNALS) process.off(name, listener);
  };
}

/**
 * Does work that can be interrupted: the first request to end asks it to end as it can, a second one ends the program.
 *
 * @throws what the work throws
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const end = onEndSignal(() => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  });
  try {
    return await work(controller.signal);
  } finally {
    end();
  }
}
