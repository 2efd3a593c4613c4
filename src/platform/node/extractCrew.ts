/** The hands of an extraction: worker threads that each take the next stretch of the clip when they are done with one, or one hand right here. */
import { Worker } from 'node:worker_threads';
import { LiaeError } from '../../base/index.ts';
import type { Analysed, ClipStart, Hand, Span, WriteTask, Written } from './extractHand.ts';
import { errorFrom, type Failure } from './samplePool.ts';

/** One who works, a task at a time. */
export interface Worked extends AsyncDisposable {
  analyse(span: Span): Promise<Analysed>;
  write(task: WriteTask, wrote: (frame: number) => void): Promise<Written>;
}

export type HandRequest =
  | { readonly kind: 'analyse'; readonly span: Span }
  | { readonly kind: 'write'; readonly task: WriteTask }
  | { readonly kind: 'stop' };

export type HandReply =
  | { readonly kind: 'analysed'; readonly result: Analysed }
  | { readonly kind: 'wrote'; readonly frame: number }
  | { readonly kind: 'written'; readonly result: Written }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Thrown by a task that was stopped. */
export class Stopped extends LiaeError {}

/** A hand in a thread of its own. It is told to stop when the signal is. */
export function threadHand(clip: ClipStart, url: URL, signal: AbortSignal): Worked {
  const worker = new Worker(url, { workerData: clip });
  let waiting: { resolve(reply: HandReply): void; reject(error: unknown): void; wrote(frame: number): void } | undefined;
  let failed: unknown;
  const fail = (error: unknown): void => {
    failed ??= error;
    waiting?.reject(error);
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('an extraction worker ended by itself')));
  worker.on('message', (reply: HandReply) => {
    if (reply.kind === 'wrote') waiting?.wrote(reply.frame);
    else if (reply.kind === 'failed') waiting?.reject(errorFrom(reply.failure));
    else waiting?.resolve(reply);
  });
  const stop = (): void => worker.postMessage({ kind: 'stop' } satisfies HandRequest);
  signal.addEventListener('abort', stop, { once: true });
  const ask = async (request: HandRequest, wrote: (frame: number) => void): Promise<HandReply> => {
    if (failed !== undefined) throw failed;
    if (signal.aborted) throw new Stopped('stopped');
    try {
      return await new Promise<HandReply>((resolve, reject) => {
        waiting = { resolve, reject, wrote };
        worker.postMessage(request);
      });
    } catch (error) {
      throw signal.aborted ? new Stopped('stopped') : error;
    } finally {
      waiting = undefined;
    }
  };
  return {
    async analyse(span) {
      const reply = await ask({ kind: 'analyse', span }, () => {});
      if (reply.kind !== 'analysed') throw new Error(`a worker answered ${reply.kind} to analyse`);
      return reply.result;
    },
    async write(task, wrote) {
      const reply = await ask({ kind: 'write', task }, wrote);
      if (reply.kind !== 'written') throw new Error(`a worker answered ${reply.kind} to write`);
      return reply.result;
    },
    async [Symbol.asyncDispose]() {
      failed ??= new Error('the worker was closed');
      signal.removeEventListener('abort', stop);
      worker.removeAllListeners('exit');
      await worker.terminate();
    },
  };
}

/** A hand right here. */
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
    [Symbol.asyncDispose]: () => hand[Symbol.asyncDispose](),
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
