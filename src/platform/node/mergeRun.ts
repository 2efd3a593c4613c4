/**
 * A run of merging: frames are decoded, their faces predicted in batches, composed in threads and encoded, all at the same time and with a few
 * frames in memory. The film is made in parts, so that a run that was cut off, or whose settings were changed for a few frames, makes only what
 * is missing.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { FrameFace, MergeSettings, Motion, SettingsRange } from '../../merge/index.ts';
import type { Frame, FrameSource, SinkPicture } from '../../video/index.ts';
import { explained, replaceFile } from './files.ts';
import type { MergeCrew } from './mergeCrew.ts';
import { doneRecord, keepRecord, marksOf, settingsHash } from './mergeDone.ts';
import { placedMask } from './mergeFaces.ts';
import { type MergedResult, withCoverage } from './mergeHand.ts';
import { forgetParts, type MergeOutput, type OutputPart } from './mergeOutput.ts';
import { motionsOf } from './mergeScene.ts';
import { diskFull, freeSpace, LEAST_FREE, mebibytes, tellSpace } from './mergeSpace.ts';
import { lockFilm } from './modelLock.ts';

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

export interface MergeStages {
  /** Milliseconds waited for or worked: decoding, predicting and encoding as seen from the one who waits, composing summed over threads. */
  decode: number;
  predict: number;
  compose: number;
  encode: number;
}

export type MergeEvent =
  | { readonly event: 'complete'; readonly path: string; readonly frames: number; readonly settings: string }
  | { readonly event: 'resumed'; readonly frames: number }
  | { readonly event: 'progress'; readonly frame: number; readonly done: number; readonly total: number | undefined }
  | { readonly event: 'joining'; readonly path: string }
  | { readonly event: 'trouble'; readonly message: string };

export interface MergeSum {
  readonly frames: number;
  readonly withFace: number;
  /** Frames that were made by this run. */
  readonly made: number;
  /** Mean light inside the mask of each frame, before and after. */
  readonly light: readonly (readonly [number, number] | undefined)[];
  /** Numbers that the decoder left out. */
  readonly dropped: number;
  readonly trouble: readonly string[];
  readonly stages: MergeStages;
  readonly seconds: number;
  readonly stopped: boolean;
  /** Hash of all that the film depends on; undefined if it was stopped. */
  readonly settings?: string | undefined;
  /** Whether it was there already, and nothing was done. */
  readonly complete: boolean;
}

/** What is kept of a part that is whole, in a file beside it. */
interface PartRecord {
  readonly names: readonly string[];
  readonly first: number;
  readonly withFace: number;
  readonly dropped: number;
  readonly light: readonly (readonly [number, number] | null)[];
  readonly bytes: number;
}

/** Memory for the frames that are under way. */
const BUDGET = 2 ** 29;
/** Groups under way behind the decoder. */
const AHEAD = 2;

/** Frames that are cropped, predicted and composed together. */
export function groupSize(width: number, height: number, deep: boolean, batch: number): number {
  const bytes = width * height * (deep ? 3 + 6 + 6 + 2 : 3 + 3 + 1);
  return Math.max(1, Math.min(batch, Math.floor(BUDGET / ((AHEAD + 2) * bytes))));
}

/**
 * @returns what was done, also if `signal` ended it: the same call goes on then.
 * @throws ResourceError if the disk is full or a place cannot be written; what is whole stays.
 */
