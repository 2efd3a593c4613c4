/** Frames of a clip by number, as one who looks around asks for them: decoded once, kept as long as there is room, read on from where the decoder stands. */
import { FormatError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import type { Frame, FrameSource } from '../../video/index.ts';

/** Memory for decoded frames. */
const BUDGET = 256 * 2 ** 20;
/** Frames ahead that are sooner decoded on than jumped to. */
const NEAR = 24;
/** Frames before the one that is jumped to are kept too, as they are decoded anyway; more of them for one who goes back, who will go on doing so. */
const [BEHIND, BEHIND_BACK] = [3, 16];

/** What was made, by key: the latest used; what is being made is made once. */
export class Kept<T> {
  readonly #most: number;
  readonly #items = new Map<string, Promise<T>>();

  constructor(most: number) {
    this.#most = most;
  }

  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#items.get(key);
    const item = known ?? make();
    this.#items.delete(key);
    this.#items.set(key, item);
    if (known === undefined) {
      for (const oldest of this.#items.keys()) {
        if (this.#items.size <= this.#most) break;
        this.#items.delete(oldest);
      }
    }
    try {
      return await item;
    } catch (error) {
      if (this.#items.get(key) === item) this.#items.delete(key);
      throw error;
    }
  }
}

/** One reading at a time: whoever asks while another frame is read must wait for it. */
export class FrameShelf implements AsyncDisposable {
  readonly #source: FrameSource;
  readonly #most: number;
  readonly #frames = new Map<number, ByteImage>();
  #reading: AsyncIterator<Frame> | undefined;
  /** What the reading gives next. */
  #next = 0;
  #last = 0;

  constructor(source: FrameSource) {
    this.#source = source;
    const { width, height } = source.info;
    this.#most = Math.max(BEHIND + 3, Math.floor(BUDGET / (width * height * 3)));
  }

  /** Whether it is at hand, or so near that nothing is jumped over. */
  isNear(index: number): boolean {
    return this.#frames.has(index) || (this.#reading !== undefined && index >= this.#next && index - this.#next <= NEAR);
  }

  /** @throws FormatError if it cannot be decoded. */
  async get(index: number): Promise<ByteImage> {
    const known = this.#frames.get(index);
    if (known !== undefined) {
      this.#keep(index, known);
      this.#last = index;
      return known;
    }
    if (!this.isNear(index)) {
      await this.#reading?.return?.();
      const behind = index < this.#last ? Math.min(BEHIND_BACK, this.#most - 2) : BEHIND;
      const from = Math.max(0, index - behind);
      this.#reading = this.#source.frames({ from })[Symbol.asyncIterator]();
      this.#next = from;
    }
    this.#last = index;
    while (this.#next <= index) {
      const { value, done } = await this.#reading!.next();
      if (done === true) {
        this.#reading = undefined;
        break;
      }
      const frame = value as Frame;
      this.#next = frame.index + 1;
      this.#keep(frame.index, frame.image);
    }
    const found = this.#frames.get(index);
    if (found !== undefined) return found;
    throw new FormatError(`frame ${index} cannot be read`, { found: this.#source.trouble[0] ?? 'the clip ends before' });
  }

  #keep(index: number, image: ByteImage): void {
    this.#frames.delete(index);
    this.#frames.set(index, image);
    for (const oldest of this.#frames.keys()) {
      if (this.#frames.size <= this.#most) break;
      this.#frames.delete(oldest);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading?.return?.();
    await this.#source[Symbol.asyncDispose]();
    this.#frames.clear();
  }
}
