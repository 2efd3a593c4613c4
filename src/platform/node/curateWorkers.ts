/**
 * Measuring faces on this machine: worker threads decode and measure, this thread reads files, and what was measured is kept in hidden files
 * of the folder, so that the next time needs no image.
 */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
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
import { WorkerPool } from './workerPool.ts';

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

/** Jobs for worker threads, each of which has two: one at work, one waiting. */
class MeasurePool implements Measurer, AsyncDisposable {
  readonly parallel: number;
  readonly #pool: WorkerPool<MeasureJob, FaceValues>;

  constructor(count: number, url: URL) {
    this.parallel = 2 * count;
    this.#pool = new WorkerPool({ url, count, does: 'measures faces' });
  }

  measure(job: MeasureJob): Promise<FaceValues> {
    // Masks and polygons are of no use there.
    const metadata = job.metadata && { ...job.metadata, xsegMask: undefined, polygons: [] };
    return this.#pool.ask({ ...job, metadata });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }
}
