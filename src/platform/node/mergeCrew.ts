/** Those who merge: threads that compose frames, and one that predicts; or the calling thread for both. */
import { availableParallelism } from 'node:os';
import { type TransferListItem, Worker } from 'node:worker_threads';
import {
  buffersOfPrediction,
  type MergedResult,
  MergeHand,
  type MergeModel,
  type MergeTask,
  PredictHand,
  type PredictInput,
  type PredictorParts,
  type RawPrediction,
} from './mergeHand.ts';
import { errorFrom, type Failure } from './workerPool.ts';

export type MergeWorkerData =
  | { readonly role: 'merge'; readonly model: MergeModel }
  | { readonly role: 'predict'; readonly parts: PredictorParts };

export type MergeRequest =
  | { readonly kind: 'crop'; readonly task: MergeTask }
  | { readonly kind: 'finish'; readonly id: number; readonly predictions: readonly RawPrediction[] }
  | { readonly kind: 'predict'; readonly inputs: readonly PredictInput[] };

export type MergeReply = { readonly call: number } & (
  | { readonly result: readonly PredictInput[] | MergedResult | readonly RawPrediction[] }
  | { readonly failure: Failure }
);

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
  const composers = Array.from({ length: workers }, () => new Thread(url, { role: 'merge', model }, []));
  const predictor = new Thread(
    url,
    { role: 'predict', parts },
    [...parts.weights.values()].map(({ data }) => data.buffer as ArrayBuffer),
  );
  return {
    hands: workers,
    async begin(task) {
      const thread = composers.reduce((least, other) => (other.load < least.load ? other : least));
      thread.load++;
      const given = [task.picture, ...(task.seen === undefined ? [] : [task.seen.picture])].map(({ data }) => data.buffer as ArrayBuffer);
      const inputs = (await thread.call({ kind: 'crop', task }, given)) as readonly PredictInput[];
      return {
        inputs,
        async finish(predictions) {
          try {
            const buffers = predictions.flatMap(buffersOfPrediction);
            return (await thread.call({ kind: 'finish', id: task.id, predictions }, buffers)) as MergedResult;
          } finally {
            thread.load--;
          }
        },
      };
    },
    async predict(inputs) {
      const buffers = inputs.flatMap(buffersOfInput);
      return (await predictor.call({ kind: 'predict', inputs }, buffers)) as readonly RawPrediction[];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...composers, predictor].map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class Thread implements AsyncDisposable {
  /** Frames it has at hand. */
  load = 0;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #failed: unknown;
  /** Told when nothing is asked any more. */
  #idle: () => void = () => {};

  constructor(url: URL, data: MergeWorkerData, transferList: TransferListItem[]) {
    this.#worker = new Worker(url, { workerData: data, transferList });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('a merging thread ended by itself')));
    this.#worker.on('message', (reply: MergeReply) => {
      const waiting = this.#waiting.get(reply.call);
      this.#waiting.delete(reply.call);
      if ('failure' in reply) waiting?.reject(errorFrom(reply.failure));
      else waiting?.resolve(reply.result);
      if (this.#waiting.size === 0) this.#idle();
    });
  }

  call(request: MergeRequest, transfer: TransferListItem[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const call = this.#calls++;
      this.#waiting.set(call, { resolve, reject });
      this.#worker.postMessage({ call, request }, transfer);
    });
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
    this.#idle();
  }

  /** Ends the thread once it has answered what it was asked: ONNX Runtime, ended amid a run, takes the whole process with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#waiting.size === 0) resolve();
    });
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
    this.#fail(new Error('the merging threads were ended'));
  }
}
