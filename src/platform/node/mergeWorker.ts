/** A thread of merging: it composes frames, or predicts faces; one request after another. */
import { workerData } from 'node:worker_threads';
import { buffersOfInput, type ComposeRequest, type MergeWorkerData } from './mergeCrew.ts';
import { MergeHand } from './mergeHand.ts';
import { buffersOfPrediction, PredictHand, type PredictInput } from './mergePredict.ts';
import { serve } from './workerPool.ts';

const start: MergeWorkerData = workerData;

if (start.role === 'predict') {
  const hand = new PredictHand(start.parts);
  serve({
    answer: (inputs: readonly PredictInput[]) => hand.predict(inputs),
    transfer: (predictions) => predictions.flatMap(buffersOfPrediction),
  });
} else {
  const hand = new MergeHand(start.model);
  serve({
    answer: async (request: ComposeRequest) =>
      request.kind === 'crop' ? hand.crop(request.task) : hand.finish(request.id, request.predictions),
    transfer: (result) =>
      'image' in result ? [result.image, result.mask].map(({ data }) => data.buffer as ArrayBuffer) : result.flatMap(buffersOfInput),
  });
}
