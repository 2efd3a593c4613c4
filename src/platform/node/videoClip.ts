/** A clip as a FrameSource: which frames are read from where, and what is told of those that are damaged, lost or missing. */
import { FormatError, LiaeError } from '../../base/index.ts';
import {
  type ClipInfo,
  type CutFrame,
  checkRange,
  type Frame,
  type FrameRange,
  type FrameSource,
  type Orientation,
  pickFrames,
  type SeenFrame,
  type ViewRange,
} from '../../video/index.ts';
import { clipHash, fileParts } from './videoFile.ts';
import { deinterlaced } from './videoFilters.ts';
import { coloursOf, PixelMaker } from './videoPixels.ts';
import { type DecodedFrame, orientationOfFrame, VideoReader } from './videoReader.ts';
import { ViewMaker } from './videoViews.ts';

/** Frames at the beginning that are sooner decoded and dropped than the whole file is looked through to jump. */
const WORTH_SEEKING = 24;
/** Runs of frames that a sentence names. */
const MOST_NAMED = 8;

/** What the first frame says of all. */
interface FirstFrame {
  readonly pts: number;
  readonly orientation: Orientation;
  readonly sampleAspect: number;
  /** Whether it is one picture, not two fields. */
  readonly whole: boolean;
  /** Whether frames are asked for in 16 bits too. */
  readonly deep: boolean;
}