export async function merge(job: MergeJob, crew: MergeCrew, report: (event: MergeEvent) => void, signal: AbortSignal): Promise<MergeSum> {
  const began = performance.now();
  const { source, parts } = job;
  const plan = new Plan(job);
  const outputs = [job.output, ...(job.mask === undefined ? [] : [job.mask])];
  const hashOf = (numbers: readonly number[]): string =>
    settingsHash(
      numbers.map((part) => plan.keyOf(part)),
      job.finishing,
    );
  const stages: MergeStages = { decode: 0, predict: 0, compose: 0, encode: 0 };
  const whole = job.again ? undefined : await doneRecord(job.record, outputs, hashOf);
  if (whole !== undefined) {
    const { frames, withFace, dropped, settings } = whole;
    report({ event: 'complete', path: job.output.path, frames, settings });
    const rest = { made: 0, light: [], trouble: [], stages, seconds: (performance.now() - began) / 1000, stopped: false };
    return { frames, withFace, dropped, settings, complete: true, ...rest };
  }
  await makeFolder(parts);
  await using _lock = await lockFilm(parts);
  if (job.again) await emptyFolder(parts);
  const done = await plan.doneParts();
  const doneFrames = [...done.values()].reduce((sum, { names }) => sum + names.length, 0);
  if (doneFrames > 0) report({ event: 'resumed', frames: doneFrames });
  await tellSpace(job, (plan.total ?? 0) - doneFrames, report);
  const total = plan.total;
  const writer = new PartsWriter(job, plan, done, (frame, count) => {
    report({ event: 'progress', frame, done: doneFrames + count, total });
  });
  const composer = new Composer(job, crew, plan.motions, stages);
  try {
    const wanted = { from: job.from, to: job.to, skip: (index: number) => done.has(plan.partOf(index)) };
    const groups = prefetched(grouped(source.frames(wanted, signal), plan), stages);
    const ahead: Promise<readonly Composed[]>[] = [];
    const write = async (group: Promise<readonly Composed[]>): Promise<void> => {
      const composed = await group;
      const start = performance.now();
      for (const frame of composed) await writer.write(frame);
      stages.encode += performance.now() - start;
    };
    for await (const group of groups) {
      signal.throwIfAborted();
      const composing = composer.compose(group);
      composing.catch(() => {}); // told when its turn comes
      ahead.push(composing);
      if (ahead.length > AHEAD) await write(ahead.shift()!);
    }
    for (const group of ahead) {
      signal.throwIfAborted();
      await write(group);
    }
    signal.throwIfAborted();
    await writer.finish();
  } catch (error) {
    await writer[Symbol.asyncDispose]();
    if (!signal.aborted) throw diskFull(error, writer.lastFrame, parts);
    return { ...sumOf(done, writer.made, source), stages, seconds: (performance.now() - began) / 1000, stopped: true, complete: false };
  }
  const sum = sumOf(done, writer.made, source);
  if (sum.frames === 0) {
    throw new ResourceError('no frame was merged', { found: source.trouble[0], next: 'check --from and --to' });
  }
  const order = [...done.keys()].sort((a, b) => a - b).map((part) => plan.keyOf(part));
  const trouble = [...sum.trouble];
  for (const output of outputs) {
    report({ event: 'joining', path: output.path });
    try {
      trouble.push(...(await output.finish(order)).map((sentence) => `${basename(output.path)}: ${sentence}`));
    } catch (error) {
      throw diskFull(error, writer.lastFrame, parts);
    }
  }
  await job.finishWhole?.();
  const numbers = [...done.keys()].sort((a, b) => a - b);
  const names = job.output.joins && job.mask?.joins !== false ? [] : numbers.flatMap((part) => done.get(part)!.names);
  const marks = await marksOf(outputs, names);
  const settings = hashOf(numbers);
  const { frames, withFace, dropped } = sum;
  if (marks !== undefined) await keepRecord(job.record, { settings, parts: numbers, names, marks, frames, withFace, dropped });
  await forgetParts(parts);
  return { ...sum, trouble, stages, seconds: (performance.now() - began) / 1000, stopped: false, settings, complete: false };
}

function sumOf(
  done: ReadonlyMap<number, PartRecord>,
  made: number,
  source: FrameSource,
): Omit<MergeSum, 'stages' | 'seconds' | 'stopped' | 'settings' | 'complete'> {
  const records = [...done.entries()].sort(([a], [b]) => a - b).map(([, record]) => record);
  return {
    frames: records.reduce((sum, { names }) => sum + names.length, 0),
    withFace: records.reduce((sum, { withFace }) => sum + withFace, 0),
    made,
    light: records.flatMap(({ light }) => light.map((pair) => pair ?? undefined)),
    dropped: records.reduce((sum, { dropped }) => sum + dropped, 0),
    trouble: source.trouble,
  };
}

/** Which frames make which part, and what tells a part from one made otherwise. */
class Plan {
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
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null && Array.isArray((value as PartRecord).names) ? (value as PartRecord) : undefined;
  } catch {
    return undefined; // a part without a whole record is made again
  }
}

interface Group {
  readonly part: number;
  readonly frames: readonly Frame[];
}

/** Frames of one part, as many as are worked on together. Which these are depends on their numbers alone, so that every run gives the same. */
async function* grouped(frames: AsyncIterable<Frame>, plan: Plan): AsyncGenerator<Group, void, undefined> {
  let held: Frame[] = [];
  for await (const frame of frames) {
    const before = held[0];
    if (before !== undefined && plan.groupOf(before.index) !== plan.groupOf(frame.index)) {
      yield { part: plan.partOf(before.index), frames: held };
      held = [];
    }
    held.push(frame);
  }
  if (held[0] !== undefined) yield { part: plan.partOf(held[0].index), frames: held };
}

