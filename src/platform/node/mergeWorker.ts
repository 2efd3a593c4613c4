/** A thread of merging: it composes frames, or predicts faces; one request after another. */
import { parentPort, type TransferListItem, workerData } from 'node:worker_threads';
import type { MergeReply, MergeRequest, MergeWorkerData } from './mergeCrew.ts';
import { MergeHand, PredictHand } from './mergeHand.ts';
import { failureFrom } from './samplePool.ts';

const port = parentPort;
if (port === null) throw new Error('mergeWorker is the script of a worker thread');

const data: MergeWorkerData = workerData;
const composer = data.role === 'merge' ? new MergeHand(data.model) : undefined;
const predictor = data.role === 'predict' ? new PredictHand(data.parts) : undefined;

const buffersOf = (...arrays: readonly ArrayBufferView[]): TransferListItem[] => arrays.map(({ buffer }) => buffer as ArrayBuffer);

async function answer(call: number, request: MergeRequest): Promise<void> {
  try {
    if (request.kind === 'predict') {
      const result = await predictor!.predict(request.inputs);
      port!.postMessage({ call, result } satisfies MergeReply, buffersOf(...result.flatMap((one) => Object.values(one) as Float32Array[])));
    } else if (request.kind === 'crop') {
      const result = composer!.crop(request.task);
      port!.postMessage({ call, result } satisfies MergeReply, buffersOf(...result));
    } else {
      const result = composer!.finish(request.id, request.predictions);
      port!.postMessage({ call, result } satisfies MergeReply, buffersOf(result.image.data, result.mask.data));
    }
  } catch (error) {
    port!.postMessage({ call, failure: failureFrom(error) } satisfies MergeReply);
  }
}

port.on('message', ({ call, request }: { call: number; request: MergeRequest }) => void answer(call, request));