export interface OpenOptions {
  /** Gives frames in 16 bits and the clip's own colours as well, for what is to be written in them again. */
  readonly deep?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Clip implements FrameSource {
  readonly info: ClipInfo;
  readonly #path: string;
  readonly #first: FirstFrame;
  readonly #lost = new Set<number>();
  readonly #damaged = new Set<number>();
  #ahead = 0;
  #end: string | undefined;
  #interlaced = false;
  #timestamps: Promise<Float64Array | undefined> | undefined;
  #closed = false;

  private constructor(path: string, info: ClipInfo, first: FirstFrame) {
    this.#path = path;
    this.info = info;
    this.#first = first;
  }

  /** @throws FormatError if the file is no clip or not a frame of it decodes. */
  static async open(path: string, name: string, { deep = false, signal }: OpenOptions = {}): Promise<Clip> {
    await using reader = await openReader(path, name);
    const { facts } = reader;
    let failure: FormatError | undefined;
    for await (const decoded of reader.frames(signal)) {
      using frame = decoded;
      const { sampleAspect, rate, frames, duration } = facts;
      const orientation = orientationOfFrame(frame.picture) ?? facts.orientation;
      using pixels = new PixelMaker({ orientation, sampleAspect });
      const image = await pixels.make(frame.picture, name).catch((error: unknown) => {
        if (!(error instanceof FormatError)) throw error;
        failure ??= error;
      });
      if (image === undefined) continue;
      const { width, height } = image;
      const colour = `${coloursOf(frame.picture).words}${frame.interlaced ? '; interlaced, made whole frames' : ''}`;
      const info: ClipInfo = { name, kind: 'video', width, height, rate, frames, duration, hash: await clipHash(path), colour };
      return new Clip(path, info, { pts: frame.pts, orientation, sampleAspect, whole: !frame.interlaced, deep });
    }
    if (failure !== undefined) throw failure;
    throw new FormatError(`${name}: no frame of this clip can be decoded`, {
      found:
        reader.packets === 0
          ? `a track of ${facts.codec} video without a frame`
          : `${reader.packets} packets of ${facts.codec} video, all damaged`,
      next: 'restore the file, or take it from the camera again',
    });
  }

  get trouble(): readonly string[] {
    const sentences: string[] = [];
    if (this.#ahead > 0) sentences.push(`${this.#ahead} before the first frame that decodes: left out and not counted`);
    if (this.#lost.size > 0) sentences.push(`${framesOf(this.#lost)} cannot be decoded`);
    if (this.#damaged.size > 0) sentences.push(`${framesOf(this.#damaged)} ${this.#damaged.size === 1 ? 'is' : 'are'} damaged`);
    if (this.#interlaced && this.#first.whole) sentences.push('parts are interlaced, and were made whole frames');
    if (this.#end !== undefined) sentences.push(this.#end);
    return sentences;
  }

  async *frames(range: FrameRange = {}, signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    using pixels = new PixelMaker(this.#first);
    using deepPixels = new PixelMaker(this.#first);
    yield* this.#made(range, signal, async ({ picture }) => {
      const image = await pixels.make(picture, this.info.name);
      const deep = this.#first.deep ? await deepPixels.makeDeep(picture, this.info.name) : undefined;
      const wide = deep === undefined ? undefined : pixels.wide;
      return { image, ...(deep && { deep }), ...(wide && { wide }) };
    });
  }

  async *views({ want, memory, ...range }: ViewRange, signal?: AbortSignal): AsyncGenerator<SeenFrame | CutFrame, void, undefined> {
    using views = new ViewMaker(this.#first);
    const { name } = this.info;
    yield* this.#made({ ...range, skip: (index) => want(index) === undefined }, signal, async ({ index, picture }) => {
      const wanted = want(index) ?? 'signal';
      if (wanted === 'signal') return { image: await views.seen(picture, name, memory) };
      return { panes: await views.cut(picture, wanted, name, memory) };
    });
  }

  /** The frames of the range, with what is made of each; those of which nothing can be made are told in `trouble`. */
  async *#made<T extends object>(
    range: FrameRange,
    signal: AbortSignal | undefined,
    make: (frame: DecodedFrame) => Promise<T>,
  ): AsyncGenerator<T & Pick<Frame, 'index' | 'time' | 'damaged'>, void, undefined> {
    checkRange(range);
    signal?.throwIfAborted();
    const from = range.from ?? 0;
    await using reader = (await this.#readerAt(from, signal)) ?? (await openReader(this.#path, this.info.name));
    const whole = deinterlaced(this.#watched(reader, from, signal), this.info.name, () => {
      this.#interlaced = true;
    });
    for await (const picked of pickFrames(whole, range, (frame) => frame[Symbol.dispose]())) {
      using frame = picked;
      const { index, time, damaged } = frame;
      const made = await make(frame).catch((error: unknown) => {
        if (!(error instanceof FormatError)) throw error;
        this.#lost.add(index);
      });
      if (made === undefined) continue;
      signal?.throwIfAborted();
      yield { index, time, ...made, ...(damaged ? { damaged } : {}) };
    }
  }

  /** The reader's frames, with notes of what is wrong with them from the first wanted one on. */
  async *#watched(reader: VideoReader, from: number, signal?: AbortSignal): AsyncGenerator<DecodedFrame, void, undefined> {
    let last: { readonly index: number; readonly time: number } | undefined;
    let noted = 0;
    const note = (): void => {
      for (; noted < reader.lost.length; noted++) if (reader.lost[noted]! >= from) this.#lost.add(reader.lost[noted]!);
      this.#ahead = Math.max(this.#ahead, reader.lostAhead);
    };
    for await (const frame of reader.frames(signal)) {
      if (this.#closed) {
        frame[Symbol.dispose]();
        throw new LiaeError(`${this.info.name}: closed while it was read`);
      }
      const { index, time, damaged } = frame;
      last = { index, time };
      if (damaged && index >= from) this.#damaged.add(index);
      note();
      yield frame;
    }
    note();
    if (last !== undefined) this.#end = await this.#howItEnds(reader, last);
  }

  async #howItEnds(reader: VideoReader, last: { readonly index: number; readonly time: number }): Promise<string | undefined> {
    const { frames, rate, duration } = this.info;
    const parts = await fileParts(this.#path);
    const count = reader.seeked ? undefined : frames;
    const short = count === undefined ? (parts?.missing ?? 0) > 0 || reader.stopped !== undefined : reader.packets < count;
    if (!short) return undefined;
    const all = frames ?? (rate !== undefined && duration !== undefined ? Math.round(rate * duration) : 0);
    const of = all > last.index + 1 ? ` of about ${all}` : '';
    const why = (parts?.missing ?? 0) > 0 || reader.stopped === undefined ? 'the file is cut off' : reader.stopped;
    return `ends after frame ${last.index}${of} (${last.time.toFixed(2)} s): ${why}`;
  }

  /** A reader that stands shortly before a frame, at its exact number; undefined if it is as well to begin at the beginning. */
  async #readerAt(from: number, signal?: AbortSignal): Promise<VideoReader | undefined> {
    if (from < WORTH_SEEKING || !this.#first.whole) return undefined;
    this.#timestamps ??= this.#scan(signal);
    const timestamps = await this.#timestamps.catch((error: unknown) => {
      this.#timestamps = undefined;
      throw error;
    });
    if (timestamps === undefined) return undefined;
    const reader = await openReader(this.#path, this.info.name);
    if (await reader.seek(timestamps, from)) {
      for await (const frame of reader.frames(signal)) {
        const reached = frame.index <= from && !frame.interlaced;
        frame[Symbol.dispose]();
        if (reached && (await reader.seek(timestamps, from))) return reader;
        break;
      }
    }
    await reader[Symbol.asyncDispose]();
    return undefined;
  }

  async #scan(signal?: AbortSignal): Promise<Float64Array | undefined> {
    await using reader = await openReader(this.#path, this.info.name);
    return await reader.timestamps(this.#first.pts, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }
}

const openReader = (path: string, name: string): Promise<VideoReader> =>
  VideoReader.open(path, name, async () => {
    const parts = await fileParts(path);
    if (parts === undefined || parts.index) return undefined;
    return `the index of its frames (moov) is missing${parts.missing > 0 ? `, and the file ends ${parts.missing} bytes early` : ''}: the recording was cut off`;
  });

/** 'frame 7', 'frames 7, 9–12 and 20 more'. */
function framesOf(numbers: ReadonlySet<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const n of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] + 1 === n) run[1] = n;
    else runs.push([n, n]);
  }
  const named = runs.slice(0, MOST_NAMED);
  const more = sorted.length - named.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const words = named.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
  return `${sorted.length === 1 ? 'frame' : 'frames'} ${words}${more > 0 ? ` and ${more} more` : ''}`;
}
