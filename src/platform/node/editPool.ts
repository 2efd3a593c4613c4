/** New versions of faces made by worker threads, where decoding and encoding take the time. Few faces are edited on the calling thread. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type FaceEdit, mirrorFace, type NewCrop, resizeFace } from '../../curate/index.ts';
import type { ImageCodec } from '../../image/index.ts';
import { nodeCodec } from './codec.ts';
import { errorFrom, type Failure } from './samplePool.ts';

/** What is done to a face. Plain data: it crosses to other threads. */
export type FaceChange = { readonly kind: 'resize'; readonly crop: NewCrop } | { readonly kind: 'mirror' };

export interface EditRequest {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type EditReply =
  | { readonly id: number; readonly bytes: Uint8Array | undefined }
  | { readonly id: number; readonly failure: Failure };

export function editOf(change: FaceChange, codec: ImageCodec): FaceEdit {
  switch (change.kind) {
    case 'resize':
      return (face) => resizeFace(face, change.crop, codec);
    case 'mirror':
      return (face) => mirrorFace(face, codec);
  }
}

export interface FaceEditor extends AsyncDisposable {
  readonly edit: FaceEdit;
  /** How many faces it is worth giving it at a time. */
  readonly parallel: number;
}

export interface FaceEditorOptions {
  /** Of faces to come. */
  readonly count: number;
  /** Threads; 0 edits on the calling thread. As many as there are processors unless given, eight at most. */
  readonly workers?: number | undefined;
  /** The worker's script, for tests that run from source. */
  readonly workerUrl?: URL | undefined;
}

/** Sets below this size are not worth the start of threads. */
const FEW = 64;

export function openFaceEditor(change: FaceChange, { count, workers, workerUrl }: FaceEditorOptions): FaceEditor {
  const threads = workers ?? (count < FEW ? 0 : Math.min(8, availableParallelism()));
  if (threads === 0) return { edit: editOf(change, nodeCodec()), parallel: 1, async [Symbol.asyncDispose]() {} };
  return new EditPool(change, threads, workerUrl ?? new URL('./editWorker.js', import.meta.url));
}

interface Waiting {
  readonly worker: number;
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Each thread has two faces: one at work, one waiting. */
class EditPool implements FaceEditor {
  readonly parallel: number;
  readonly #workers: readonly Worker[];
  readonly #load: number[];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #failed: unknown;

  constructor(change: FaceChange, count: number, url: URL) {
    this.parallel = 2 * count;
    this.#load = new Array<number>(count).fill(0);
    this.#workers = this.#load.map(() => {
      const worker = new Worker(url, { workerData: change });
      worker.on('message', (reply: EditReply) => this.#receive(reply));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', () => this.#fail(new Error('a worker that edits faces ended by itself')));
      return worker;
    });
  }

  readonly edit: FaceEdit = ({ name, bytes }) =>
    new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const id = this.#next++;
      const worker = this.#load.indexOf(Math.min(...this.#load));
      this.#load[worker]!++;
      this.#waiting.set(id, { worker, resolve, reject });
      this.#workers[worker]!.postMessage({ id, name, bytes } satisfies EditRequest);
    });

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.removeAllListeners('exit');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#fail(new Error('the workers that edit faces were ended'));
  }

  #receive(reply: EditReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.id);
    this.#load[waiting.worker]!--;
    if ('failure' in reply) waiting.reject(errorFrom(reply.failure));
    else waiting.resolve(reply.bytes);
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}
