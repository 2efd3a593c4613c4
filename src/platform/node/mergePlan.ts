/**
 * What a run of merging is, and how its frames are cut into parts: each part has a name that hashes all that its frames depend on, so that what is
 * whole is found again by whoever wants the same.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrameFace, Motion, SettingsRange } from '../../merge/index.ts';
import type { FrameSource, SinkPicture } from '../../video/index.ts';
import type { MergeOutput } from './mergeOutput.ts';
import { motionsOf } from './mergeScene.ts';

export interface MergeJob {
  readonly source: FrameSource;
  readonly from: number;
  /** Frame behind the last. */
  readonly to?: number | undefined;
  /** Seconds of each frame in a film, for frames that have no times of their own. */
  readonly timeAt?: ((frame: number) => number) | undefined;
  /** Whether frames are merged in 16 bits. */
  readonly deep: boolean;
  readonly faces: ReadonlyMap<number, readonly FrameFace[]>;
  readonly settings: readonly SettingsRange[];
  /** Whether XSeg masks of the frame's faces are those that are stored in them: then each has one, where the settings ask for it. */
  readonly xsegFromFaces: boolean;
  readonly seed: number;
  /** The film or folder; the mask becomes its fourth channel if `covered`. */
  readonly output: MergeOutput;
  readonly covered: boolean;
  readonly mask?: MergeOutput | undefined;
  /** Folder of the parts. */
  readonly parts: string;
  /** Frames of a part. */
  readonly partLength: number;
  /** Everything else that a frame depends on: model, encoder… */
  readonly identity: string;
  readonly model: { readonly resolution: number; readonly batch: number };
  /** What a run that is whole leaves, so that the same one has nothing to do. */
  readonly record: string;
  /** What is done to the whole, in words that change with it. */
  readonly finishing: string;
  /** Does that: called when all outputs are there. */
  readonly finishWhole?: (() => Promise<void>) | undefined;
  /** Makes all parts anew. */
  readonly again: boolean;
  /** Drawn on each frame in the end. */
  readonly finishPicture?: ((image: SinkPicture) => void) | undefined;
}

/** What is kept of a part that is whole, in a file beside it. */
export interface PartRecord {
  readonly names: readonly string[];
  readonly first: number;
  readonly withFace: number;
  readonly dropped: number;
  readonly light: readonly (readonly [number, number] | null)[];
  readonly bytes: number;
}

/** Memory for the frames that are under way. */
const BUDGET = 2 ** 29;

/** Groups of frames under way behind the decoder. */
export const AHEAD = 2;

/** Frames that are cropped, predicted and composed together. */
export function groupSize(width: number, height: number, deep: boolean, batch: number): number {
  const bytes = width * height * (deep ? 3 + 6 + 6 + 2 : 3 + 3 + 1);
  return Math.max(1, Math.min(batch, Math.floor(BUDGET / ((AHEAD + 2) * bytes))));
}

/** Which frames make which part, and what tells a part from one made otherwise. */
export class Plan {
  readonly motions: ReadonlyMap<number, Motion> | undefined;
  readonly group: number;
  readonly #job: MergeJob;
  readonly #length: number;
  readonly #keys = new Map<number, string>();

  constructor(job: MergeJob) {
    this.#job = job;
    const { width, height } = job.source.info;
    this.group = groupSize(width, height, job.deep, job.model.batch);
    this.#length = Math.ceil(job.partLength / this.group) * this.group;
    this.motions = motionsOf(job.faces);
  }

  /** Frames of the whole run, as far as known. */
  get total(): number | undefined {
    const { from, to, source } = this.#job;
    const end = Math.min(to ?? Number.POSITIVE_INFINITY, source.info.frames ?? to ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(end) ? Math.max(0, end - from) : undefined;
  }

  partOf(frame: number): number {
    return Math.floor(frame / this.#length);
  }

  groupOf(frame: number): number {
    return Math.floor(frame / this.group);
  }

  /** First frame of a part within the run. */
  firstOf(part: number): number {
    return Math.max(this.#job.from, part * this.#length);
  }

  /** Name of a part: its number and a mark of all that its frames depend on. */
  keyOf(part: number): string {
    const known = this.#keys.get(part);
    if (known !== undefined) return known;
    const { source, from, to, faces, settings, identity, seed, deep, covered } = this.#job;
    const first = this.firstOf(part);
    const last = Math.min(to ?? Number.POSITIVE_INFINITY, (part + 1) * this.#length);
    const hash = createHash('sha256');
    hash.update(JSON.stringify([identity, source.info.hash, first - from, first, last, this.group, seed, deep, covered]));
    for (const range of settings) {
      if (range.from < last && range.to > first) {
        hash.update(JSON.stringify([Math.max(first, range.from), Math.min(last, range.to), range.settings]));
      }
    }
    for (let frame = first; frame < last && frame < (part + 1) * this.#length; frame++) {
      for (const { landmarks, mask } of faces.get(frame) ?? []) {
        hash.update(`${frame}`).update(Float64Array.from(landmarks));
        if (this.#job.xsegFromFaces && mask !== undefined) hash.update(mask.bytes).update(JSON.stringify(mask.unitFromFrame));
      }
      const motion = this.motions?.get(frame);
      if (motion !== undefined) hash.update(`${motion.power} ${motion.angleDeg}`);
    }
    const key = `${String(part).padStart(6, '0')}-${hash.digest('hex').slice(0, 24)}`;
    this.#keys.set(part, key);
    return key;
  }

  /** Parts that are there and whole. */
  async doneParts(): Promise<Map<number, PartRecord>> {
    const { parts, output, mask } = this.#job;
    const done = new Map<number, PartRecord>();
    for (const name of await readdir(parts)) {
      const part = /^(\d{6,})-[0-9a-f]{24}\.json$/.exec(name)?.[1];
      if (part === undefined || name !== `${this.keyOf(Number(part))}.json`) continue;
      const record = await recordIn(join(parts, name));
      if (record === undefined) continue;
      const key = this.keyOf(Number(part));
      if (!(await output.holds(key, record.names)) || (await mask?.holds(key, record.names)) === false) continue;
      done.set(Number(part), record);
    }
    return done;
  }
}

async function recordIn(path: string): Promise<PartRecord | undefined> {
  try {
    return partOf(await readFile(path, 'utf8'));
  } catch {
    return undefined; // a part without a whole record is made again
  }
}

/** What the file of a part says of it; undefined if it is not whole. @throws SyntaxError */
export function partOf(text: string): PartRecord | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { names, light, ...numbers } = value as Record<string, unknown>;
  const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && Number(n) >= 0;
  const isPair = (pair: unknown): boolean => pair === null || (Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite));
  if (![numbers.first, numbers.withFace, numbers.dropped, numbers.bytes].every(isCount)) return undefined;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && name !== '..' && !/[/\\\0]/.test(name))) return undefined;
  return Array.isArray(light) && light.every(isPair) ? (value as PartRecord) : undefined; // every field was checked
}
