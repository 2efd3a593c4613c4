/**
 * Batches made ahead by worker threads. Requests are posted some iterations ahead, so that workers go on while the thread that trains is
 * inside native code for seconds; how far ahead is bounded by memory. Which worker makes a batch does not show in it.
 */
import { availableParallelism, totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FormatError, LiaeError, OptionError, ResourceError, ShapeError } from '../../base/index.ts';
import { type BrokenFace, batchMaker, measureYaws, type SampleOptions } from '../../sample/index.ts';
import type { Batch, BatchEvent, BatchSource } from '../../train/index.ts';
import { cachedFaces, type SharedFaces, sharedFaces } from './faceCache.ts';
import { type OpenFaces, openFaceFolder } from './openFaces.ts';

/** One side of the batches: a folder of aligned faces and how its samples are made. */
export interface SideSpec {
  readonly folder: string;
  readonly options: SampleOptions;
}

export interface PoolSpec {
  readonly seed: number;
  /** Samples of each side. */
  readonly batchSize: number;
  readonly src: SideSpec;
  readonly dst: SideSpec;
}

export interface PoolLimits {
  /** Threads; 0 makes each batch on the calling thread when it is asked for. */
  readonly workers?: number;
  /** Memory for decoded faces, both sides together. */
  readonly cacheBytes?: number;
  /** Memory for batches made ahead; at least two are, whatever their size. */
  readonly aheadBytes?: number;
  /** Told of the files that were set aside, and of each face that turns out to be broken, once. */
  readonly report?: (event: BatchEvent) => void;
  /** The worker's script, for tests that run from source. */
  readonly workerUrl?: URL;
}

/** What a worker is told at its start. */
export interface WorkerStart extends PoolSpec {
  readonly faces: { readonly src: SharedFaces; readonly dst: SharedFaces };
  readonly yaws: { readonly src?: Float32Array | undefined; readonly dst?: Float32Array | undefined };
  /** Holds the present generation: requests of older ones are skipped. */
  readonly generation: SharedArrayBuffer;
}

export interface WorkerRequest {
  readonly iteration: number;
  readonly attempt: number;
  readonly generation: number;
}

export type WorkerReply =
  | { readonly iteration: number; readonly generation: number; readonly batch: Batch }
  | { readonly iteration: number; readonly generation: number; readonly failure: Failure }
  | { readonly broken: BrokenFace };

/** An error on its way between threads. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly details: Readonly<Record<string, string>>;
}

const MAX_AHEAD = 16;

/**
 * Opens both sets of faces and starts the workers.
 *
 * @returns a source of batches. A face that cannot be read gives its place to the next usable one; next() throws a FormatError if there is none.
 * @throws FormatError if a folder holds no usable faces.
 */
export async function createSamplePool(spec: PoolSpec, limits: PoolLimits = {}): Promise<BatchSource> {
  const workers = limits.workers ?? Math.max(1, Math.min(4, Math.floor(availableParallelism() / 4)));
  const cacheBytes = limits.cacheBytes ?? Math.min(2 ** 30, totalmem() / 8);
  await using src = await openFaceFolder(spec.src.folder);
  await using dst = await openFaceFolder(spec.dst.folder);
  const faces = { src: sharedFaces(src.count, cacheBytes / 2), dst: sharedFaces(dst.count, cacheBytes / 2) };
  const report = limits.report ?? (() => {});
  tellSkipped({ src, dst }, report);
  const yaws = {
    src: spec.src.options.uniformYaw ? await yawsOf('src', src, report) : undefined,
    dst: spec.dst.options.uniformYaw ? await yawsOf('dst', dst, report) : undefined,
  };
  const onBroken = once(report);
  const start: WorkerStart = { ...spec, faces, yaws, generation: new SharedArrayBuffer(4) };
  if (workers === 0) return new HereAndNow(await openBatches(start, onBroken));
  const ahead = Math.max(2, Math.min(MAX_AHEAD, Math.floor((limits.aheadBytes ?? 2 ** 29) / batchBytes(spec))));
  return new SamplePool(start, { workers, ahead, onBroken, url: limits.workerUrl ?? new URL('./sampleWorker.js', import.meta.url) });
}

function tellSkipped(sides: Readonly<Record<'src' | 'dst', OpenFaces>>, report: (event: BatchEvent) => void): void {
  for (const side of ['src', 'dst'] as const) {
    const { skipped: files, count: usable } = sides[side];
    if (files.length > 0) report({ event: 'skipped', side, files, usable });
  }
}

async function yawsOf(side: 'src' | 'dst', faces: OpenFaces, report: (event: BatchEvent) => void): Promise<Float32Array> {
  const yaws = await measureYaws(faces);
  for (const [i, yaw] of yaws.entries()) {
    if (Number.isNaN(yaw))
      report({ event: 'warning', message: `${side}: uniform_yaw leaves out ${faces.name(i)}, whose landmarks fit no face` });
  }
  return yaws;
}

/** A warning for each broken face, however many workers come upon it. */
function once(report: (event: BatchEvent) => void): (broken: BrokenFace) => void {
  const told = new Set<string>();
  return ({ side, index, cause }) => {
    const face = `${side} ${index}`;
    if (told.has(face)) return;
    told.add(face);
    report({ event: 'warning', message: `${side}: a face cannot be used, and the next one takes its place: ${cause}` });
  };
}

