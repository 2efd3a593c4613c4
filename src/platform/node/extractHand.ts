/**
 * One worker's share of extraction: analyses stretches of a clip, or writes the faces of stretches, as their frames come. Runs in a worker
 * thread (extractWorker.ts) or, for tests and single threads, where it is called.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, ResourceError } from '../../base/index.ts';
import { encodeMask, movedMasks, polygonMask, storedMask } from '../../curate/index.ts';
import {
  Analyser,
  type Analysis,
  boxAt,
  type DrawnFace,
  drawFaces,
  type FacePlan,
  frameLine,
  type MakeOptions,
  makeFace,
  matrixOf,
  type OwnMasks,
  type RegionsEdit,
  rectOf,
  type Stages,
} from '../../extract/index.ts';
import { type FaceFile, type LiaeFields, liaeFields, readFace } from '../../faceset/index.ts';
import { type Affine, after, encodeBaselineJpeg, invertAffine, mapPoints, type Window } from '../../image/index.ts';
import type { FrameRange, FrameSource } from '../../video/index.ts';
import type { FaceModels } from '../../vision/index.ts';
import { nodeCodec } from './codec.ts';
import { ClipFeed, type Fed, type FrameFeed, type Span } from './extractFeed.ts';
import { replaceFile, syncFolder } from './files.ts';

/** What all tasks on a clip share. */
export interface ClipStart {
  readonly path: string;
  readonly range: Pick<FrameRange, 'from' | 'to' | 'every' | 'rate'>;
  readonly analysis: Analysis;
}

export interface Analysed {
  /** Lines of the alignments file. */
  readonly text: string;
  readonly frames: number;
  readonly faces: number;
  readonly damaged: number;
  /** Whether the clip ended in this stretch. */
  readonly ended: boolean;
  readonly trouble: readonly string[];
  readonly stages: Stages;
  /** Milliseconds waited for frames. */
  readonly decodeMs: number;
}

export interface FrameWork {
  readonly frame: number;
  readonly plans: readonly FacePlan[];
  /** What the faces show of the frame, one for each; or one for all. */
  readonly windows: readonly Window[];
  /** Of the picture to draw, its file; absent if none is wanted. */
  readonly drawn?: { readonly file: string; readonly faces: readonly DrawnFace[] } | undefined;
}

export interface WriteTask {
  readonly span: Span;
  readonly work: readonly FrameWork[];
  readonly out: string;
  readonly make: MakeOptions;
  /** Files of an earlier run with other content, which may be replaced whatever they hold. */
  readonly replaceable: readonly string[];
}

/** What a task wants of each of its frames. */
export const windowsOf = ({ work }: WriteTask): ReadonlyMap<number, readonly Window[]> =>
  new Map(work.map(({ frame, windows }) => [frame, windows]));

export interface Written {
  readonly decodeMs: number;
  readonly makeMs: number;
}

const DRAWN_QUALITY = 50;
/** Frames after which the folder is flushed: their faces are made again if the power fails before. */
const FLUSH = 16;

export interface HandTools {
  readonly open: (path: string, signal?: AbortSignal) => Promise<FrameSource>;
  readonly models: () => Promise<FaceModels>;
  readonly now: () => number;
}

export class Hand implements AsyncDisposable {
  readonly #tools: HandTools;
  readonly #clip: ClipStart;
  readonly #feed: FrameFeed;
  /** Of the face at hand. */
  #pixels = new Uint8Array();

  /** @param feed  where frames come from; disposed of with the hand. The hand reads the clip itself if left out. */
  constructor(clip: ClipStart, tools: HandTools, feed: FrameFeed = new ClipFeed((signal) => tools.open(clip.path, signal), clip.range)) {
    this.#clip = clip;
    this.#tools = tools;
    this.#feed = feed;
  }

  /** @param from, to  the stretch; a fresh start, whatever came before. */
  async analyse(span: Span, signal?: AbortSignal): Promise<Analysed> {
    const { now } = this.#tools;
    const analyser = new Analyser(await this.#tools.models(), this.#clip.analysis, now);
    let [text, frames, faces, damaged, decodeMs, asked] = ['', 0, 0, 0, 0, now()];
    const ended = await this.#feed.span(span, 'all', signal, async (frame) => {
      decodeMs += now() - asked;
      if (!('image' in frame)) throw new Error('windows of a frame that was to be looked at');
      const record = await analyser.frame(frame);
      text += frameLine(record);
      frames++;
      faces += record.faces.length;
      if (record.damaged === true) damaged++;
      asked = now();
    });
    decodeMs += now() - asked;
    const trouble = [...this.#feed.trouble];
    return { text, frames, faces, damaged, ended, trouble, stages: analyser.stages, decodeMs };
  }

