/**
 * Decoded frames as extraction looks at them: the planes of the signal as they are, and windows in RGB, each pixel of which is what the whole
 * frame in RGB would have there. Frames of wide colours, of stretched samples and of rarer formats are made RGB as a whole.
 */
import { FormatError } from '../../base/index.ts';
import { type BytePane, invertAffine, mapPoints, type Picture, type PlanarImage, signalColours, type Window } from '../../image/index.ts';
import { type Orientation, orient, storedFromUpright } from '../../video/index.ts';
import { FilterChain, frameKey } from './videoFilters.ts';
import {
  AVCHROMA_LOC_BOTTOM,
  AVCHROMA_LOC_BOTTOMLEFT,
  AVCHROMA_LOC_CENTER,
  AVCHROMA_LOC_TOP,
  AVCHROMA_LOC_TOPLEFT,
  Frame,
  reason,
} from './videoLibrary.ts';
import { coloursOf, type FastMatrix, FrameCopy, fastFilters, fastMatrix, formatName, type Memory, PixelMaker } from './videoPixels.ts';

/** Pixels around a window that have a part in its colours: chroma is read four samples wide. */
const MARGIN = 8;
/** Windows are enlarged to multiples of the one, so that few chains serve all, and begin at multiples of the other. */
const [COARSE, FINE] = [64, 16];
/** Chains that are kept. */
const MOST_CHAINS = 6;

/** Weights of red and blue in the luminance. Source: ITU-T H.273, table 4. */
const WEIGHTS: Readonly<Record<FastMatrix, readonly [kr: number, kb: number]>> = {
  '709': [0.2126, 0.0722],
  '170m': [0.299, 0.114],
  '2020_ncl': [0.2627, 0.0593],
};

/** How frames of one kind are read. */
interface Signal {
  readonly matrix: FastMatrix;
  readonly range: 'tv' | 'pc';
  /** How often chroma is halved across and down. */
  readonly halved: readonly [x: 0 | 1, y: 0 | 1];
  readonly shape: Omit<PlanarImage, 'luma' | 'blue' | 'red'>;
}

/** Makes pictures of one stream; holds filter graphs. */
export class ViewMaker implements Disposable {
  readonly #orientation: Orientation;
  readonly #isSquare: boolean;
  readonly #whole: PixelMaker;
  /** By size; the one used last is the last. */
  readonly #chains = new Map<string, Cutter>();
  readonly #copy = new FrameCopy();
  #signal: Signal | undefined;
  #key: string | undefined;

  constructor(stream: { readonly orientation: Orientation; readonly sampleAspect: number }) {
    this.#orientation = stream.orientation;
    this.#isSquare = stream.sampleAspect === 1;
    this.#whole = new PixelMaker(stream);
  }

  /** The whole frame, as planes if they can be read. @throws FormatError if the frame's format cannot be converted. */
  async seen(picture: Frame, name: string, memory: Memory): Promise<Picture> {
    const signal = this.#signalOf(picture);
    if (signal === undefined) return await this.#whole.make(picture, name, memory);
    const { width, height } = picture;
    const [halfX, halfY] = signal.halved;
    const [w, h] = [width >> halfX, height >> halfY];
    const data = memory(width * height + 2 * w * h);
    this.#copy.take(picture);
    const plane = (k: number, at: number, across: number, down: number): PlanarImage['luma'] => {
      const part = data.subarray(at, at + across * down);
      this.#copy.rows(k, across, part);
      return { width: across, height: down, data: part };
    };
    const luma = plane(0, 0, width, height);
    return { ...signal.shape, luma, blue: plane(1, width * height, w, h), red: plane(2, width * height + w * h, w, h) };
  }

