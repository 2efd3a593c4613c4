/** Long runs: how far they are, at which rate, how long they will take, and an end at Ctrl-C that leaves everything as it was. */
import { OptionError } from '../../base/index.ts';
import type { Terminal } from '../command.ts';
import { endAtOnce, INTERRUPTED, obey } from '../orders.ts';
import { durationText } from '../progress.ts';

/** Runs shorter than this say nothing of their progress. */
const QUIET_MS = 2000;
/** Between two events of a job. */
const EVENT_MS = 250;

/**
 * @returns a callback that says a line every few seconds: done, rate, time left. A job of the studio, whose stdout is a file of events, gets an event each
 * time as well.
 */
export function progressOf(what: string, { note, out }: Pick<Terminal, 'note' | 'out'>): (done: number, total: number) => void {
  const started = performance.now();
  let told = started;
  let event = 0;
  const isJob = process.env.LIAE_EVENTS !== undefined;
  return (done, total) => {
    const now = performance.now();
    if (isJob && (now - event >= EVENT_MS || done === total)) {
      event = now;
      out(`${JSON.stringify({ event: 'working', what, done, of: total })}\n`);
    }
    if (done === 0 || (done === total ? told === started : now - told < QUIET_MS)) return;
    const seconds = (now - started) / 1000;
    told = now;
    const left = done === total ? `in ${durationText(seconds)}` : `${durationText(((total - done) * seconds) / done)} left`;
    note(`${what}: ${done} of ${total}, ${(done / seconds).toFixed(1)} a second, ${left}`);
  };
}

/**
 * Runs something that Ctrl-C may end early. It must leave things as they were when its signal aborts.
 *
 * @returns what it returns; 130 if it was interrupted.
 */
export async function interruptible(run: (signal: AbortSignal) => Promise<number>, { note }: Pick<Terminal, 'note'>): Promise<number> {
  const abort = new AbortController();
  let asked = 0;
  const stop = (): void => {
    if (asked++ > 0) endAtOnce('ended at once');
    else abort.abort();
  };
  using _orders = obey({ stop });
  try {
    return await run(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted || error !== abort.signal.reason) throw error;
    note('interrupted; nothing is changed');
    return INTERRUPTED;
  }
}

/** A whole number in a range. @throws OptionError that names the flag and the range. */
export function wholeNumber(text: string, flag: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OptionError(`${flag} ${text}: not a whole number in its range`, { expected: `${least} to ${most}` });
}

/** One of some words. @throws OptionError that lists them. */
export function oneOf<T extends string>(text: string, flag: string, words: readonly T[]): T {
  const word = words.find((known) => known === text);
  if (word === undefined) throw new OptionError(`${flag} ${text}: no such choice`, { expected: words.join(', ') });
  return word;
}
