/**
 * Frames for the hands of an extraction. A clip is decoded once, in order, by whoever hands its frames out to threads; where frames are so large
 * that a stretch of them cannot be held, and for pictures, each hand reads for itself and passes over what others see to.
 */
import type { Window } from '../../image/index.ts';
import type { CutFrame, FrameRange, FrameSource, SeenFrame, ViewRange } from '../../video/index.ts';

/** Frames from … to − 1 of a clip. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wanted of a span: all frames to look at, or windows of some of them. */
export type Wanted = 'all' | ReadonlyMap<number, readonly Window[]>;

/** A frame as it was wanted. */
export type Fed = SeenFrame | CutFrame;

export interface FrameFeed extends AsyncDisposable {
  /**
   * Calls `each` for every frame of the span that is wanted, in order. Its pixels are others' when `each` has ended.
   *
   * @returns whether the clip ended in it.
   */
  span(span: Span, wanted: Wanted, signal: AbortSignal | undefined, each: (frame: Fed) => Promise<void>): Promise<boolean>;
  /** What was wrong with the clip so far. */
  readonly trouble: readonly string[];
}

type Range = Pick<FrameRange, 'from' | 'to' | 'every' | 'rate'>;

/** A window around whatever picture. */
export const wholeFrame: readonly Window[] = [{ x: 0, y: 0, width: 2 ** 30, height: 2 ** 30 }];

/** Memory that threads share, in pieces that are used again and again. */
class FrameMemory {
  /** All that were ever made; a piece is told by its number here. */
  readonly #pieces: SharedArrayBuffer[] = [];
  readonly #numbers = new Map<ArrayBufferLike, number>();
  /** Numbers, the least piece first. */
  readonly #free: number[] = [];

  take(bytes: number): Uint8Array {
    const found = this.#free.findIndex((number) => this.#pieces[number]!.byteLength >= bytes);
    if (found >= 0) return new Uint8Array(this.#pieces[this.#free.splice(found, 1)[0]!]!);
    const piece = new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(bytes, 65536))));
    this.#numbers.set(piece, this.#pieces.push(piece) - 1);
    return new Uint8Array(piece);
  }

  give(pieces: readonly number[]): void {
    for (const number of pieces) {
      const size = this.#pieces[number]!.byteLength;
      const at = this.#free.findIndex((other) => this.#pieces[other]!.byteLength >= size);
      this.#free.splice(at < 0 ? this.#free.length : at, 0, number);
    }
  }

  /** Numbers of the pieces that a frame lies in. */
  of(frame: Fed): readonly number[] {
    const images = 'image' in frame ? [frame.image] : frame.panes.map(({ image }) => image);
    const numbers = images.map((image) => this.#numbers.get(('luma' in image ? image.luma : image).data.buffer));
    return [...new Set(numbers)].filter((number) => number !== undefined);
  }
}

/** Reads a clip. Spans are read in the order in which they are asked for; from front to back that takes one passage. */
export class ClipFeed implements FrameFeed {
  readonly #open: (signal?: AbortSignal) => Promise<FrameSource>;
  readonly #range: Range;
  readonly #lends: boolean;
  readonly #memory = new FrameMemory();
  #source: FrameSource | undefined;
  #reading: Reading | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param lends  whether frames are used longer than `each` takes: their memory then comes back by `reuse`. */
  constructor(open: (signal?: AbortSignal) => Promise<FrameSource>, range: Range, lends = false) {
    this.#open = open;
    this.#range = range;
    this.#lends = lends;
  }

  get trouble(): readonly string[] {
    return this.#source?.trouble ?? [];
  }

  /** Takes the memory of a frame that is done with, for one to come. */
  reuse(pieces: readonly number[]): void {
    this.#memory.give(pieces);
  }

  /** What `reuse` wants to know of a frame. */
  piecesOf(frame: Fed): readonly number[] {
    return this.#memory.of(frame);
  }

  span(...given: Parameters<FrameFeed['span']>): Promise<boolean> {
    const done = this.#last.then(() => this.#read(...given));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #read(...[span, wanted, signal, each]: Parameters<FrameFeed['span']>): Promise<boolean> {
    signal?.throwIfAborted();
    this.#source ??= await this.#open(signal);
    if (this.#reading === undefined || !this.#reading.canReach(span, wanted)) {
      await this.#reading?.[Symbol.asyncDispose]();
      this.#reading = new Reading(this.#source, { ...this.#range, memory: (bytes) => this.#memory.take(bytes) }, span.from, wanted);
    }
    try {
      return await this.#reading.span(span, wanted, signal, async (frame) => {
        await each(frame);
        if (!this.#lends) this.reuse(this.piecesOf(frame));
      });
    } catch (error) {
      await this.#reading[Symbol.asyncDispose]();
      this.#reading = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#reading?.[Symbol.asyncDispose]();
    await this.#source?.[Symbol.asyncDispose]();
  }
}