/** The next one is asked for before this one is used. */
async function* prefetched<T>(items: AsyncGenerator<T, void, undefined>, stages: MergeStages): AsyncGenerator<T, void, undefined> {
  const ask = async (): Promise<IteratorResult<T, void>> => {
    const start = performance.now();
    const next = await items.next();
    stages.decode += performance.now() - start;
    return next;
  };
  let next = ask();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done === true) return;
      next = ask();
      next.catch(() => {}); // told when its turn comes
      yield value as T;
    }
  } finally {
    await next.catch(() => undefined);
    await items.return();
  }
}

interface Composed {
  readonly part: number;
  readonly frame: Pick<Frame, 'index' | 'time' | 'name'>;
  readonly image: SinkPicture;
  readonly mask: SinkPicture;
  readonly light: MergedResult['light'];
  readonly hasFace: boolean;
}

/** Groups of decoded frames to merged ones. */
class Composer {
  readonly #job: MergeJob;
  readonly #crew: MergeCrew;
  readonly #motions: ReadonlyMap<number, Motion> | undefined;
  readonly #stages: MergeStages;
  #ids = 0;
  #predicting: Promise<unknown> = Promise.resolve();

  constructor(job: MergeJob, crew: MergeCrew, motions: ReadonlyMap<number, Motion> | undefined, stages: MergeStages) {
    this.#job = job;
    this.#crew = crew;
    this.#motions = motions;
    this.#stages = stages;
  }

  async compose({ part, frames }: Group): Promise<readonly Composed[]> {
    const { faces, seed, covered, deep, model, finishPicture, xsegFromFaces } = this.#job;
    const begun = await Promise.all(
      frames.map(async (frame) => {
        const own = faces.get(frame.index) ?? [];
        const settings = this.#settingsAt(frame.index);
        const picture = own_(deep ? frame.deep! : frame.image);
        if (own.length === 0) return { frame, settings, picture };
        const landmarks = own.map((face) => Float64Array.from(face.landmarks));
        const motion = this.#motions?.get(frame.index);
        const { wide } = frame;
        const seen = deep && wide !== undefined ? { picture: own_(frame.image), wide } : undefined;
        const xsegMasks =
          xsegFromFaces && settings.mask_mode.includes('xseg-dst')
            ? await Promise.all(own.map(({ mask }) => placedMask(mask!)))
            : undefined;
        const task = { id: this.#ids++, frame: frame.index, picture, faces: landmarks, settings, motion, seed, covered, seen, xsegMasks };
        return { frame, settings, picture, begun: await this.#crew.begin(task) };
      }),
    );
    // One group is predicted after another, in batches that depend on the frames alone.
    const inputs = begun.flatMap((one) => one.begun?.inputs ?? []);
    const predicting = this.#predicting.then(async () => {
      const start = performance.now();
      const all: Awaited<ReturnType<MergeCrew['predict']>>[number][] = [];
      for (let i = 0; i < inputs.length; i += model.batch) all.push(...(await this.#crew.predict(inputs.slice(i, i + model.batch))));
      this.#stages.predict += performance.now() - start;
      return all;
    });
    this.#predicting = predicting.catch(() => {});
    const predictions = await predicting;
    let next = 0;
    return await Promise.all(
      begun.map(async ({ frame, settings, picture, begun: own }): Promise<Composed> => {
        const { index, time, name } = frame;
        const about = { part, frame: { index, time, name }, hasFace: own !== undefined };
        if (own === undefined) {
          const { image, mask } = this.#without(picture, settings);
          finishPicture?.(image);
          return { ...about, image, mask, light: undefined };
        }
        const result = await own.finish(predictions.slice(next, (next += own.inputs.length)));
        this.#stages.compose += result.ms;
        finishPicture?.(result.image);
        return { ...about, image: result.image, mask: result.mask, light: result.light };
      }),
    );
  }

  #settingsAt(frame: number): MergeSettings {
    return this.#job.settings.find(({ from, to }) => frame >= from && frame < to)!.settings;
  }

  /** A frame without a face: as it was, with an empty mask; in mode raw-predict, black. */
  #without(picture: SinkPicture, { mode }: MergeSettings): Pick<Composed, 'image' | 'mask'> {
    const { covered, model } = this.#job;
    const side = mode === 'raw-predict' ? model.resolution : undefined;
    const [width, height] = [side ?? picture.width, side ?? picture.height];
    const blank = (channels: number): SinkPicture => {
      const data =
        picture.data instanceof Uint16Array ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
      return { width, height, channels, data } as SinkPicture;
    };
    const image = side === undefined ? picture : blank(3);
    const mask = blank(1);
    return { image: covered ? withCoverage(image, mask) : image, mask };
  }
}

