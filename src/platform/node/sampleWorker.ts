/** The thread of a sample pool: makes the batches that are asked for, one after another, and posts them without copying. */
import { parentPort, workerData } from 'node:worker_threads';
import { failureFrom, openBatches, type WorkerReply, type WorkerRequest, type WorkerStart } from './samplePool.ts';

const port = parentPort;
if (port === null) throw new Error('sampleWorker is the script of a worker thread');

const start: WorkerStart = workerData;
const present = new Int32Array(start.generation);
const batches = openBatches(start, (broken) => port.postMessage({ broken } satisfies WorkerReply));
batches.catch(() => {}); // told with the first request
let done: Promise<void> = Promise.resolve();

port.on('message', ({ iteration, attempt, generation }: WorkerRequest) => {
  done = done.then(async () => {
    if (Atomics.load(present, 0) !== generation) return;
    try {
      const batch = await (await batches).make(iteration, attempt);
      const arrays = [batch.src, batch.dst].flatMap((side) => [side.warped, side.target, side.mask, side.em]);
      const reply: WorkerReply = { iteration, generation, batch };
      port.postMessage(
        reply,
        arrays.map((array) => array.buffer as ArrayBuffer),
      );
    } catch (error) {
      const reply: WorkerReply = { iteration, generation, failure: failureFrom(error) };
      port.postMessage(reply);
    }
  });
});
