/** A thread that makes new versions of faces: each file in, the new file out. */
import { parentPort, workerData } from 'node:worker_threads';
import { readFace } from '../../faceset/index.ts';
import { nodeCodec } from './codec.ts';
import { type EditReply, type EditRequest, editOf, type FaceChange } from './editPool.ts';
import { failureFrom } from './samplePool.ts';

const port = parentPort;
if (port === null) throw new Error('editWorker is the script of a worker thread');

const edit = editOf(workerData as FaceChange, nodeCodec());

async function made({ name, bytes }: EditRequest): Promise<Uint8Array | undefined> {
  return edit({ ...readFace(bytes, name), name, bytes });
}

port.on('message', (request: EditRequest) => {
  const { id } = request;
  made(request).then(
    (bytes) => port.postMessage({ id, bytes } satisfies EditReply),
    (error: unknown) => port.postMessage({ id, failure: failureFrom(error) } satisfies EditReply),
  );
});
