/** Those who merge: threads that compose frames, and one that predicts; or the calling thread for both. */
import { availableParallelism } from 'node:os';
import { type MergedResult, MergeHand, type MergeModel, type MergeTask } from './mergeHand.ts';
import { buffersOfPrediction, PredictHand, type PredictInput, type PredictorParts, type RawPrediction } from './mergePredict.ts';
import { WorkerPool } from './workerPool.ts';

export type MergeWorkerData =
  | { readonly role: 'merge'; readonly model: MergeModel }
  | { readonly role: 'predict'; readonly parts: PredictorParts };

/** Asked of a thread that composes: what a frame is, and then what was predicted of its faces. */
export type ComposeRequest =
  | { readonly kind: 'crop'; readonly task: MergeTask }
  | { readonly kind: 'finish'; readonly id: number; readonly predictions: readonly RawPrediction[] };

/** The memory of what networks see, to be handed to another thread. */
export const buffersOfInput = ({ face, xseg }: PredictInput): ArrayBuffer[] =>
  [face, xseg].flatMap((one) => (one === undefined ? [] : [one.buffer as ArrayBuffer]));

/** A frame that was begun: what the network must see, and how it goes on. */
export interface BegunFrame {
  readonly inputs: readonly PredictInput[];
  finish(predictions: readonly RawPrediction[]): Promise<MergedResult>;
}

export interface MergeCrew extends AsyncDisposable {
  /** Frames that are composed at the same time. */
  readonly hands: number;
  /** Takes the picture's memory. */
  begin(task: MergeTask): Promise<BegunFrame>;
  predict(inputs: readonly PredictInput[]): Promise<readonly RawPrediction[]>;
}

/** Both jobs on the calling thread. */
export function hereCrew(model: MergeModel, parts: PredictorParts): MergeCrew {
  const [hand, predictor] = [new MergeHand(model), new PredictHand(parts)];
  return {
    hands: 1,
    async begin(task) {
      return { inputs: hand.crop(task), finish: async (predictions) => hand.finish(task.id, predictions) };
    },
    predict: (inputs) => predictor.predict(inputs),
    [Symbol.asyncDispose]: () => predictor[Symbol.asyncDispose](),
  };
}

export const defaultMergeWorkers = (): number => Math.max(1, Math.min(8, availableParallelism()));

/** Takes the memory of the weights. @param url  the script of a worker. */
export function threadCrew(model: MergeModel, parts: PredictorParts, workers: number, url: URL): MergeCrew {
  const both = { url, finish: true };
  const composers = new WorkerPool<ComposeRequest, readonly PredictInput[] | MergedResult>({
    ...{ ...both, count: workers, does: 'composes frames', data: { role: 'merge', model } satisfies MergeWorkerData },
  });
  const predictor = new WorkerPool<readonly PredictInput[], readonly RawPrediction[]>({
    ...{ ...both, count: 1, does: 'predicts faces', data: { role: 'predict', parts } satisfies MergeWorkerData },
    transfer: [...parts.weights.values()].map(({ data }) => data.buffer as ArrayBuffer),
  });
  /** Frames that each composer has at hand: begun, and not finished. */
  const held = new Array<number>(workers).fill(0);
  return {
    hands: workers,
    async begin(task) {
      const worker = held.indexOf(Math.min(...held));
      held[worker]!++;
      const pictures = [task.picture, ...(task.seen === undefined ? [] : [task.seen.picture])];
      const transfer = pictures.map(({ data }) => data.buffer as ArrayBuffer);
      return {
        inputs: (await composers.ask({ kind: 'crop', task }, { worker, transfer })) as readonly PredictInput[],
        async finish(predictions) {
          try {
            const request: ComposeRequest = { kind: 'finish', id: task.id, predictions };
            return (await composers.ask(request, { worker, transfer: predictions.flatMap(buffersOfPrediction) })) as MergedResult;
          } finally {
            held[worker]!--;
          }
        },
      };
    },
    predict: (inputs) => predictor.ask(inputs, { transfer: inputs.flatMap(buffersOfInput) }),
    async [Symbol.asyncDispose]() {
      await Promise.all([composers, predictor].map((pool) => pool[Symbol.asyncDispose]()));
    },
  };
}
