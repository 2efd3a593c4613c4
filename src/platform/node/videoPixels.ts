/**
 * Decoded frames as upright RGB of 8 bits with square samples, through one FFmpeg filter graph that is rebuilt when a stream changes its
 * format on the way. Matrix and range come from the frame's own tags, or from its size where it has none.
 */
import { FormatError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { type Orientation, orient } from '../../video/index.ts';
import {
  AV_BUFFERSRC_FLAG_KEEP_REF,
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
  avGetPixFmtName,
  Filter,
  type FilterContext,
  FilterGraph,
  Frame,
  reason,
} from './videoLibrary.ts';

/** How a frame's numbers mean colours. */
export interface Colours {
  /** Name for the scaler; undefined for RGB and gray, which need none. */
  readonly matrix: 'bt709' | 'bt601' | 'fcc' | 'smpte240m' | 'bt2020' | undefined;
  readonly range: 'tv' | 'pc';
  /** In words: 'BT.709, limited range'. */
  readonly words: string;
}

/** What its tags say; unmarked pictures are taken as players take them: BT.709 from 1280 wide or 577 high on, else BT.601; limited range. */
export function coloursOf(picture: Frame): Colours {
  const format = avGetPixFmtName(picture.format as never) ?? '';
  if (/^(rgb|bgr|gbr|argb|abgr|0rgb|0bgr|pal8|x2rgb|x2bgr)/.test(format) || picture.colorSpace === AVCOL_SPC_RGB) {
    return { matrix: undefined, range: 'pc', words: 'RGB' };
  }
  const full = picture.colorRange === AVCOL_RANGE_JPEG || format.startsWith('yuvj');
  const range = full ? 'pc' : 'tv';
  const rangeWords = full ? 'full range' : `limited range${picture.colorRange === AVCOL_RANGE_MPEG ? '' : ' (assumed)'}`;
  if (/^(gray|mono|ya)/.test(format)) return { matrix: undefined, range: full ? 'pc' : range, words: `gray, ${rangeWords}` };
  const known = MATRICES.get(picture.colorSpace);
  const matrix = known?.[0] ?? (picture.width >= 1280 || picture.height > 576 ? 'bt709' : 'bt601');
  const name = known?.[1] ?? `${matrix === 'bt709' ? 'BT.709' : 'BT.601'} (assumed)`;
  return { matrix, range, words: `${name}, ${rangeWords}` };
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

/** Turns decoded frames into pictures; holds one filter graph. */
export class PixelMaker implements Disposable {
  readonly #orientation: Orientation;
  readonly #sampleAspect: number;
  #graph: FilterGraph | undefined;
  #source: FilterContext | undefined;
  #sink: FilterContext | undefined;
  #key = '';

  constructor({ orientation, sampleAspect }: { orientation: Orientation; sampleAspect: number }) {
    this.#orientation = orientation;
    this.#sampleAspect = sampleAspect;
  }

  /** @throws FormatError if the frame's format cannot be converted. */
  async make(picture: Frame, name: string): Promise<ByteImage> {
    const colours = coloursOf(picture);
    const key = [picture.width, picture.height, picture.format, picture.colorSpace, picture.colorRange].join();
    if (key !== this.#key || this.#graph === undefined) {
      this[Symbol.dispose]();
      await this.#build(picture, colours, name);
      this.#key = key;
    }
    const out = new Frame();
    out.alloc();
    try {
      const pushed = await this.#source!.buffersrcAddFrame(picture, AV_BUFFERSRC_FLAG_KEEP_REF);
      const pulled = pushed < 0 ? pushed : await this.#sink!.buffersinkGetFrame(out);
      if (pulled < 0) throw new FormatError(`${name}: a frame cannot be made RGB`, { found: reason(pulled) });
      return orient(packed(out), this.#orientation);
    } finally {
      out.free();
    }
  }

  async #build(picture: Frame, { matrix, range }: Colours, name: string): Promise<void> {
    const { width, height } = picture;
    const aspect = this.#sampleAspect;
    const graph = new FilterGraph();
    graph.alloc();
    this.#graph = graph;
    graph.nbThreads = 1;
    const format = avGetPixFmtName(picture.format as never) ?? 'none';
    const add = (filter: string, args: string | null): FilterContext => {
      const found = Filter.getByName(filter);
      const context = found === null ? null : graph.createFilter(found, filter, args);
      if (context === null)
        throw new FormatError(`${name}: frames of this format cannot be made RGB`, {
          found: `${format}; filter ${filter} does not take it`,
        });
      return context;
    };
    const yuv = matrix === undefined ? '' : `:colorspace=${picture.colorSpace}:range=${picture.colorRange}`;
    this.#source = add('buffer', `video_size=${width}x${height}:pix_fmt=${format}:time_base=1/1000:pixel_aspect=1/1${yuv}`);
    const [w, h] = aspect >= 1 ? [Math.round(width * aspect), height] : [width, Math.round(height / aspect)];
    const from = matrix === undefined ? '' : `:in_color_matrix=${matrix}:in_range=${range}`;
    const scale = add('scale', `w=${w}:h=${h}:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp${from}:out_range=pc`);
    const rgb = add('format', 'pix_fmts=rgb24');
    this.#sink = add('buffersink', null);
    const chain = [this.#source, scale, rgb, this.#sink];
    for (let i = 0; i + 1 < chain.length; i++) {
      const code = chain[i]!.link(0, chain[i + 1]!, 0);
      if (code < 0) throw new FormatError(`${name}: frames of this format cannot be made RGB`, { found: `${format}; ${reason(code)}` });
    }
    const code = await graph.config();
    if (code < 0) throw new FormatError(`${name}: frames of this format cannot be made RGB`, { found: `${format}; ${reason(code)}` });
  }

  [Symbol.dispose](): void {
    this.#graph?.free();
    this.#graph = undefined;
    this.#source = undefined;
    this.#sink = undefined;
  }
}

/** The pixels of an RGB frame without the gaps between its rows. */
function packed(frame: Frame): ByteImage {
  const { width, height } = frame;
  const row = width * 3;
  const plane = frame.data![0]!;
  const stride = frame.linesize[0]!;
  const data = new Uint8Array(row * height);
  if (stride === row) data.set(plane.subarray(0, data.length));
  else for (let y = 0; y < height; y++) data.set(plane.subarray(y * stride, y * stride + row), y * row);
  return { width, height, channels: 3, data };
}
