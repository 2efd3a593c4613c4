/** A chain of FFmpeg's filters from frames of one format, and the one chain that needs its neighbours: from fields to frames. */
import { FormatError } from '../../base/index.ts';
import {
  AV_BUFFERSRC_FLAG_KEEP_REF,
  AV_FRAME_FLAG_INTERLACED,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_RANGE_UNSPECIFIED,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_BT2020_CL,
  AVCOL_SPC_BT2020_NCL,
  AVCOL_SPC_FCC,
  AVCOL_SPC_RGB,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_SMPTE240M,
  AVCOL_SPC_UNSPECIFIED,
  type AVPixelFormat,
  avGetPixFmtName,
  Filter,
  type FilterContext,
  FilterGraph,
  Frame,
  reason,
} from './videoLibrary.ts';
import type { DecodedFrame } from './videoReader.ts';

/** A filter's name and its options. */
export type FilterSpec = readonly [name: string, options: string];

/** What a chain is built for; it must be built anew when this changes. */
export const frameKey = ({ width, height, format, colorSpace, colorRange }: Frame): string =>
  [width, height, format, colorSpace, colorRange].join();

const SPACES: ReadonlySet<number> = new Set([
  AVCOL_SPC_RGB,
  AVCOL_SPC_BT709,
  AVCOL_SPC_FCC,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_SMPTE240M,
  AVCOL_SPC_BT2020_NCL,
  AVCOL_SPC_BT2020_CL,
]);
const RANGES: ReadonlySet<number> = new Set([AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG]);

/** Frames go in at one end and come out at the other. */
export class FilterChain implements Disposable {
  readonly #graph: FilterGraph;
  readonly #source: FilterContext;
  readonly #sink: FilterContext;

  private constructor(graph: FilterGraph, source: FilterContext, sink: FilterContext) {
    this.#graph = graph;
    this.#source = source;
    this.#sink = sink;
  }

  /** @throws FormatError if no such chain takes frames like this one. */
  static async build(like: Frame, filters: readonly FilterSpec[], name: string): Promise<FilterChain> {
    const { width, height } = like;
    // Damaged files hold numbers that mean nothing, which the graph refuses.
    const colorSpace = SPACES.has(like.colorSpace) ? like.colorSpace : AVCOL_SPC_UNSPECIFIED;
    const colorRange = RANGES.has(like.colorRange) ? like.colorRange : AVCOL_RANGE_UNSPECIFIED;
    const format = avGetPixFmtName(like.format as AVPixelFormat) ?? 'none';
    const failed = (why: string): FormatError =>
      new FormatError(`${name}: frames of this format cannot be converted`, { found: `${format}; ${why}` });
    const graph = new FilterGraph();
    graph.alloc();
    try {
      graph.nbThreads = 1;
      const input = `video_size=${width}x${height}:pix_fmt=${format}:time_base=1/1000:pixel_aspect=1/1:colorspace=${colorSpace}:range=${colorRange}`;
      const contexts = ([['buffer', input], ...filters, ['buffersink', undefined]] as const).map(([filter, options]) => {
        const found = Filter.getByName(filter);
        if (found === null) throw failed(`filter ${filter} is missing`);
        try {
          const context = graph.createFilter(found, filter, options ?? null);
          if (context !== null) return context;
        } catch (cause) {
          throw failed(cause instanceof Error ? cause.message : String(cause));
        }
        throw failed(`filter ${filter} does not take it`);
      });
      for (const [i, context] of contexts.slice(1).entries()) {
        const code = contexts[i]!.link(0, context, 0);
        if (code < 0) throw failed(reason(code));
      }
      const code = await graph.config();
      if (code < 0) throw failed(reason(code));
      return new FilterChain(graph, contexts[0]!, contexts.at(-1)!);
    } catch (error) {
      graph.free();
      throw error;
    }
  }

  /** Gives a frame, which stays the caller's; or nothing, when no more will come. @returns a code below 0 if it failed. */
  push(picture: Frame | null): Promise<number> {
    return this.#source.buffersrcAddFrame(picture, AV_BUFFERSRC_FLAG_KEEP_REF);
  }

  /** @returns a code below 0 if there is no frame yet, or it failed. */
  pull(out: Frame): Promise<number> {
    return this.#sink.buffersinkGetFrame(out);
  }

  /** Changes an option of the first filter with this name. */
  command(filter: string, option: string, value: string): void {
    const answer = this.#graph.sendCommand(filter, option, value);
    const code = typeof answer === 'number' ? answer : 0;
    if (code < 0) throw new Error(`filter ${filter} does not take ${option}=${value}: ${reason(code)}`);
  }

  [Symbol.dispose](): void {
    this.#graph.free();
  }
}

/**
 * Frames of two fields made whole, from the first such frame of a stream on; frames before pass as they are, and so do whole frames among them.
 * As many come out as go in, with their own numbers and times.
 *
 * @param found  called once, when the first such frame comes.
 */
export async function* deinterlaced(
  frames: AsyncIterable<DecodedFrame>,
  name: string,
  found: () => void,
): AsyncGenerator<DecodedFrame, void, undefined> {
  let chain: FilterChain | undefined;
  let key = '';
  const waiting: Omit<DecodedFrame, 'picture' | typeof Symbol.dispose>[] = [];
  async function* ready(): AsyncGenerator<DecodedFrame, void, undefined> {
    while (chain !== undefined && waiting.length > 0) {
      const picture = new Frame();
      picture.alloc();
      if ((await chain.pull(picture)) < 0) {
        picture.free();
        return;
      }
      picture.flags &= ~AV_FRAME_FLAG_INTERLACED;
      yield { ...waiting.shift()!, picture, [Symbol.dispose]: () => picture.free() };
    }
  }
  async function* finish(): AsyncGenerator<DecodedFrame, void, undefined> {
    if (chain === undefined) return;
    await chain.push(null);
    yield* ready();
    chain[Symbol.dispose]();
    chain = undefined;
    waiting.length = 0;
  }
  try {
    for await (const frame of frames) {
      if (chain === undefined && key === '' && !frame.interlaced) {
        yield frame;
        continue;
      }
      using held = frame;
      if (key === '') found();
      if (chain === undefined || key !== frameKey(held.picture)) {
        yield* finish();
        key = frameKey(held.picture);
        chain = await FilterChain.build(held.picture, [['bwdif', 'mode=send_frame:deint=interlaced']], name);
      }
      const { index, pts, time, damaged, interlaced } = held;
      waiting.push({ index, pts, time, damaged, interlaced });
      const code = await chain.push(held.picture);
      if (code < 0) throw new FormatError(`${name}: a frame of two fields cannot be made whole`, { found: reason(code) });
      yield* ready();
    }
    yield* finish();
  } finally {
    chain?.[Symbol.dispose]();
  }
}