  /** @param wrote  told of each frame when all its files are on the disk: of several at a time. */
  async write(task: WriteTask, wrote: (frame: number) => void, signal?: AbortSignal): Promise<Written> {
    const { now } = this.#tools;
    const work = new Map(task.work.map((item) => [item.frame, item]));
    const replaceable = new Set(task.replaceable);
    const bytes = task.make.size ** 2 * 3;
    if (this.#pixels.length < bytes) this.#pixels = new Uint8Array(bytes);
    let [decodeMs, makeMs, asked] = [0, 0, now()];
    const done: number[] = [];
    const flush = async (): Promise<void> => {
      if (done.length > 0) await syncFolder(task.out);
      for (const index of done.splice(0)) wrote(index);
    };
    const write = async (frame: Fed): Promise<void> => {
      const made = now();
      decodeMs += made - asked;
      if (!('panes' in frame)) throw new Error('a frame to be looked at where windows were wanted');
      const { index, panes } = frame;
      const { plans, drawn } = work.get(index)!;
      const there = await Promise.all(plans.map(({ file }) => storedFace(join(task.out, file))));
      const before = earlierFaces(there, plans);
      for (const [i, plan] of plans.entries()) {
        const path = join(task.out, plan.file);
        if (!replaceable.has(plan.file)) checkOurs(there[i], path, plan.fields);
        const pane = panes.length === 1 ? panes[0]! : panes[i]!;
        const own = await ownMasks(before[i], plan, task.make);
        await replaceFile(path, [makeFace(pane, plan, task.make, own, this.#pixels)], { flushed: false });
      }
      if (drawn !== undefined) {
        const picture = drawFaces(panes[0]!.image, drawn.faces, task.make.faceType);
        await replaceFile(drawn.file, [encodeBaselineJpeg(picture, DRAWN_QUALITY)]);
      }
      work.delete(index);
      done.push(index);
      if (done.length >= FLUSH) await flush();
      asked = now();
      makeMs += asked - made;
    };
    try {
      await this.#feed.span(task.span, windowsOf(task), signal, write);
    } finally {
      await flush();
    }
    if (work.size > 0 && signal?.aborted !== true) {
      throw new FormatError(`${this.#clip.path}: frame ${[...work.keys()][0]} cannot be read any more`, {
        found: `it was there when the clip was analysed; ${work.size} frames are missing`,
        next: 'was the clip changed? --again analyses it anew',
      });
    }
    return { decodeMs, makeMs };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#feed[Symbol.asyncDispose]());
  }
}

/** A file that is there already must be the same face of the same clip, left by a run that was cut off. */
function checkOurs(before: FaceFile | 'foreign' | undefined, path: string, { frame, sourceHash }: LiaeFields): void {
  if (before === undefined) return;
  const found = before === 'foreign' ? {} : liaeFields(before.dict);
  if (found.sourceHash !== undefined && found.sourceHash === sourceHash && found.frame === frame) return;
  throw new ResourceError(`${path}: a file of another origin is in the way`, {
    found: found.sourceHash === undefined ? 'not written by this extraction' : `frame ${found.frame} of another clip`,
    next: 'choose another --out, or move that file away; the same command goes on then',
  });
}

const codec = nodeCodec();

/** The earlier version of each face of a frame, told by its place: another order of the faces gives them other names. */
function earlierFaces(there: readonly (FaceFile | 'foreign' | undefined)[], plans: readonly FacePlan[]): readonly (FaceFile | undefined)[] {
  const before: (FaceFile | undefined)[] = plans.map(() => undefined);
  const elsewhere: [number, FaceFile][] = [];
  for (const [own, { fields }] of plans.entries()) {
    const face = there[own];
    if (face === undefined || face === 'foreign') continue;
    const { sourceHash, frame } = liaeFields(face.dict);
    if (sourceHash !== fields.sourceHash || frame !== fields.frame) continue;
    const rect = rectOf(face.metadata);
    const rects = plans.map((plan) => plan.rect);
    const plan = rect === undefined ? -1 : boxAt(rects, [(rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2]);
    if (plan >= 0 && before[plan] === undefined) before[plan] = face;
    else elsewhere.push([own, face]);
  }
  for (const [own, face] of elsewhere) before[own] ??= face;
  return before;
}

/**
 * Regions and the mask that an earlier version of this face was given, where they lie in the new one, or, if its file is gone, what the edits kept
 * of them: what a hand drew is not lost when a face is made again.
 */
async function ownMasks(face: FaceFile | undefined, plan: FacePlan, make: MakeOptions): Promise<OwnMasks | undefined> {
  const now = matrixOf(plan, make);
  if (face === undefined) return plan.regions && (await keptMasks(plan.regions, now, make.size));
  const { metadata, jpeg } = face;
  if (metadata.polygons.length === 0 && metadata.xsegMask === undefined) return undefined;
  const before = metadata.imageToFace as unknown as Affine | undefined;
  if (before === undefined || now === undefined)
    return metadata.faceType === make.faceType ? { polygons: metadata.polygons, xsegMask: metadata.xsegMask } : undefined;
  return await movedMasks(metadata, after(now, invertAffine(before)), jpeg.width, codec, plan.file, make.size);
}

/** @param now  from the frame to the face; undefined for a face that keeps its whole frame, where no mask is made again. */
async function keptMasks({ regions, stored }: RegionsEdit, now: Affine | undefined, size: number): Promise<OwnMasks> {
  if (now === undefined) return { polygons: regions };
  const polygons = regions.map(({ include, points }) => ({ include, points: Float32Array.from(mapPoints(now, points)) }));
  return {
    polygons,
    xsegMask: stored && polygons.length > 0 ? await encodeMask(storedMask(polygonMask(polygons, size, size)), codec) : undefined,
  };
}

/** A face file as it is there; `foreign`: a file that is none. */
export async function storedFace(path: string): Promise<FaceFile | 'foreign' | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return readFace(bytes, path);
  } catch (error) {
    if (error instanceof FormatError) return 'foreign';
    throw error;
  }
}
