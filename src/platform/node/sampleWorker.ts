/** The thread of a sample pool: makes the batches that are asked for, one after another, and posts them without copying. */
import { workerData } from 'node:worker_threads';
import type { Batch } from '../../train/index.ts';
import { openBatches, type WorkerRequest, type WorkerStart } from './samplePool.ts';
import { serve } from './workerPool.ts';

const start: WorkerStart = workerData;
const present = new Int32Array(start.generation);
let done: Promise<unknown> = Promise.resolve();

const tell = serve({
  answer: ({ iteration, attempt, generation }: WorkerRequest): Promise<Batch | undefined> => {
    const made = done.then(async () => {
      if (Atomics.load(present, 0) !== generation) return undefined;
      return (await batches).make(iteration, attempt);
    });
    done = made.catch(() => undefined);
    return made;
  },
  transfer: (batch) =>
    batch === undefined
      ? []
      : [batch.src, batch.dst]
          .flatMap((side) => [side.warped, side.target, side.mask, side.em])
          .map((array) => array.buffer as ArrayBuffer),
});
const batches = openBatches(start, tell);
batches.catch(() => {}); // told with the first request
