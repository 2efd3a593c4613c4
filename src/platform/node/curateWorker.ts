/** A thread that measures faces: each job in, its measures out, without copying them. */
import { parentPort } from 'node:worker_threads';
import { measurerOf } from '../../curate/index.ts';
import { nodeCodec } from './codec.ts';
import type { CurateReply, CurateRequest } from './curateWorkers.ts';
import { failureFrom } from './samplePool.ts';

const port = parentPort;
if (port === null) throw new Error('curateWorker is the script of a worker thread');

const measurer = measurerOf(nodeCodec());

port.on('message', ({ id, job }: CurateRequest) => {
  measurer.measure(job).then(
    (values) => {
      const buffers = Object.values(values).map((array) => array.buffer as ArrayBuffer);
      port.postMessage({ id, values } satisfies CurateReply, buffers);
    },
    (error: unknown) => port.postMessage({ id, failure: failureFrom(error) } satisfies CurateReply),
  );
});
