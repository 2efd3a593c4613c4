/**
 * Measures a set of faces: those that the cache knows are taken from it, the others are read, decoded and measured one by one or by several
 * measurers at a time, with a bounded number of images in memory.
 */
import { FormatError, OptionError } from '../base/index.ts';
import type { FaceMetadata } from '../faceset/index.ts';
import { type MeasureName, type Measures, type MeasureValues, measureArray, measuresOf, measureTable } from './measureTable.ts';

/** A set of images; a Faceset is one, and so is a folder of images without face data. */
export interface MeasurableFaces {
  readonly count: number;
  name(i: number): string;
  metadata(i: number): FaceMetadata | undefined;
  size(i: number): readonly [width: number, height: number];
  read(i: number): Promise<{ readonly bytes: Uint8Array }>;
}

/** One image to be measured. Plain data: it may cross to another thread. */
export interface MeasureJob {
  readonly name: string;
  /** The image file; absent if only landmarks are needed. */
  readonly bytes?: Uint8Array | undefined;
  readonly metadata: FaceMetadata | undefined;
  readonly size: readonly [width: number, height: number];
  readonly wanted: readonly MeasureName[];
}

/** What was measured of one image; NaN where the face lacks what a measure is computed from. */
export type FaceValues = Readonly<Partial<Record<MeasureName, MeasureValues>>>;

/** Takes the measures of one image. @throws FormatError if the image is broken. */
export interface Measurer {
  /** How many jobs it is worth giving it at a time. */
  readonly parallel: number;
  measure(job: MeasureJob): Promise<FaceValues>;
}

/** Measures kept from earlier. */
export interface KnownMeasures {
  /** What is known of face i, for each of these measures that is. */
  find(i: number, wanted: readonly MeasureName[]): FaceValues;
  /** Keeps what has been taken, also when the work was interrupted. @param taken  whether face i was measured, or found. */
  keep(measures: Measures, wanted: readonly MeasureName[], taken: (i: number) => boolean): Promise<void>;
}

export interface MeasureOptions {
  readonly measurer: Measurer;
  readonly known?: KnownMeasures | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Takes these measures of every face.
 *
 * @returns measures; a face whose image cannot be decoded is listed as broken. The order of work does not show in them.
 * @throws the signal's reason if it aborts; whatever is not the file's fault.
 */
export async function measureFaces(faces: MeasurableFaces, wanted: readonly MeasureName[], options: MeasureOptions): Promise<Measures> {
  const { measurer, known, signal, progress } = options;
  const arrays: Partial<Record<MeasureName, MeasureValues>> = {};
  for (const name of wanted) {
    if (name === 'picture') continue;
    const values = measureArray(name, faces.count * measureTable[name].width);
    arrays[name] = values instanceof Uint8Array ? values : values.fill(Number.NaN);
  }
  const place = (i: number, values: FaceValues): void => {
    for (const name of wanted) {
      const value = values[name];
      if (value === undefined) continue;
      if (name === 'picture') arrays.picture ??= pictureArray(value.length, faces.count);
      const to = arrays[name]!;
      const width = to.length / faces.count;
      if (value.length !== width) {
        throw new OptionError(`${faces.name(i)}: pictures must be of one size to be compared pixel by pixel`, {
          found: `${faces.size(i).join('×')}, ${faces.name(0)} has ${faces.size(0).join('×')}`,
          next: 'resize the faceset, or sort it another way',
        });
      }
      to.set(value, i * width);
    }
  };
  const broken = new Map<number, string>();
  const taken = new Uint8Array(faces.count);
  let [next, done, anew] = [0, 0, 0];
  let failed = false; // one failure ends the work of all
  const work = async (): Promise<void> => {
    while (next < faces.count && !failed) {
      signal?.throwIfAborted();
      const i = next++;
      const found = known?.find(i, wanted) ?? {};
      place(i, found);
      const missing = wanted.filter((name) => found[name] === undefined);
      if (missing.length > 0) {
        try {
          const values = await measurer.measure(await jobOf(faces, i, missing));
          place(i, values);
          anew++;
        } catch (error) {
          if (!(error instanceof FormatError)) {
            failed = true;
            throw error;
          }
          broken.set(i, error.brief());
        }
      }
      if (!broken.has(i)) taken[i] = 1;
      progress?.(++done, faces.count);
    }
  };
  const measures = (): Measures => {
    const names = Array.from({ length: faces.count }, (_, i) => faces.name(i));
    const metadata = names.map((_, i) => faces.metadata(i));
    return measuresOf(names, arrays, metadata, new Map([...broken].sort((a, b) => a[0] - b[0])));
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.max(1, measurer.parallel) }, work));
  if (anew > 0) await known?.keep(measures(), wanted, (i) => taken[i] === 1);
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  if (wanted.includes('picture')) arrays.picture ??= new Uint8Array(0);
  return measures();
}

const MOST_PICTURE_BYTES = 2 ** 32;

function pictureArray(bytes: number, count: number): Uint8Array {
  if (bytes * count <= MOST_PICTURE_BYTES) return new Uint8Array(bytes * count);
  throw new OptionError('too many pictures to be compared pixel by pixel', {
    found: `${count} pictures of ${(bytes / 2 ** 20).toFixed(1)} MiB`,
    expected: `at most ${MOST_PICTURE_BYTES / 2 ** 30} GiB in all`,
    next: 'sort by hist or novelty, which need little memory',
  });
}

async function jobOf(faces: MeasurableFaces, i: number, wanted: readonly MeasureName[]): Promise<MeasureJob> {
  const needsFile = wanted.some((name) => measureTable[name].from !== 'landmarks');
  const bytes = needsFile ? (await faces.read(i)).bytes : undefined;
  return { name: faces.name(i), bytes, metadata: faces.metadata(i), size: faces.size(i), wanted };
}