  /** Panes that hold the windows, or one of the whole frame. @throws FormatError if the frame's format cannot be converted. */
  async cut(picture: Frame, windows: readonly Window[], name: string, memory: Memory): Promise<readonly BytePane[]> {
    const signal = this.#signalOf(picture);
    const boxes = signal && windows.map((window) => this.#boxAround(window, picture));
    if (boxes === undefined || boxes.some(({ width, height }) => width === picture.width && height === picture.height)) {
      return [{ x: 0, y: 0, image: await this.#whole.make(picture, name, memory) }];
    }
    const panes: BytePane[] = [];
    for (const box of boxes) panes.push(await this.#pane(picture, box, signal!, name, memory));
    return panes;
  }

  /** A window of the upright picture as one of the stored picture, enlarged. */
  #boxAround({ x, y, width, height }: Window, stored: Frame): Window {
    const [x0, y0, x1, y1] = mapPoints(storedFromUpright(stored.width, stored.height, this.#orientation), [x, y, x + width, y + height]);
    const reach = (a: number, b: number, size: number): readonly [number, number] => {
      const from = Math.max(0, Math.floor((Math.min(a, b) - MARGIN) / FINE) * FINE);
      const length = Math.ceil((Math.max(a, b) + MARGIN - from) / COARSE) * COARSE;
      return length >= size ? [0, size] : [Math.min(from, size - length), length];
    };
    const [left, across] = reach(x0!, x1!, stored.width);
    const [top, down] = reach(y0!, y1!, stored.height);
    return { x: left, y: top, width: across, height: down };
  }

  async #pane(picture: Frame, box: Window, { matrix, range }: Signal, name: string, memory: Memory): Promise<BytePane> {
    const { width, height } = box;
    const key = `${width}×${height}`;
    const cutter = this.#chains.get(key) ?? (await Cutter.build(picture, box, matrix, range, name));
    this.#chains.delete(key);
    this.#chains.set(key, cutter);
    for (const [first, chain] of this.#chains) {
      if (this.#chains.size <= MOST_CHAINS) break;
      chain[Symbol.dispose]();
      this.#chains.delete(first);
    }
    const bytes = width * height * 3;
    const data = (this.#orientation === 1 ? memory(bytes) : new Uint8Array(bytes)).subarray(0, bytes);
    await cutter.cut(picture, box, name, data);
    const image = orient({ width, height, channels: 3, data }, this.#orientation, memory);
    const uprightFromStored = invertAffine(storedFromUpright(picture.width, picture.height, this.#orientation));
    const corners = mapPoints(uprightFromStored, [box.x, box.y, box.x + width, box.y + height]);
    return { x: Math.min(corners[0]!, corners[2]!), y: Math.min(corners[1]!, corners[3]!), image };
  }

  #signalOf(picture: Frame): Signal | undefined {
    const key = [frameKey(picture), picture.colorTrc, picture.colorPrimaries, picture.chromaLocation].join();
    if (key === this.#key) return this.#signal;
    this.#clear();
    this.#key = key;
    const sampling = /^yuvj?(420|422|444)p$/.exec(formatName(picture))?.[1];
    const { width, height, chromaLocation } = picture;
    const { matrix: stated, range, wide } = coloursOf(picture);
    const matrix = fastMatrix(formatName(picture), { width, height, matrix: stated });
    this.#signal = undefined;
    if (sampling === undefined || matrix === undefined || wide !== undefined || !this.#isSquare) return undefined;
    const [halfX, halfY] = [sampling === '444' ? 0 : 1, sampling === '420' ? 1 : 0] as const;
    // Across, samples lie on the left pixel of two unless said otherwise; down, between the two.
    const isCentred = [AVCHROMA_LOC_CENTER, AVCHROMA_LOC_TOP, AVCHROMA_LOC_BOTTOM].some((place) => place === chromaLocation);
    const isTop = [AVCHROMA_LOC_TOP, AVCHROMA_LOC_TOPLEFT].some((place) => place === chromaLocation);
    const isBottom = [AVCHROMA_LOC_BOTTOM, AVCHROMA_LOC_BOTTOMLEFT].some((place) => place === chromaLocation);
    const lumaFromPicture = storedFromUpright(width, height, this.#orientation);
    const isTurned = lumaFromPicture[0] === 0;
    this.#signal = {
      ...{ matrix, range, halved: [halfX, halfY] },
      shape: {
        width: isTurned ? height : width,
        height: isTurned ? width : height,
        lumaFromPicture,
        chroma: {
          scaleX: 1 / (1 + halfX),
          shiftX: halfX === 1 && !isCentred ? 0.25 : 0,
          scaleY: 1 / (1 + halfY),
          shiftY: halfY === 0 ? 0 : isTop ? 0.25 : isBottom ? -0.25 : 0,
        },
        colours: signalColours(...WEIGHTS[matrix], range === 'pc'),
      },
    };
    return this.#signal;
  }

  #clear(): void {
    for (const chain of this.#chains.values()) chain[Symbol.dispose]();
    this.#chains.clear();
  }

  [Symbol.dispose](): void {
    this.#clear();
    this.#whole[Symbol.dispose]();
    this.#copy[Symbol.dispose]();
  }
}

/** A chain that cuts windows of one size and makes them RGB. */
class Cutter implements Disposable {
  readonly #chain: FilterChain;
  readonly #out = new Frame();
  readonly #copy = new FrameCopy();
  #x: number;
  #y: number;

  private constructor(chain: FilterChain, { x, y }: Window) {
    this.#chain = chain;
    [this.#x, this.#y] = [x, y];
    this.#out.alloc();
  }

  static async build(like: Frame, box: Window, matrix: FastMatrix, range: 'tv' | 'pc', name: string): Promise<Cutter> {
    const { x, y, width, height } = box;
    const crop = ['crop', `w=${width}:h=${height}:x=${x}:y=${y}:exact=1`] as const;
    return new Cutter(await FilterChain.build(like, [crop, ...fastFilters(width, height, matrix, range, false)], name), box);
  }

  async cut(picture: Frame, { x, y, width }: Window, name: string, data: Uint8Array): Promise<void> {
    if (x !== this.#x) this.#chain.command('crop', 'x', String(x));
    if (y !== this.#y) this.#chain.command('crop', 'y', String(y));
    [this.#x, this.#y] = [x, y];
    const pushed = await this.#chain.push(picture);
    const code = pushed < 0 ? pushed : await this.#chain.pull(this.#out);
    if (code < 0) throw new FormatError(`${name}: a frame cannot be made RGB`, { found: reason(code) });
    this.#copy.take(this.#out);
    this.#copy.rows(0, width * 3, data);
    this.#out.unref();
  }

  [Symbol.dispose](): void {
    this.#chain[Symbol.dispose]();
    this.#out.free();
    this.#copy[Symbol.dispose]();
  }
}
