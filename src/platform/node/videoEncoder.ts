/** Frames to packets: pixels brought to the form that a codec takes, with the colour tags and timestamps of the clip that they are made from. */
import { basename, resolve } from 'node:path';
import { ResourceError, ShapeError } from '../../base/index.ts';
import type { SinkFrame, SinkPicture } from '../../video/index.ts';
import { encoderOf, encoderOptions, type PictureShape, pixelsFor, type Quality, type VideoCodec } from './videoCodecs.ts';
import { FilterChain } from './videoFilters.ts';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_GRAY16LE,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_RGB48LE,
  AV_PIX_FMT_RGBA,
  AV_PIX_FMT_RGBA64LE,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_TRC_BT709,
  Codec,
  CodecContext,
  Dictionary,
  type FFEncoderCodec,
  Frame,
  Packet,
  Rational,
  reason,
} from './videoLibrary.ts';
import { coloursOf } from './videoPixels.ts';
import { VideoReader } from './videoReader.ts';

export interface ClipPlan {
  /** FFV1 keeps every bit of the RGB it is given. */
  readonly codec: VideoCodec;
  /** Bits a channel; of FFV1, 10 stands for all 16; ProRes has 10 always. */
  readonly depth: 8 | 10;
  /** A quality's name, or the encoder's constant rate factor, smaller is better; 'high' if left out. */
  readonly quality?: Quality | number | undefined;
  /** Options of FFmpeg's encoder as they are. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** Frames a second, where no clip says. */
  readonly rate?: number | undefined;
  /** The clip whose timestamps, colour tags, sound, subtitles and chapters are kept. */
  readonly like?: string | undefined;
  /** Seconds of the first frame that will be written, which become 0; if left out times stay as they are. */
  readonly start?: number | undefined;
  /** Seconds at which copied sound ends; its own end if left out. */
  readonly end?: number | undefined;
  /** Whether sound and subtitles stay behind. */
  readonly silent?: boolean | undefined;
  /** Whether chapters stay behind. */
  readonly plain?: boolean | undefined;
}

interface Coding {
  readonly matrix: 'bt709' | 'bt601' | 'fcc' | 'smpte240m' | 'bt2020';
  readonly range: 'tv' | 'pc';
  readonly tags: Pick<Frame, 'colorSpace' | 'colorRange' | 'colorPrimaries' | 'colorTrc'>;
}

/** What is taken over from another clip. */
export interface Origin {
  readonly unit: Rational;
  /** Timestamp of its first frame. */
  readonly pts: number;
  readonly rate: number;
  /** The clip's own colours, in which frames of 16 bits are. */
  readonly own: Coding;
  /** The colours of frames of 8 bits: its own too, unless those were mapped to BT.709. */
  readonly mapped: Coding;
}

const PLAIN: Coding = {
  matrix: 'bt709',
  range: 'tv',
  tags: { colorSpace: AVCOL_SPC_BT709, colorRange: AVCOL_RANGE_MPEG, colorPrimaries: AVCOL_PRI_BT709, colorTrc: AVCOL_TRC_BT709 },
};

const plainOrigin = (rate: number): Origin => ({ unit: new Rational(1, 90_000), pts: 0, rate, own: PLAIN, mapped: PLAIN });

export async function originOf({ like, rate = 25 }: Pick<ClipPlan, 'like' | 'rate'>): Promise<Origin> {
  if (like === undefined) return plainOrigin(rate);
  await using reader = await VideoReader.open(resolve(like), basename(like), async () => undefined);
  for await (const decoded of reader.frames()) {
    using frame = decoded;
    const { matrix, range, wide } = coloursOf(frame.picture);
    const { colorSpace, colorRange, colorPrimaries, colorTrc } = frame.picture;
    const own: Coding = matrix === undefined ? PLAIN : { matrix, range, tags: { colorSpace, colorRange, colorPrimaries, colorTrc } };
    return {
      unit: new Rational(...reader.facts.timeBase),
      pts: frame.pts,
      rate: reader.facts.rate ?? 25,
      own,
      mapped: wide === undefined ? own : PLAIN,
    };
  }
  return plainOrigin(rate);
}

/** The number of a frame's time in the clip that is written. */
export function ptsOf(time: number, { start }: Pick<ClipPlan, 'start'>, { unit, pts }: Origin): number {
  return Math.round((time - (start ?? 0)) / (unit.num / unit.den)) + (start === undefined ? pts : 0);
}

/** An encoder of frames of one shape. Packets carry times in the origin's unit. */
export class PictureEncoder implements Disposable {
  readonly context: CodecContext;
  readonly #name: string;
  readonly #plan: ClipPlan;
  readonly #origin: Origin;
  readonly #shape: PictureShape;
  readonly #chain: FilterChain;
  readonly #tags: Coding['tags'];
  readonly #packet = new Packet();
  #last = Number.NEGATIVE_INFINITY;

  private constructor(
    name: string,
    plan: ClipPlan,
    origin: Origin,
    shape: PictureShape,
    parts: { chain: FilterChain; context: CodecContext },
  ) {
    this.#name = name;
    this.#plan = plan;
    this.#origin = origin;
    this.#shape = shape;
    this.#chain = parts.chain;
    this.context = parts.context;
    this.#tags = tagsFor(plan, origin, shape);
    this.#packet.alloc();
  }

