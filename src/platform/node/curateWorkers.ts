/**
 * Measuring faces on this machine: worker threads decode and measure, this thread reads files, and what was measured is kept in hidden files
 * of the folder, so that the next time needs no image.
 */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type FaceValues,
  type MeasurableFaces,
  type MeasureJob,
  type MeasureName,
  type Measurer,
  type Measures,
  measureFaces,
  measurerOf,
  openMeasureCache,
} from '../../curate/index.ts';
import { pakName } from '../../faceset/index.ts';
import type { FaceModels } from '../../vision/index.ts';
import { nodeCodec } from './codec.ts';
import { nodeFolder } from './files.ts';
import { errorFrom, type Failure } from './samplePool.ts';

export interface CurateRequest {
  readonly id: number;
  readonly job: MeasureJob;
}

export type CurateReply = { readonly id: number; readonly values: FaceValues } | { readonly id: number; readonly failure: Failure };

export interface MeasureFolderOptions {
  /** Threads; 0 measures on the calling thread. As many as there are processors unless given, eight at most. */
  readonly workers?: number | undefined;
  /** Computes identity where files do not hold it; it stays on the calling thread. */
  readonly models?: FaceModels | undefined;
  /** Keep nothing and use nothing kept. */
  readonly fresh?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** The worker's script, for tests that run from source. */
  readonly workerUrl?: URL | undefined;
}

/** Sets below this size are not worth the start of threads. */
const FEW = 64;

/**
 * Takes measures of the faces of a folder, loose or packed.
 *
 * @param path  the folder of the faces, where the measures are kept.
 * @returns what measureFaces does.
 */
export async function measureFolder(
  path: string,
  faces: MeasurableFaces,
  wanted: readonly MeasureName[],
  options: MeasureFolderOptions = {},
): Promise<Measures> {
  const { signal, progress, models, fresh = false, workers = Math.min(8, availableParallelism()) } = options;
  const known = fresh ? undefined : await openMeasureCache(nodeFolder(path), faces, await fileStamps(path, faces), wanted);
  const few = faces.count < FEW || wanted.length === 0;
  const here = measurerOf(nodeCodec(), models);
  if (workers === 0 || few) return measureFaces(faces, wanted, { measurer: here, known, signal, progress });
  await using pool = new MeasurePool(workers, options.workerUrl ?? new URL('./curateWorker.js', import.meta.url));
  const measurer = models === undefined ? pool : identityHere(here, pool);
  return await measureFaces(faces, wanted, { measurer, known, signal, progress });
}

/** Identity by the network on this thread, all else by the pool. */
function identityHere(here: Measurer, pool: Measurer): Measurer {
  return {
    parallel: pool.parallel,
    async measure(job) {
      const others = job.wanted.filter((name) => name !== 'identity');
      const [own, theirs] = await Promise.all([
        others.length === job.wanted.length ? {} : here.measure({ ...job, wanted: ['identity'] }),
        others.length === 0 ? {} : pool.measure({ ...job, wanted: others }),
      ]);
      return { ...own, ...theirs };
    },
  };
}

/** When each file was written and how long it is; of packed faces those of the pak. */
export async function fileStamps(path: string, faces: Pick<MeasurableFaces, 'count' | 'name'>): Promise<readonly string[]> {
  const stamp = async (name: string): Promise<string | undefined> => {
    try {
      const { mtimeMs, size } = await stat(join(path, name));
      return `${mtimeMs}:${size}`;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const pak = await stamp(pakName);
  const stamps: string[] = [];
  for (let i = 0; i < faces.count; i += 256) {
    const some = Array.from({ length: Math.min(256, faces.count - i) }, (_, k) => i + k);
    stamps.push(...(await Promise.all(some.map(async (k) => pak ?? (await stamp(faces.name(k))) ?? ''))));
  }
  return stamps;
}

interface Waiting {
  readonly resolve: (values: FaceValues) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs for worker threads, each of which has two: one at work, one waiting. */
class MeasurePool implements Measurer {
  readonly parallel: number;
  readonly #workers: readonly Worker[];
  readonly #load: number[];
  readonly #waiting = new Map<number, Waiting & { readonly worker: number }>();
  #next = 0;
  #failed: unknown;

  constructor(count: number, url: URL) {
    this.parallel = 2 * count;
    this.#load = new Array<number>(count).fill(0);
    this.#workers = this.#load.map(() => {
      const worker = new Worker(url);
      worker.on('message', (reply: CurateReply) => this.#receive(reply));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', () => this.#fail(new Error('a worker that measures faces ended by itself')));
      return worker;
    });
  }

  measure(job: MeasureJob): Promise<FaceValues> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const id = this.#next++;
      const worker = this.#load.indexOf(Math.min(...this.#load));
      this.#load[worker]!++;
      this.#waiting.set(id, { resolve, reject, worker });
      // Masks and polygons are of no use there.
      const metadata = job.metadata && { ...job.metadata, xsegMask: undefined, polygons: [] };
      this.#workers[worker]!.postMessage({ id, job: { ...job, metadata } } satisfies CurateRequest);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.removeAllListeners('exit');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#fail(new Error('the workers that measure faces were ended'));
  }

  #receive(reply: CurateReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.id);
    this.#load[waiting.worker]!--;
    if ('values' in reply) waiting.resolve(reply.values);
    else waiting.reject(errorFrom(reply.failure));
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}
