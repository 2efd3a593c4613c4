/** Grain taken from frames, each with the help of those before it: FFmpeg's hqdn3d, in 16 bits so that nothing else changes. */
import { FormatError } from '../../base/index.ts';
import type { SinkPicture } from '../../video/index.ts';
import { frameFrom } from './videoEncoder.ts';
import { FilterChain } from './videoFilters.ts';
import { Frame, reason } from './videoLibrary.ts';

/** How much of time the filter uses, as DeepFaceLab's tool has it. */
const OVER_TIME = 5;

/** Frames go through in order; those of another size than the first begin anew. */
export class Denoiser implements Disposable {
  readonly #power: number;
  #chain: FilterChain | undefined;
  #key = '';

  /** @param power  over a pixel's neighbours, in levels of 255. */
  constructor(power: number) {
    this.#power = power;
  }

  async denoise(picture: SinkPicture, name: string): Promise<SinkPicture> {
    const { width, height, channels, data } = picture;
    const deep = data instanceof Uint16Array;
    using given = frameFrom(picture);
    const key = [width, height, deep].join();
    if (key !== this.#key) {
      this[Symbol.dispose]();
      const exact = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';
      const filters = [
        ['scale', `${exact}:out_color_matrix=bt709:out_range=pc`],
        ['format', 'pix_fmts=yuv444p16le'],
        ['hqdn3d', `${this.#power}:${this.#power}:${OVER_TIME}:${OVER_TIME}`],
        ['scale', `${exact}:in_color_matrix=bt709:in_range=pc`],
        ['format', `pix_fmts=${deep ? 'rgb48le' : 'rgb24'}`],
      ] as const;
      this.#chain = await FilterChain.build(given, filters, name);
      this.#key = key;
    }
    using out = new Frame();
    out.alloc();
    const pushed = await this.#chain!.push(given);
    const code = pushed < 0 ? pushed : await this.#chain!.pull(out);
    if (code < 0) throw new FormatError(`${name}: cannot be filtered`, { found: reason(code) });
    const bytes = new Uint8Array(width * height * channels * (deep ? 2 : 1));
    const row = bytes.length / height;
    const plane = out.data![0]!;
    for (let y = 0; y < height; y++) bytes.set(plane.subarray(y * out.linesize[0]!, y * out.linesize[0]! + row), y * row);
    return deep ? { width, height, channels, data: new Uint16Array(bytes.buffer) } : { width, height, channels, data: bytes };
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#chain = undefined;
    this.#key = '';
  }
}
