/** New versions of faces made by worker threads, where decoding and encoding take the time. Few faces are edited on the calling thread. */
import { availableParallelism } from 'node:os';
import { type FaceEdit, mirrorFace, type NewCrop, resizeFace } from '../../curate/index.ts';
import type { ImageCodec } from '../../image/index.ts';
import { nodeCodec } from './codec.ts';
import { WorkerPool } from './workerPool.ts';

/** What is done to a face. Plain data: it crosses to other threads. */
export type FaceChange = { readonly kind: 'resize'; readonly crop: NewCrop } | { readonly kind: 'mirror' };

export interface EditRequest {
  readonly name: string;
  readonly bytes: Uint8Array;
}

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

/** Each thread has two faces: one at work, one waiting. */
class EditPool implements FaceEditor {
  readonly parallel: number;
  readonly #pool: WorkerPool<EditRequest, Uint8Array | undefined>;

  constructor(change: FaceChange, count: number, url: URL) {
    this.parallel = 2 * count;
    this.#pool = new WorkerPool({ url, count, does: 'edits faces', data: change, finish: true });
  }

  readonly edit: FaceEdit = ({ name, bytes }) => this.#pool.ask({ name, bytes });

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }
}
