/**
 * Batches made ahead by worker threads. Requests are posted some iterations ahead, so that workers go on while the thread that trains is
 * inside native code for seconds; how far ahead is bounded by memory. Which worker makes a batch does not show in it.
 */
import { availableParallelism, totalmem } from 'node:os';
import { type BrokenFace, batchMaker, measureYaws, type SampleOptions } from '../../sample/index.ts';
import type { Batch, BatchEvent, BatchSource } from '../../train/index.ts';
import { cachedFaces, type SharedFaces, sharedFaces } from './faceCache.ts';
import { type OpenFaces, openFaceFolder } from './openFaces.ts';
import { WorkerPool } from './workerPool.ts';

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
  /** Holds the present generation: requests of older ones are answered with nothing. */
  readonly generation: SharedArrayBuffer;
}

export interface WorkerRequest {
  readonly iteration: number;
  readonly attempt: number;
  readonly generation: number;
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

class SamplePool implements BatchSource {
  readonly #pool: WorkerPool<WorkerRequest, Batch | undefined, BrokenFace>;
  readonly #ahead: number;
  readonly #generation: Int32Array;
  /** Batches asked for and not yet taken, by iteration. */
  readonly #asked = new Map<number, Promise<Batch | undefined>>();
  #attempt = 0;

  constructor(
    start: WorkerStart,
    { workers, ahead, onBroken, url }: { workers: number; ahead: number; onBroken: (broken: BrokenFace) => void; url: URL },
  ) {
    this.#ahead = ahead;
    this.#generation = new Int32Array(start.generation);
    this.#pool = new WorkerPool({ url, count: workers, does: 'makes samples', data: start, onNote: onBroken });
  }

  async next(iteration: number, attempt: number): Promise<{ batch: Batch; waitMs: number }> {
    const from = performance.now();
    if (attempt !== this.#attempt || (this.#asked.size > 0 && !this.#asked.has(iteration))) this.#forget();
    this.#attempt = attempt;
    for (let i = iteration; i < iteration + this.#ahead; i++) if (!this.#asked.has(i)) this.#ask(i);
    const batch = await this.#asked.get(iteration)!;
    if (batch === undefined) throw new Error(`the batch of iteration ${iteration} was passed over`);
    this.#asked.delete(iteration);
    this.#ask(iteration + this.#ahead);
    return { batch, waitMs: performance.now() - from };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    this.#asked.clear();
  }

  #ask(iteration: number): void {
    const request: WorkerRequest = { iteration, attempt: this.#attempt, generation: this.#generation[0]! };
    const asked = this.#pool.ask(request, { worker: iteration % this.#pool.size });
    asked.catch(() => {}); // seen when the batch is taken
    this.#asked.set(iteration, asked);
  }

  /** What was asked for is not wanted any more: the run went back. */
  #forget(): void {
    Atomics.add(this.#generation, 0, 1);
    this.#asked.clear();
  }
}
