/**
 * Frames for the hands of an extraction. A clip is decoded once, in order, by whoever hands its frames out to threads; where frames are so large
 * that a stretch of them cannot be held, and for pictures, each hand reads for itself and passes over what others see to.
 */
import type { Frame, FrameRange, FrameSource } from '../../video/index.ts';

/** Frames from … to − 1 of a clip. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface FrameFeed extends AsyncDisposable {
  /**
   * Calls `each` for every frame of the span that is wanted, in order.
   *
   * @returns whether the clip ended in it.
   */
  span(
    span: Span,
    wanted: (index: number) => boolean,
    signal: AbortSignal | undefined,
    each: (frame: Frame) => Promise<void>,
  ): Promise<boolean>;
  /** What was wrong with the clip so far. */
  readonly trouble: readonly string[];
}

type Range = Pick<FrameRange, 'from' | 'to' | 'every' | 'rate' | 'memory'>;

/** Frames whose memory is kept for others, at most. */
const SPARE = 8;

/** Reads a clip. Spans are read in the order in which they are asked for; from front to back that takes one passage. */
export class ClipFeed implements FrameFeed {
  readonly #open: (signal?: AbortSignal) => Promise<FrameSource>;
  readonly #range: Range;
  #source: FrameSource | undefined;
  #reading: Reading | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  constructor(open: (signal?: AbortSignal) => Promise<FrameSource>, range: Range) {
    this.#open = open;
    this.#range = range;
  }

  get trouble(): readonly string[] {
    return this.#source?.trouble ?? [];
  }

  /** Takes the memory of a frame that is done with, for one to come. */
  reuse(data: Uint8Array): void {
    const { buffer, byteLength } = data;
    if (!(buffer instanceof ArrayBuffer) || byteLength === 0 || byteLength !== buffer.byteLength || this.#spare.length >= SPARE) return;
    this.#spare.push(new Uint8Array(buffer));
  }

  #memory(bytes: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare.pop();
    return spare?.length === bytes ? spare : new Uint8Array(bytes);
  }

  span(...given: Parameters<FrameFeed['span']>): Promise<boolean> {
    const done = this.#last.then(() => this.#read(...given));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #read(...[span, wanted, signal, each]: Parameters<FrameFeed['span']>): Promise<boolean> {
    signal?.throwIfAborted();
    this.#source ??= await this.#open(signal);
    if (this.#reading === undefined || !this.#reading.canReach(span)) {
      await this.#reading?.[Symbol.asyncDispose]();
      this.#reading = new Reading(this.#source, { ...this.#range, memory: (bytes) => this.#memory(bytes) }, span.from);
    }
    try {
      return await this.#reading.span(span, wanted, signal, async (frame) => {
        await each(frame);
        this.reuse(frame.image.data); // empty if it was handed over
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
export type Given = { readonly frame: Frame } | { readonly ended: boolean } | { readonly error: Error };

/** Frames that are handed over from elsewhere, one span at a time. */
export class GivenFeed implements FrameFeed {
  /** Of the clip, whoever reads it knows. */
  readonly trouble: readonly string[] = [];
  readonly #done: (feed: number, data: Uint8Array) => void;
  #feed = -1;
  #queue: Given[] = [];
  #wake: () => void = () => {};

  /** @param done  given the memory of each frame when it is done with. */
  constructor(done: (feed: number, data: Uint8Array) => void) {
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
        this.#done(this.#feed, given.frame.image.data);
      }
    } finally {
      signal?.removeEventListener('abort', wake);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** One passage through a clip, stretch by stretch, forward only. */
class Reading implements AsyncDisposable {
  readonly #frames: AsyncIterator<Frame>;
  readonly #step: number | undefined;
  /** Frames below this are passed over, and so are those of the present stretch that are not wanted. */
  #span: Span;
  #wanted: (index: number) => boolean = () => true;
  #held: Frame | undefined;
  #at: number;
  #ended = false;

  constructor(source: FrameSource, range: Range, from: number) {
    this.#at = from;
    this.#span = { from, to: Number.POSITIVE_INFINITY };
    this.#step = range.rate === undefined ? (range.every ?? 1) : undefined;
    const skip = (index: number): boolean => index < this.#span.from || (index < this.#span.to && !this.#wanted(index));
    this.#frames = source.frames({ ...range, from: Math.max(from, range.from ?? 0), skip })[Symbol.asyncIterator]();
  }

  canReach({ from }: Span): boolean {
    return this.#at <= from;
  }

  async span(
    span: Span,
    wanted: (index: number) => boolean,
    signal: AbortSignal | undefined,
    each: (frame: Frame) => Promise<void>,
  ): Promise<boolean> {
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
      if (frame.index < span.from || !wanted(frame.index)) continue;
      await each(frame);
      if (frame.index === last) return false;
    }
  }

  /** The last frame that the stretch can hold and that is wanted, where that is known without looking. */
  #lastOf({ from, to }: Span): number | undefined {
    if (this.#step === undefined) return undefined;
    for (let i = Math.floor((to - 1) / this.#step) * this.#step; i >= from; i -= this.#step) if (this.#wanted(i)) return i;
    return undefined;
  }

  async #next(): Promise<Frame | undefined> {
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
