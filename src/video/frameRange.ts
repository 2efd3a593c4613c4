/** Which frames of a clip are wanted: by number, or by time with the nearest frame of each tick. The same for clips and for pictures. */
import { OptionError } from '../base/index.ts';
import type { FrameRange } from './frameSource.ts';

/** What is known of a frame before its pixels are made. */
export interface Timed {
  readonly index: number;
  /** Seconds from the beginning of the clip. */
  readonly time: number;
}

/** @throws OptionError for numbers that say nothing. */
export function checkRange({ from = 0, to, every, rate }: FrameRange): void {
  const wrong = (found: string, expected: string): OptionError => new OptionError('frames to read: not a range', { found, expected });
  if (!Number.isInteger(from) || from < 0) throw wrong(`from ${from}`, 'a frame number from 0');
  if (to !== undefined && (!Number.isInteger(to) || to <= from)) throw wrong(`from ${from} to ${to}`, 'a frame number behind the first');
  if (every !== undefined && (!Number.isInteger(every) || every < 1)) throw wrong(`every ${every}`, 'a whole number from 1');
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate))) throw wrong(`rate ${rate}`, 'frames a second, above 0');
  if (every !== undefined && rate !== undefined) throw wrong(`every ${every} and rate ${rate}`, 'one of the two');
}

/**
 * The wanted ones of frames in order, which may begin anywhere at or before the range. Stops asking at its end. Frames that are not wanted are
 * given to `drop`; of one that is passed on, the receiver takes care.
 */
export async function* pickFrames<T extends Timed>(
  frames: AsyncIterable<T>,
  range: FrameRange,
  drop: (frame: T) => void = () => {},
): AsyncGenerator<T, void, undefined> {
  checkRange(range);
  const { from = 0, to = Number.POSITIVE_INFINITY, every = 1, rate, skip = () => false } = range;
  if (rate === undefined) {
    for await (const frame of frames) {
      if (frame.index >= to) {
        drop(frame);
        return;
      }
      if (frame.index >= from && frame.index % every === 0 && !skip(frame.index)) yield frame;
      else drop(frame);
      if (frame.index + 1 >= to) return;
    }
    return;
  }
  // A frame owns the time from midway to the one before it to midway to the one behind it; it is wanted if a tick k / rate lies therein.
  let held: T | undefined;
  let begin = Number.NEGATIVE_INFINITY;
  let step = 1 / rate;
  const settle = (frame: T, end: number): boolean => {
    const tick = Math.max(0, Math.floor(begin * rate + SLACK) + 1);
    begin = end;
    return frame.index >= from && frame.index < to && tick <= end * rate + SLACK && !skip(frame.index);
  };
  try {
    for await (const frame of frames) {
      if (held !== undefined) {
        step = frame.time - held.time;
        const ready = held;
        held = frame;
        if (settle(ready, (ready.time + frame.time) / 2)) yield ready;
        else drop(ready);
        if (ready.index + 1 >= to) return;
      } else held = frame;
    }
    if (held !== undefined) {
      const last = held;
      held = undefined;
      if (settle(last, last.time + step / 2)) yield last;
      else drop(last);
    }
  } finally {
    if (held !== undefined) drop(held);
  }
}

/** Part of a tick within which a time is on it: file formats round times to a millisecond or less. */
const SLACK = 1e-9;