/** What comes for a task: a frame, the end of the span, or why there is no more. */
export type Given = { readonly frame: Fed; readonly pieces: readonly number[] } | { readonly ended: boolean } | { readonly error: Error };

/** Frames that are handed over from elsewhere, one span at a time. */
export class GivenFeed implements FrameFeed {
  /** Of the clip, whoever reads it knows. */
  readonly trouble: readonly string[] = [];
  readonly #done: (feed: number, pieces: readonly number[]) => void;
  #feed = -1;
  #queue: Given[] = [];
  #wake: () => void = () => {};

  /** @param done  told of the memory of each frame when it is done with. */
  constructor(done: (feed: number, pieces: readonly number[]) => void) {
    this.#done = done;
  }

  /** What comes from now on under another number is not for the present task. */
  begin(feed: number): void {
    this.#feed = feed;
    this.#queue = [];
  }

  take(feed: number, given: Given): void {
    if (feed !== this.#feed) return;
    this.#queue.push(given);
    this.#wake();
  }

  async span(...[, , signal, each]: Parameters<FrameFeed['span']>): Promise<boolean> {
    const wake = (): void => this.#wake();
    signal?.addEventListener('abort', wake);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const given = this.#queue.shift();
        if (given === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        if ('error' in given) throw given.error;
        if ('ended' in given) return given.ended;
        await each(given.frame);
        this.#done(this.#feed, given.pieces);
      }
    } finally {
      signal?.removeEventListener('abort', wake);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** One passage through a clip, stretch by stretch, forward only, with all frames to look at or with windows of them. */
class Reading implements AsyncDisposable {
  readonly #frames: AsyncIterator<Fed>;
  readonly #step: number | undefined;
  readonly #looks: boolean;
  /** Frames below this are passed over, and so are those of the present stretch that are not wanted. */
  #span: Span;
  #wanted: Wanted;
  #held: Fed | undefined;
  #at: number;
  #ended = false;

  constructor(source: FrameSource, range: Range & Pick<ViewRange, 'memory'>, from: number, wanted: Wanted) {
    this.#at = from;
    this.#wanted = wanted;
    this.#looks = wanted === 'all';
    this.#span = { from, to: Number.POSITIVE_INFINITY };
    this.#step = range.rate === undefined ? (range.every ?? 1) : undefined;
    const want: ViewRange['want'] = (index) => {
      if (index < this.#span.from) return undefined;
      if (this.#wanted === 'all') return 'signal';
      return index < this.#span.to ? this.#wanted.get(index) : wholeFrame; // which windows of it will be wanted is not known yet
    };
    this.#frames = viewsOf(source, { ...range, from: Math.max(from, range.from ?? 0), want })[Symbol.asyncIterator]();
  }

  canReach({ from }: Span, wanted: Wanted): boolean {
    return this.#at <= from && this.#looks === (wanted === 'all');
  }

  #isWanted(index: number): boolean {
    return this.#wanted === 'all' || this.#wanted.has(index);
  }

  async span(span: Span, wanted: Wanted, signal: AbortSignal | undefined, each: (frame: Fed) => Promise<void>): Promise<boolean> {
    this.#span = span;
    this.#wanted = wanted;
    this.#at = span.to;
    const last = this.#lastOf(span);
    for (;;) {
      signal?.throwIfAborted();
      const frame = this.#held ?? (await this.#next());
      this.#held = undefined;
      if (frame === undefined) return true;
      if (frame.index >= span.to) {
        this.#held = frame;
        return false;
      }
      if (frame.index < span.from || !this.#isWanted(frame.index)) continue;
      await each(frame);
      if (frame.index === last) return false;
    }
  }

  /** The last frame that the stretch can hold and that is wanted, where that is known without looking. */
  #lastOf({ from, to }: Span): number | undefined {
    if (this.#step === undefined) return undefined;
    for (let i = Math.floor((to - 1) / this.#step) * this.#step; i >= from; i -= this.#step) if (this.#isWanted(i)) return i;
    return undefined;
  }

  async #next(): Promise<Fed | undefined> {
    if (this.#ended) return undefined;
    const { done, value } = await this.#frames.next();
    if (done !== true) return value;
    this.#ended = true;
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#frames.return?.();
  }
}

/** Frames as they are wanted, from a source that may have only whole ones. */
async function* viewsOf(source: FrameSource, range: ViewRange): AsyncGenerator<Fed, void, undefined> {
  if (source.views !== undefined) {
    yield* source.views(range);
    return;
  }
  for await (const { image, ...frame } of source.frames({ ...range, skip: (index) => range.want(index) === undefined })) {
    yield range.want(frame.index) === 'signal' ? { ...frame, image } : { ...frame, panes: [{ x: 0, y: 0, image }] };
  }
}