const batchBytes = ({ batchSize, src }: PoolSpec): number => 2 * 8 * 4 * batchSize * src.options.resolution ** 2;

/** What makes batches, with the folders that it holds open. */
export interface OpenBatches extends AsyncDisposable {
  readonly make: (iteration: number, attempt: number) => Promise<Batch>;
}

/** The maker of a worker, or of a pool without workers. */
export async function openBatches(
  { seed, batchSize, src, dst, faces, yaws }: WorkerStart,
  onBroken: (broken: BrokenFace) => void,
): Promise<OpenBatches> {
  const srcFaces = await openFaceFolder(src.folder);
  const dstFaces = await openFaceFolder(dst.folder);
  const make = batchMaker({
    ...{ seed, batchSize, onBroken },
    src: { options: src.options, yaws: yaws.src, faces: cachedFaces(srcFaces, faces.src) },
    dst: { options: dst.options, yaws: yaws.dst, faces: cachedFaces(dstFaces, faces.dst) },
  });
  return {
    make,
    async [Symbol.asyncDispose]() {
      await srcFaces[Symbol.asyncDispose]();
      await dstFaces[Symbol.asyncDispose]();
    },
  };
}

class HereAndNow implements BatchSource {
  readonly #batches: OpenBatches;

  constructor(batches: OpenBatches) {
    this.#batches = batches;
  }

  async next(iteration: number, attempt: number): Promise<{ batch: Batch; waitMs: number }> {
    const from = performance.now();
    const batch = await this.#batches.make(iteration, attempt);
    return { batch, waitMs: performance.now() - from };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#batches[Symbol.asyncDispose]());
  }
}

/** A promise with its ends in hand. */
interface Deferred {
  readonly promise: Promise<Batch>;
  readonly resolve: (batch: Batch) => void;
  readonly reject: (error: unknown) => void;
}

function deferred(): Deferred {
  let [resolve, reject]: [Deferred['resolve'], Deferred['reject']] = [() => {}, () => {}];
  const promise = new Promise<Batch>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

class SamplePool implements BatchSource {
  readonly #workers: readonly Worker[];
  readonly #ahead: number;
  readonly #generation: Int32Array;
  readonly #onBroken: (broken: BrokenFace) => void;
  /** Batches asked for and not yet taken, by iteration. */
  readonly #asked = new Map<number, Deferred>();
  #attempt = 0;
  #failed: unknown;

  constructor(
    start: WorkerStart,
    { workers, ahead, onBroken, url }: { workers: number; ahead: number; onBroken: (broken: BrokenFace) => void; url: URL },
  ) {
    this.#ahead = ahead;
    this.#onBroken = onBroken;
    this.#generation = new Int32Array(start.generation);
    this.#workers = Array.from({ length: workers }, () => {
      const worker = new Worker(url, { workerData: start });
      worker.on('message', (reply: WorkerReply) => this.#receive(reply));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', () => this.#fail(new Error('a sample worker ended by itself')));
      return worker;
    });
  }

  async next(iteration: number, attempt: number): Promise<{ batch: Batch; waitMs: number }> {
    if (this.#failed !== undefined) throw this.#failed;
    const from = performance.now();
    if (attempt !== this.#attempt || (this.#asked.size > 0 && !this.#asked.has(iteration))) this.#forget();
    this.#attempt = attempt;
    for (let i = iteration; i < iteration + this.#ahead; i++) if (!this.#asked.has(i)) this.#ask(i);
    const batch = await this.#asked.get(iteration)!.promise;
    this.#asked.delete(iteration);
    this.#ask(iteration + this.#ahead);
    return { batch, waitMs: performance.now() - from };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failed ??= new Error('the sample pool was closed');
    for (const worker of this.#workers) worker.removeAllListeners('exit');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    for (const asked of this.#asked.values()) asked.reject(this.#failed);
    this.#asked.clear();
  }

  #ask(iteration: number): void {
    const asked = deferred();
    asked.promise.catch(() => {}); // seen when the batch is taken
    this.#asked.set(iteration, asked);
    const request: WorkerRequest = { iteration, attempt: this.#attempt, generation: this.#generation[0]! };
    this.#workers[iteration % this.#workers.length]!.postMessage(request);
  }

  /** What was asked for is not wanted any more: the run went back. */
  #forget(): void {
    Atomics.add(this.#generation, 0, 1);
    this.#asked.clear();
  }

  #receive(reply: WorkerReply): void {
    if ('broken' in reply) {
      this.#onBroken(reply.broken);
      return;
    }
    const asked = this.#asked.get(reply.iteration);
    if (asked === undefined || reply.generation !== this.#generation[0]) return;
    if ('batch' in reply) asked.resolve(reply.batch);
    else asked.reject(errorFrom(reply.failure));
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    for (const asked of this.#asked.values()) asked.reject(this.#failed);
  }
}

/** An error as it can be posted. */
export function failureFrom(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, details: {} };
  const details = error instanceof LiaeError ? Object.entries(error.details).filter((entry) => typeof entry[1] === 'string') : [];
  return { name: error.name, message: error.message, stack: error.stack, details: Object.fromEntries(details) };
}

/** The error that was posted: one of the user's keeps its kind, any other its stack. */
export function errorFrom({ name, message, stack, details }: Failure): Error {
  for (const Kind of [FormatError, OptionError, ShapeError, ResourceError, LiaeError]) {
    if (name === Kind.name) return new Kind(message, details);
  }
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
