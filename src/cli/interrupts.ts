/** Ctrl-C and its like for commands that stop at the next good place, and at once when they are asked a second time. */

/** Exit code of a command that was interrupted. */
export const INTERRUPTED = 130;

/** A signal that is aborted by the first interrupt, or by `stop`; the second interrupt ends the process. Until it is disposed. */
export function interruptible(note: (line: string) => void): Disposable & { readonly signal: AbortSignal; readonly stop: () => void } {
  const stop = new AbortController();
  let interrupts = 0;
  const interrupt = (): void => {
    if (interrupts++ > 0) process.exit(INTERRUPTED);
    note('stopping; the same command goes on. Ctrl-C again ends at once');
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: stop.signal,
    stop: () => stop.abort(),
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, interrupt);
    },
  };
}
