/**
 * Events of a training as lines of a file that stays small however long it runs: when it is full it is emptied, and what one has to know is written
 * anew, the start first. Whoever reads along and finds the file shorter than before begins at its beginning again.
 */
import type { TrainEvent } from '../train/index.ts';

export interface BoundedFile {
  /** Adds to the end of the file. */
  readonly write: (text: string) => void;
  readonly empty: () => void;
}

/** Less than the part of a file that the studio reads when it comes later (server/jobs.ts). */
const LIMIT = 192 * 1024;
/** Returns to a save that are told again. */
const RETURNS = 50;
/** Longer lines are told once only. */
const LONGEST = 2000;

export function boundedReporter({ write, empty }: BoundedFile, limit = LIMIT): (event: TrainEvent) => void {
  /** By kind, the latest last. */
  const kept = new Map<string, string>();
  let [bytes, returns] = [0, 0];
  const add = (line: string): void => {
    bytes += Buffer.byteLength(line);
    write(line);
  };
  return (event) => {
    const line = `${JSON.stringify(event)}\n`;
    const key =
      event.event === 'nonfinite'
        ? `nonfinite ${returns++ % RETURNS}`
        : event.event === 'changed'
          ? `changed ${event.option}`
          : event.event;
    if (bytes + Buffer.byteLength(line) > limit) {
      empty();
      bytes = 0;
      for (const before of [kept.get('started') ?? '', ...[...kept].filter(([name]) => name !== 'started').map(([, text]) => text)])
        add(before);
    }
    add(line);
    kept.delete(key);
    if (line.length <= LONGEST || key === 'started') kept.set(key, line);
  };
}
