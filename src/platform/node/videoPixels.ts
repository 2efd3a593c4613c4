/**
 * Decoded frames as upright RGB of 8 bits with square samples: FFmpeg's scaler, rebuilt when a stream changes its format on the way, and the
 * tone map where the light is more than BT.709 holds. Colours are told by the frame's own tags, or by its size where it has none.
 */
import { FormatError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { type DeepImage, type Orientation, orient, orientDeep, ToneMap, type WideColours, type WideTransfer } from '../../video/index.ts';
import { FilterChain, type FilterSpec, frameKey } from './videoFilters.ts';
import {
  AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
  AVCOL_PRI_BT2020,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_BT2020_CL,
  AVCOL_SPC_BT2020_NCL,
  AVCOL_SPC_FCC,
  AVCOL_SPC_RGB,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_SMPTE240M,
  AVCOL_TRC_ARIB_STD_B67,
  AVCOL_TRC_SMPTE2084,
  type AVPixelFormat,
  avGetPixFmtName,
  Filter,
  Frame,
  reason,
} from './videoLibrary.ts';

/** Most pixels of a frame: 10 000 × 10 000. */
export const MAX_PIXELS = 100_000_000;

/** How a frame's numbers mean colours. */
export interface Colours {
  /** Name for the scaler; undefined for RGB and gray, which need none. */
  readonly matrix: 'bt709' | 'bt601' | 'fcc' | 'smpte240m' | 'bt2020' | undefined;
  readonly range: 'tv' | 'pc';
  /** What is to be mapped to BT.709, if anything. */
  readonly wide: WideTransfer | undefined;
  /** In words: 'BT.709, limited range', 'BT.2020 HLG, 10 bits, tone-mapped to BT.709'. */
  readonly words: string;
}

/** What its tags say; unmarked pictures are taken as players take them: BT.709 from 1280 wide or 577 high on, else BT.601; limited range. */
export function coloursOf(picture: Frame): Colours {
  const format = formatName(picture);
  const wide = wideOf(picture);
  const depth = /(?:p|p0|gray)(9|10|12|14|16)(?:le|be)$/.exec(format)?.[1];
  const bits = depth === undefined ? '' : `, ${depth} bits`;
  const mapped = (words: string): string =>
    wide === undefined
      ? words
      : wide === 'sdr'
        ? `${words}, moved to BT.709`
        : `BT.2020 ${wide.toUpperCase()}${bits}, tone-mapped to BT.709`;
  if (/^(rgb|bgr|gbr|argb|abgr|0rgb|0bgr|pal8|x2rgb|x2bgr)/.test(format) || picture.colorSpace === AVCOL_SPC_RGB) {
    return { matrix: undefined, range: 'pc', wide, words: mapped(`RGB${bits}`) };
  }
  const full = picture.colorRange === AVCOL_RANGE_JPEG || format.startsWith('yuvj');
  const range = full ? 'pc' : 'tv';
  const rangeWords = full ? 'full range' : `limited range${picture.colorRange === AVCOL_RANGE_MPEG ? '' : ' (assumed)'}`;
  if (/^(gray|mono|ya)/.test(format)) return { matrix: undefined, range, wide, words: mapped(`gray${bits}, ${rangeWords}`) };
  const known = MATRICES.get(picture.colorSpace);
  const assumed = wide !== undefined ? 'bt2020' : picture.width >= 1280 || picture.height > 576 ? 'bt709' : 'bt601';
  const name = known?.[1] ?? `${assumed.toUpperCase().replace('BT', 'BT.')} (assumed)`;
  return { matrix: known?.[0] ?? assumed, range, wide, words: mapped(`${name}, ${rangeWords}${bits}`) };
}

export const formatName = (picture: Frame): string => avGetPixFmtName(picture.format as AVPixelFormat) ?? 'none';

function wideOf({ colorTrc, colorPrimaries }: Frame): WideTransfer | undefined {
  if (colorTrc === AVCOL_TRC_ARIB_STD_B67) return 'hlg';
  if (colorTrc === AVCOL_TRC_SMPTE2084) return 'pq';
  return colorPrimaries === AVCOL_PRI_BT2020 ? 'sdr' : undefined;
}

/** Brightest light in cd/m² that the mastering display of a frame could show, if it says. Source: FFmpeg, AVMasteringDisplayMetadata. */
function masteringPeak(picture: Frame): number | undefined {
  const bytes = picture.getSideData(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  if (bytes === null || bytes.length < 88 || bytes.readInt32LE(84) === 0) return undefined;
  const peak = bytes.readInt32LE(72) / bytes.readInt32LE(76);
  return peak > 0 && Number.isFinite(peak) ? peak : undefined;
}

const MATRICES: ReadonlyMap<number, readonly [NonNullable<Colours['matrix']>, string]> = new Map([
  [AVCOL_SPC_BT709, ['bt709', 'BT.709']],
  [AVCOL_SPC_BT470BG, ['bt601', 'BT.601']],
  [AVCOL_SPC_SMPTE170M, ['bt601', 'BT.601']],
  [AVCOL_SPC_FCC, ['fcc', 'FCC']],
  [AVCOL_SPC_SMPTE240M, ['smpte240m', 'SMPTE 240M']],
  [AVCOL_SPC_BT2020_NCL, ['bt2020', 'BT.2020']],
  [AVCOL_SPC_BT2020_CL, ['bt2020', 'BT.2020']],
]);

/** Asked for memory of at least so many bytes. */
export type Memory = (bytes: number) => Uint8Array;

/** Turns decoded frames into pictures; holds one filter graph. */
export class PixelMaker implements Disposable {
  readonly #orientation: Orientation;
  readonly #sampleAspect: number;
  #chain: FilterChain | undefined;
  #key = '';
  #map: ToneMap | undefined;
  #wide: WideColours | undefined;
  #deep = new Uint16Array(0);
  readonly #copy = new FrameCopy();

  constructor({ orientation, sampleAspect }: { orientation: Orientation; sampleAspect: number }) {
    this.#orientation = orientation;
    this.#sampleAspect = sampleAspect;
  }

  /** What the last picture was mapped from, if it was. */
  get wide(): WideColours | undefined {
    return this.#wide;
  }

  /**
   * @param memory  for the picture; new if left out.
   * @throws FormatError if the frame's format cannot be converted.
   */
  async make(picture: Frame, name: string, memory: Memory = (bytes) => new Uint8Array(bytes)): Promise<ByteImage> {
    using out = await this.#convert(picture, name, false);
    const lying = this.#orientation === 1 ? memory : (bytes: number) => new Uint8Array(bytes);
    return orient(this.#map === undefined ? this.#packed(out, lying) : this.#mapped(out, this.#map, lying), this.#orientation, memory);
  }

  /** The frame in 16 bits and in its own colours. One maker makes either these or those of 8 bits. */
  async makeDeep(picture: Frame, name: string): Promise<DeepImage> {
    using out = await this.#convert(picture, name, true);
    const { width, height } = out;
    const data = new Uint16Array(width * height * 3);
    this.#copy.take(out);
    this.#copy.rows(0, width * 6, new Uint8Array(data.buffer));
    return orientDeep({ width, height, channels: 3, data }, this.#orientation);
  }

  async #convert(picture: Frame, name: string, deep: boolean): Promise<Frame> {
    const key = [frameKey(picture), picture.colorTrc, picture.colorPrimaries, deep].join();
    if (key !== this.#key || this.#chain === undefined) {
      this[Symbol.dispose]();
      const stated = coloursOf(picture);
      const colours: Colours = deep ? { ...stated, wide: stated.wide ?? 'sdr' } : stated;
      this.#wide = colours.wide === undefined || deep ? undefined : { transfer: colours.wide, peak: masteringPeak(picture) };
      this.#map = this.#wide && new ToneMap(this.#wide.transfer, this.#wide.peak);
      this.#chain = await FilterChain.build(picture, this.#filters(picture, colours, name), name);
      this.#key = key;
    }
    const chain = this.#chain;
    const out = new Frame();
    out.alloc();
    const pushed = await chain.push(picture);
    const pulled = pushed < 0 ? pushed : await chain.pull(out);
    if (pulled >= 0) return out;
    out.free();
    throw new FormatError(`${name}: a frame cannot be made RGB`, { found: reason(pulled) });
  }

  #filters(picture: Frame, { matrix, range, wide }: Colours, name: string): readonly FilterSpec[] {
    const { width, height } = picture;
    const aspect = this.#sampleAspect;
    const [w, h] = aspect >= 1 ? [Math.round(width * aspect), height] : [width, Math.round(height / aspect)];
    if (w * h > MAX_PIXELS) {
      throw new FormatError(`${name}: its pictures cannot be read`, {
        found: `${w}×${h} pixels`,
        expected: `at most ${MAX_PIXELS / 1e6} million`,
      });
    }
    const deep = wide !== undefined;
    const planar = fastMatrix(formatName(picture), { width, height, matrix });
    if (planar !== undefined) {
      return fastFilters(w, h, planar, range, deep);
    }
    const from = matrix === undefined ? '' : `:in_color_matrix=${matrix}:in_range=${range}`;
    return [
      ['scale', `w=${w}:h=${h}:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp${from}:out_range=pc`],
      ['format', `pix_fmts=${deep ? 'rgb48le' : 'rgb24'}`],
    ];
  }

  #packed(frame: Frame, memory: Memory): ByteImage {
    const { width, height } = frame;
    const data = memory(width * height * 3).subarray(0, width * height * 3);
    this.#copy.take(frame);
    this.#copy.rows(0, width * 3, data);
    return { width, height, channels: 3, data };
  }

  #mapped(frame: Frame, map: ToneMap, memory: Memory): ByteImage {
    const { width, height } = frame;
    const values = width * height * 3;
    if (this.#deep.length !== values) this.#deep = new Uint16Array(values);
    this.#copy.take(frame);
    this.#copy.rows(0, width * 6, new Uint8Array(this.#deep.buffer));
    const data = memory(values).subarray(0, values);
    map.map(this.#deep, data);
    return { width, height, channels: 3, data };
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#chain = undefined;
    this.#copy[Symbol.dispose]();
  }
}

/** Names that zimg has for matrices. */
export type FastMatrix = '709' | '170m' | '2020_ncl';

/** The name that zimg has for a matrix; undefined if it does not take the frame. It is preferred to FFmpeg's own scaler, which is slower at full chroma. */
export function fastMatrix(
  format: string,
  { width, height, matrix }: { width: number; height: number; matrix: Colours['matrix'] },
): FastMatrix | undefined {
  const sampling = /^yuvj?(420|422|444)p(?:(?:9|10|12|14|16)le)?$/.exec(format)?.[1];
  if (sampling === undefined || Filter.getByName('zscale') === null) return undefined;
  if ((sampling !== '444' && width % 2 !== 0) || (sampling === '420' && height % 2 !== 0)) return undefined;
  return matrix === 'bt709' ? '709' : matrix === 'bt601' ? '170m' : matrix === 'bt2020' ? '2020_ncl' : undefined;
}

/** From planes to RGB of this size. */
export function fastFilters(
  width: number,
  height: number,
  matrix: FastMatrix,
  range: Colours['range'],
  deep: boolean,
): readonly FilterSpec[] {
  const input = `matrixin=${matrix}:rangein=${range === 'pc' ? 'full' : 'limited'}`;
  return [
    ['zscale', `w=${width}:h=${height}:filter=bicubic:dither=none:${input}:matrix=gbr:range=full`],
    ['format', `pix_fmts=${deep ? 'gbrp16le' : 'gbrp'}`],
    ['scale', ''], // planes to pixels only
    ['format', `pix_fmts=${deep ? 'rgb48le' : 'rgb24'}`],
  ];
}

/**
 * Reads pixels of frames by way of one frame of its own: each look at a decoded frame's memory from JavaScript would weigh on the garbage collector
 * as much as a copy, and until it is collected.
 */
export class FrameCopy implements Disposable {
  #frame: Frame | undefined;
  #planes: readonly Uint8Array[] = [];
  #strides: readonly number[] = [];
  #key = '';

  /** Takes over a frame's pixels. */
  take(from: Frame): void {
    const { width, height, format } = from;
    const key = [width, height, format].join();
    if (this.#frame === undefined || key !== this.#key) {
      this[Symbol.dispose]();
      const frame = new Frame();
      frame.alloc();
      this.#frame = frame;
      this.#key = key;
      Object.assign(frame, { width, height, format });
      if (frame.getBuffer() < 0 || frame.data === null) throw new Error('no memory for a frame');
      this.#planes = frame.data;
      this.#strides = frame.linesize;
    }
    const code = this.#frame.copy(from);
    if (code < 0) throw new Error(`a frame cannot be copied: ${reason(code)}`);
  }

  /** Rows of so many bytes of a plane that was taken, without the gaps between them. */
  rows(plane: number, row: number, out: Uint8Array): void {
    const [pixels, stride] = [this.#planes[plane], this.#strides[plane]];
    if (pixels === undefined || stride === undefined) throw new Error('a frame without pixels');
    if (stride === row) out.set(pixels.subarray(0, out.length));
    else for (let at = 0, from = 0; at < out.length; at += row, from += stride) out.set(pixels.subarray(from, from + row), at);
  }

  [Symbol.dispose](): void {
    this.#planes = [];
    this.#frame?.free();
    this.#frame = undefined;
  }
}