  /**
   * @param name  of the clip, for errors.
   * @throws ResourceError if there is no such encoder, or it does not take such frames; OptionError.
   */
  static async open(name: string, plan: ClipPlan, origin: Origin, shape: PictureShape): Promise<PictureEncoder> {
    const { width, height, channels, deep } = shape;
    const codec = Codec.findEncoderByName(encoderOf(plan.codec) as FFEncoderCodec);
    if (codec === null) throw new ResourceError(`${name}: no encoder for ${plan.codec} in this build of FFmpeg`);
    const coding = codingFor(origin, shape);
    const pixels = pixelsFor(plan.codec, plan.depth, shape);
    const data = deep ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
    const blank: SinkPicture = data instanceof Uint16Array ? { width, height, channels, data } : { width, height, channels, data };
    using given = frameFrom(blank);
    const convert = `scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:out_color_matrix=${coding.matrix}:out_range=${coding.range}`;
    const filters = isYuv(plan) ? ([['scale', convert.slice(6)]] as const) : [];
    const chain = await FilterChain.build(given, [...filters, ['format', `pix_fmts=${pixels}`]], name);
    try {
      using picture = new Frame();
      picture.alloc();
      check(await chain.push(given), name, 'a frame');
      check(await chain.pull(picture), name, 'a frame');
      const context = new CodecContext();
      context.allocContext3(codec);
      context.width = picture.width;
      context.height = picture.height;
      context.pixelFormat = picture.format as typeof context.pixelFormat;
      context.timeBase = origin.unit;
      context.framerate = new Rational(Math.round(origin.rate * 1000), 1000);
      context.threadCount = 2;
      Object.assign(context, tagsFor(plan, origin, shape));
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      if (plan.codec === 'av1') process.env.SVT_LOG ??= '1'; // this encoder has no other way to be kept from writing to the terminal
      const options = encoderOptions(plan.codec, plan.quality ?? 'high', plan.options);
      const dictionary = Dictionary.fromObject(Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)])));
      const code = await context.open2(codec, dictionary);
      if (code < 0) {
        context.freeContext();
        throw new ResourceError(`${name}: the encoder for ${plan.codec} does not take this`, {
          found: `${width}×${height}, ${Object.entries(options)
            .map(([key, value]) => `${key}=${value}`)
            .join(' ')}: ${reason(code)}`,
          next: 'another codec or other encoder options',
        });
      }
      return new PictureEncoder(name, plan, origin, shape, { chain, context });
    } catch (error) {
      chain[Symbol.dispose]();
      throw error;
    }
  }

  /** @param take  gets each packet that is ready; it is used again afterwards. */
  async encode({ time, image }: SinkFrame, take: (packet: Packet) => Promise<void>): Promise<void> {
    const { width, height, channels, deep } = this.#shape;
    if (image.width !== width || image.height !== height || image.channels !== channels || image.data instanceof Uint16Array !== deep) {
      throw new ShapeError(`${this.#name}: frames of a clip have one size and depth`, {
        found: `${image.width}×${image.height}`,
        expected: `${width}×${height}`,
      });
    }
    const pts = ptsOf(time, this.#plan, this.#origin);
    if (pts <= this.#last) throw new ShapeError(`${this.#name}: times of frames must grow`, { found: `${time} s` });
    this.#last = pts;
    using given = frameFrom(image);
    using picture = new Frame();
    picture.alloc();
    check(await this.#chain.push(given), this.#name, 'a frame');
    check(await this.#chain.pull(picture), this.#name, 'a frame');
    Object.assign(picture, this.#tags);
    picture.pts = BigInt(pts);
    picture.duration = BigInt(Math.round(1 / (this.#origin.rate * (this.#origin.unit.num / this.#origin.unit.den))));
    picture.pictType = AV_PICTURE_TYPE_NONE;
    check(await this.context.sendFrame(picture), this.#name, 'a frame');
    await this.#drain(take);
  }

  /** The packets that the encoder still holds. Nothing can be encoded any more. */
  async flush(take: (packet: Packet) => Promise<void>): Promise<void> {
    check(await this.context.sendFrame(null), this.#name, 'the last frames');
    await this.#drain(take);
  }

  async #drain(take: (packet: Packet) => Promise<void>): Promise<void> {
    while ((await this.context.receivePacket(this.#packet)) >= 0) await take(this.#packet);
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.context.freeContext();
    this.#chain[Symbol.dispose]();
  }
}

const isYuv = ({ codec }: ClipPlan): boolean => codec !== 'ffv1';

/** RGB has no matrix and no limited range, but primaries and a transfer. */
function tagsFor(plan: ClipPlan, origin: Origin, shape: PictureShape): Coding['tags'] {
  const { tags } = codingFor(origin, shape);
  return isYuv(plan) ? tags : { ...tags, colorSpace: AVCOL_SPC_RGB, colorRange: AVCOL_RANGE_JPEG };
}

/** A mask is no light, and nobody should map it as if it were. */
const codingFor = ({ own, mapped }: Origin, { deep, channels }: PictureShape): Coding => (channels === 1 ? PLAIN : deep ? own : mapped);

/** @throws ResourceError if a call of FFmpeg failed. */
export function check(code: number, name: string, what: string): void {
  if (code < 0) throw new ResourceError(`${name}: ${what} cannot be written`, { found: reason(code) });
}

export const shapeOf = ({ width, height, channels, data }: SinkPicture): PictureShape => ({
  ...{ width, height, channels },
  deep: data instanceof Uint16Array,
});

/** A picture as FFmpeg takes it. */
export function frameFrom({ width, height, channels, data }: SinkPicture): Frame {
  const deep = data instanceof Uint16Array;
  const format =
    channels === 1
      ? deep
        ? AV_PIX_FMT_GRAY16LE
        : AV_PIX_FMT_GRAY8
      : channels === 4
        ? deep
          ? AV_PIX_FMT_RGBA64LE
          : AV_PIX_FMT_RGBA
        : deep
          ? AV_PIX_FMT_RGB48LE
          : AV_PIX_FMT_RGB24;
  return Frame.fromVideoBuffer(Buffer.from(data.buffer, data.byteOffset, data.byteLength), { width, height, format });
}
