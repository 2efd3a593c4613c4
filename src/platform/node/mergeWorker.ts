/** A thread of merging: it composes frames, or predicts faces; one request after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { buffersOfInput, type MergeReply, type MergeRequest, type MergeWorkerData } from './mergeCrew.ts';
import { buffersOfPrediction, MergeHand, PredictHand } from './mergeHand.ts';
import { failureFrom } from './workerPool.ts';

const port = parentPort;
if (port === null) throw new Error('mergeWorker is the script of a worker thread');

const data: MergeWorkerData = workerData;
const composer = data.role === 'merge' ? new MergeHand(data.model) : undefined;
const predictor = data.role === 'predict' ? new PredictHand(data.parts) : undefined;

async function answer(call: number, request: MergeRequest): Promise<void> {
  try {
    if (request.kind === 'predict') {
      const result = await predictor!.predict(request.inputs);
      port!.postMessage({ call, result } satisfies MergeReply, result.flatMap(buffersOfPrediction));
    } else if (request.kind === 'crop') {
      const result = composer!.crop(request.task);
      port!.postMessage({ call, result } satisfies MergeReply, result.flatMap(buffersOfInput));
    } else {
      const result = composer!.finish(request.id, request.predictions);
      port!.postMessage(
        { call, result } satisfies MergeReply,
        [result.image, result.mask].map(({ data }) => data.buffer as ArrayBuffer),
      );
    }
  } catch (error) {
    port!.postMessage({ call, failure: failureFrom(error) } satisfies MergeReply);
  }
}

port.on('message', ({ call, request }: { call: number; request: MergeRequest }) => void answer(call, request));
