/** Ctrl-C and its like for commands that stop at the next good place, and at once when they are asked a second time. */
import { endAtOnce, obey } from './orders.ts';

/** A signal that is aborted by the first interrupt, or by `stop`; the second interrupt ends the process. Until it is disposed. */
export function interruptible(note: (line: string) => void): Disposable & { readonly signal: AbortSignal; readonly stop: () => void } {
  const stop = new AbortController();
  let interrupts = 0;
  const orders = obey({
    stop() {
      if (interrupts++ > 0) {
        endAtOnce('ended at once; what was whole stays');
        return;
      }
      note('stopping; the same command goes on. Ctrl-C again ends at once');
      stop.abort();
    },
  });
  return { signal: stop.signal, stop: () => stop.abort(), [Symbol.dispose]: () => orders[Symbol.dispose]() };
}