/** The picture with memory of its own, which may be handed to a thread. */
function own_<T extends { readonly data: Uint8Array | Uint16Array }>(picture: T): T {
  const { data } = picture;
  return data.byteLength === data.buffer.byteLength ? picture : { ...picture, data: data.slice() };
}

/** Writes merged frames in order, and closes each part when the next begins. */
class PartsWriter implements AsyncDisposable {
  made = 0;
  lastFrame: number | undefined;
  readonly #job: MergeJob;
  readonly #plan: Plan;
  readonly #done: Map<number, PartRecord>;
  readonly #told: (frame: number, made: number) => void;
  #part: number | undefined;
  #open: OutputPart[] = [];
  #names: string[] = [];
  #light: (readonly [number, number] | null)[] = [];
  #withFace = 0;
  #first = 0;
  #last = 0;

  constructor(job: MergeJob, plan: Plan, done: Map<number, PartRecord>, told: (frame: number, made: number) => void) {
    this.#job = job;
    this.#plan = plan;
    this.#done = done;
    this.#told = told;
  }

  async write({ part, frame, image, mask, light, hasFace }: Composed): Promise<void> {
    const { output, mask: maskOutput } = this.#job;
    if (part !== this.#part) {
      await this.#close();
      this.#part = part;
      this.#first = frame.index;
      this.#open.push(await output.begin(this.#plan.keyOf(part)));
      if (maskOutput !== undefined) this.#open.push(await maskOutput.begin(this.#plan.keyOf(part)));
    }
    this.#last = frame.index;
    const name = frame.name === undefined ? String(frame.index + 1).padStart(5, '0') : basename(frame.name, extname(frame.name));
    const time = this.#job.timeAt?.(frame.index) ?? frame.time;
    this.lastFrame = frame.index;
    await Promise.all([this.#open[0]!.write({ time, name, image }), this.#open[1]?.write({ time, name, image: mask })]);
    this.#names.push(name);
    this.#light.push(light ?? null);
    if (hasFace) this.#withFace++;
    this.made++;
    this.#told(frame.index, this.made);
  }

  /** The last part is whole too. */
  async finish(): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const part = this.#part;
    if (part === undefined) return;
    const sizes = await Promise.all(this.#open.map((open) => open.finish()));
    await this.#dispose();
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const names = this.#names;
    const record: PartRecord = {
      ...{ names, first: this.#first, withFace: this.#withFace, light: this.#light, bytes },
      dropped: this.#last - this.#first + 1 - names.length,
    };
    await replaceFile(join(this.#job.parts, `${this.#plan.keyOf(part)}.json`), [new TextEncoder().encode(JSON.stringify(record))]);
    this.#done.set(part, record);
    [this.#part, this.#names, this.#light, this.#withFace] = [undefined, [], [], 0];
    await this.#checkSpace(bytes / names.length);
  }

  /** @throws ResourceError if the disk is all but full, or if nothing is missing and the whole does not fit beside its parts. */
  async #checkSpace(each: number): Promise<void> {
    const free = await freeSpace(dirname(this.#job.parts));
    if (free === undefined) return;
    const done = [...this.#done.values()];
    const frames = done.reduce((sum, { names }) => sum + names.length, 0);
    const written = done.reduce((sum, { bytes }) => sum + bytes, 0);
    const rest = Math.max(0, (this.#plan.total ?? frames) - frames);
    const needed = rest * each + (this.#job.output.joins ? written + rest * each : 0); // the whole is made beside its parts
    // While frames are missing the estimate may be wrong, and there is time; at the end it is not.
    if (free > needed * 1.1 + LEAST_FREE / 4 || (rest > 0 && free > LEAST_FREE)) return;
    throw new ResourceError(`the disk is nearly full after frame ${this.lastFrame ?? 0}`, {
      found: `${mebibytes(free)} free; about ${mebibytes(needed)} more are needed`,
      next: 'free some space; the same command goes on from there',
    });
  }

  async #dispose(): Promise<void> {
    const open = this.#open;
    this.#open = [];
    for (const one of open) await one[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw explained(error, path, 'folder');
  }
}

async function emptyFolder(path: string): Promise<void> {
  for (const name of await readdir(path)) if (/\.(packets|json)$/.test(name)) await rm(join(path, name), { force: true });
}
