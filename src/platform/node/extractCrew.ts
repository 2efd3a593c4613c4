/** The hands of an extraction: worker threads that each take the next stretch of the clip when they are done with one, or one hand right here. */
import { LiaeError } from '../../base/index.ts';
import type { ClipFeed, Fed, Span, Wanted } from './extractFeed.ts';
import { type Analysed, type ClipStart, type Hand, type WriteTask, type Written, windowsOf } from './extractHand.ts';
import type { NetworkAddresses } from './faceModels.ts';
import { type Failure, failureFrom, WorkerPool } from './workerPool.ts';

/** One who works, a task at a time. */
export interface Worked {
  analyse(span: Span): Promise<Analysed>;
  write(task: WriteTask, wrote: (frame: number) => void): Promise<Written>;
}

/** What a worker is asked. `feed` numbers the frames that it is given for it; absent if it reads the clip itself. */
export type HandRequest = { readonly feed: number | undefined } & (
  | { readonly kind: 'analyse'; readonly span: Span; readonly networks: NetworkAddresses | undefined }
  | { readonly kind: 'write'; readonly task: WriteTask }
);

/** What a worker is told. */
export type HandNote =
  | { readonly kind: 'frame'; readonly feed: number; readonly frame: Fed; readonly pieces: readonly number[] }
  | { readonly kind: 'end'; readonly feed: number; readonly ended: boolean }
  | { readonly kind: 'broken'; readonly feed: number; readonly failure: Failure }
  | { readonly kind: 'stop' };

/** What a worker tells: a frame that it was given is done with, and its memory; a frame's files are written. */
export type HandWord =
  | { readonly kind: 'done'; readonly feed: number; readonly pieces: readonly number[] }
  | { readonly kind: 'wrote'; readonly frame: number };

/** What a worker knows from its start. */
export interface HandStart {
  readonly clip: ClipStart;
  readonly fed: boolean;
}

/** Thrown by a task that was stopped. */
export class Stopped extends LiaeError {}

export interface Crew extends AsyncDisposable {
  readonly hands: readonly Worked[];
}

export interface CrewOptions {
  readonly count: number;
  readonly url: URL;
  readonly signal: AbortSignal;
  /** Reads the clip for all of them, if they are not to do it themselves; disposed of with the crew. */
  readonly feed?: ClipFeed | undefined;
  /** Frames that are given out and not done with, at most. */
  readonly held: number;
  /** The networks that hands share, held for longer than the crew; each opens its own if left out. */
  readonly networks?: (() => Promise<NetworkAddresses>) | undefined;
}

/** Hands in threads of their own. They are told to stop when the signal is. */
export function threadCrew(clip: ClipStart, { count, url, signal, feed, held, networks }: CrewOptions): Crew {
  const wrote = Array.from({ length: count }, () => (_: number): void => {});
  const room = new Room(held);
  const pool = new WorkerPool<HandRequest, Analysed | Written, HandWord>({
    ...{ url, count, does: 'extracts faces', data: { clip, fed: feed !== undefined } satisfies HandStart, finish: true },
    onNote: (word, worker) => {
      if (word.kind === 'wrote') wrote[worker]!(word.frame);
      else {
        feed?.reuse(word.pieces);
        room.leave(word.feed);
      }
    },
  });
  const tell = (worker: number, note: HandNote): void => pool.tell(worker, note);
  const stop = (): void => {
    for (let i = 0; i < count; i++) tell(i, { kind: 'stop' });
    room.wake();
  };
  signal.addEventListener('abort', stop, { once: true });
  let feeds = 0;

  /** Gives a worker the frames of its task. What goes wrong is told to the worker, whose task fails with it. */
  const give = async (worker: number, number: number, span: Span, wanted: Wanted): Promise<readonly string[]> => {
    try {
      const ended = await feed!.span(span, wanted, signal, async (frame) => {
        await room.enter(number, signal);
        tell(worker, { kind: 'frame', feed: number, frame, pieces: feed!.piecesOf(frame) });
      });
      tell(worker, { kind: 'end', feed: number, ended });
    } catch (error) {
      tell(worker, { kind: 'broken', feed: number, failure: failureFrom(error) });
    }
    return [...feed!.trouble];
  };

  const ask = async (
    worker: number,
    request: Omit<HandRequest, 'feed'>,
    span: Span,
    wanted: Wanted,
  ): Promise<{ result: Analysed | Written; trouble: readonly string[] | undefined }> => {
    if (signal.aborted) throw new Stopped('stopped');
    const number = feed === undefined ? undefined : feeds++;
    try {
      const asked = pool.ask({ ...request, feed: number } as HandRequest, { worker });
      if (number === undefined) return { result: await asked, trouble: undefined };
      const given = give(worker, number, span, wanted);
      const result = await asked.finally(() => room.close(number));
      return { result, trouble: await given };
    } catch (error) {
      throw signal.aborted ? new Stopped('stopped') : error;
    }
  };

  const hands = wrote.map((_, worker): Worked => {
    return {
      async analyse(span) {
        const request = { kind: 'analyse', span, networks: await networks?.() } as HandRequest;
        const { result, trouble } = await ask(worker, request, span, 'all');
        return { ...(result as Analysed), ...(trouble === undefined ? {} : { trouble }) };
      },
      async write(task, told) {
        wrote[worker] = told;
        const { result } = await ask(worker, { kind: 'write', task } as HandRequest, task.span, windowsOf(task));
        return result as Written;
      },
    };
  });
  return {
    hands,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', stop);
      await pool[Symbol.asyncDispose]();
      await feed?.[Symbol.asyncDispose]();
    },
  };
}

