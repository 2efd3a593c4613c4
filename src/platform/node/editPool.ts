/** New versions of faces made by worker threads, where decoding and encoding take the time. Few faces are edited on the calling thread. */
import { availableParallelism } from 'node:os';
import { type FaceEdit, maskFace, mirrorFace, type NewCrop, type NewMask, resizeFace } from '../../curate/index.ts';
import type { ImageCodec } from '../../image/index.ts';
import type { FaceModels } from '../../vision/index.ts';
import { nodeCodec } from './codec.ts';
import { openFaceModels } from './faceModels.ts';
import { WorkerPool } from './workerPool.ts';

/** What is done to a face. Plain data: it crosses to other threads. */
export type FaceChange =
  | { readonly kind: 'resize'; readonly crop: NewCrop }
  | { readonly kind: 'mirror' }
  | { readonly kind: 'mask'; readonly mask: NewMask };

export interface EditRequest {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @param models  opened when the first face needs them. */
export function editOf(change: FaceChange, codec: ImageCodec, models: () => Promise<FaceModels>): FaceEdit {
  switch (change.kind) {
    case 'resize':
      return (face) => resizeFace(face, change.crop, codec);
    case 'mirror':
      return (face) => mirrorFace(face, codec);
    case 'mask':
      return (face) => maskFace(face, change.mask, codec, async (image) => (await models()).person(image));
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
  /** Told about what the user may want to know, a sentence each, once. */
  readonly note?: ((line: string) => void) | undefined;
  /** The worker's script, for tests that run from source. */
  readonly workerUrl?: URL | undefined;
}

/** Sets below this size are not worth the start of threads. */
const FEW = 64;

export function openFaceEditor(change: FaceChange, { count, workers, note = () => {}, workerUrl }: FaceEditorOptions): FaceEditor {
  const threads = workers ?? (count < FEW ? 0 : Math.min(8, availableParallelism()));
  if (threads > 0) return new EditPool(change, threads, note, workerUrl ?? new URL('./editWorker.js', import.meta.url));
  let models: Promise<FaceModels> | undefined;
  const edit = editOf(change, nodeCodec(), () => {
    models ??= openFaceModels({ note });
    return models;
  });
  return { edit, parallel: 1, [Symbol.asyncDispose]: async () => (await models)?.[Symbol.asyncDispose]() };
}

/** Each thread has two faces: one at work, one waiting. */
class EditPool implements FaceEditor {
  readonly parallel: number;
  readonly #pool: WorkerPool<EditRequest, Uint8Array | undefined, string>;

  constructor(change: FaceChange, count: number, note: (line: string) => void, url: URL) {
    this.parallel = 2 * count;
    const told = new Set<string>();
    const onNote = (line: string): void => {
      if (!told.has(line)) note(line);
      told.add(line);
    };
    this.#pool = new WorkerPool({ url, count, does: 'edits faces', data: change, onNote, finish: true });
  }

  readonly edit: FaceEdit = ({ name, bytes }) => this.#pool.ask({ name, bytes });

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }
}