/** Bounds the frames that are given out, all tasks together. */
class Room {
  readonly #most: number;
  /** Frames out, by task; a task that is closed takes no more room. */
  readonly #out = new Map<number, number>();
  readonly #closed = new Set<number>();
  #total = 0;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async enter(task: number, signal: AbortSignal): Promise<void> {
    while (this.#total >= this.#most && !this.#closed.has(task) && !signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    signal.throwIfAborted();
    if (this.#closed.has(task)) throw new Error('frames for a task that has ended');
    this.#total++;
    this.#out.set(task, (this.#out.get(task) ?? 0) + 1);
  }

  leave(task: number): void {
    const out = this.#out.get(task);
    if (out === undefined) return;
    this.#out.set(task, out - 1);
    this.#total--;
    this.wake();
  }

  close(task: number): void {
    this.#closed.add(task);
    this.#total -= this.#out.get(task) ?? 0;
    this.#out.delete(task);
    this.wake();
  }

  wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

/** A hand right here; the caller disposes of it. */
export function hereHand(hand: Hand, signal: AbortSignal): Worked {
  const stoppable = async <T>(work: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw new Stopped('stopped');
    try {
      return await work();
    } catch (error) {
      throw signal.aborted ? new Stopped('stopped') : error;
    }
  };
  return {
    analyse: (span) => stoppable(() => hand.analyse(span, signal)),
    write: (task, wrote) => stoppable(() => hand.write(task, wrote, signal)),
  };
}

/**
 * Tasks handed out in order to whoever is free, results taken in order.
 *
 * @param next  the task with this number, or undefined if there is none any more; asked for one number after another, before the last one is answered.
 * @param take  called for one result after another, in the order of the tasks.
 */
export async function inOrder<T, R>(
  hands: readonly Worked[],
  next: (number: number) => Promise<T | undefined>,
  work: (hand: Worked, task: T) => Promise<R>,
  take: (result: R, number: number) => Promise<void>,
): Promise<void> {
  let [given, taken] = [0, 0];
  let failure: { readonly error: unknown } | undefined;
  const done = new Map<number, R>();
  let taking: Promise<void> = Promise.resolve();
  let wake: (() => void)[] = [];
  const takeReady = (): Promise<void> => {
    taking = taking.then(async () => {
      for (let result = done.get(taken); done.has(taken); result = done.get(taken)) {
        done.delete(taken);
        await take(result as R, taken);
        taken++;
      }
      for (const go of wake) go();
      wake = [];
    });
    return taking;
  };
  const loop = async (hand: Worked): Promise<void> => {
    while (failure === undefined) {
      // No hand runs far ahead of one that is slow: what waits to be taken is held in memory.
      if (given - taken > 4 * hands.length) {
        await new Promise<void>((resolve) => wake.push(resolve));
        continue;
      }
      const number = given++;
      try {
        const task = await next(number);
        if (task === undefined) return;
        done.set(number, await work(hand, task));
        await takeReady();
      } catch (error) {
        failure ??= { error };
        for (const go of wake) go();
      }
    }
  };
  await Promise.all(hands.map(loop));
  if (failure !== undefined) throw failure.error;
}
