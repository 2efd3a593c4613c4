/**
 * A clip that is written frame by frame: H.264 or lossless FFV1, with the timestamps, colour tags and sound of the clip it is made from. It is
 * written beside its place and moved there when it is complete.
 */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ResourceError, ShapeError } from '../../base/index.ts';
import type { FrameSink, SinkFrame } from '../../video/index.ts';
import { FilterChain } from './videoFilters.ts';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_QUIET,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_RGB48LE,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  AVFMT_GLOBALHEADER,
  Codec,
  CodecContext,
  Dictionary,
  FF_ENCODER_FFV1,
  FF_ENCODER_LIBX264,
  type FFEncoderCodec,
  FormatContext,
  Frame,
  Log,
  Packet,
  Rational,
  reason,
  type Stream,
} from './videoLibrary.ts';
import { coloursOf } from './videoPixels.ts';
import { VideoReader } from './videoReader.ts';
import { COPIES, SideTracks } from './videoTracks.ts';

export interface ClipPlan {
  /** H.264 for watching; FFV1 keeps every bit of the RGB it is given. */
  readonly codec: 'h264' | 'ffv1';
  /** Bits a channel; of FFV1, 10 stands for all 16. */
  readonly depth: 8 | 10;
  /** H.264's constant rate factor, 0…51, smaller is better; 16 if left out. */
  readonly quality?: number | undefined;
  /** Frames a second, where no clip says. */
  readonly rate?: number | undefined;
  /** The clip whose timestamps, colour tags, sound and subtitles are kept. */
  readonly like?: string | undefined;
  /** Seconds of the first frame that will be written, which become 0; 0 if left out. */
  readonly start?: number | undefined;
  /** Seconds at which copied sound ends; its own end if left out. */
  readonly end?: number | undefined;
}

/** What is taken over from another clip. */
interface Origin {
  readonly unit: Rational;
  /** Timestamp of its first frame. */
  readonly pts: number;
  readonly rate: number;
  /** The clip's own colours, in which frames of 16 bits are. */
  readonly own: Coding;
  /** The colours of frames of 8 bits: its own too, unless those were mapped to BT.709. */
  readonly mapped: Coding;
}

interface Coding {
  readonly matrix: 'bt709' | 'bt601' | 'fcc' | 'smpte240m' | 'bt2020';
  readonly range: 'tv' | 'pc';
  readonly tags: Pick<Frame, 'colorSpace' | 'colorRange' | 'colorPrimaries' | 'colorTrc'>;
}

const PLAIN: Coding = {
  matrix: 'bt709',
  range: 'tv',
  tags: { colorSpace: AVCOL_SPC_BT709, colorRange: AVCOL_RANGE_MPEG, colorPrimaries: AVCOL_PRI_BT709, colorTrc: AVCOL_TRC_BT709 },
};

/**
 * Begins a clip; the container follows the ending of its name (mp4, mov, mkv, …). Frames are upright with square samples, and so is what is
 * written. Colour tags of high dynamic range are kept for frames of 16 bits; those of 8 bits were mapped to BT.709, and are tagged so.
 */
export async function createClip(path: string, plan: ClipPlan): Promise<FrameSink> {
  Log.setLevel(AV_LOG_QUIET);
  const target = resolve(path);
  const draft = join(dirname(target), `.liae-${randomUUID()}-${basename(target)}`);
  const origin = plan.like === undefined ? undefined : await originOf(plan.like);
  const side = plan.like === undefined ? undefined : await SideTracks.open(resolve(plan.like));
  return new ClipWriter({
    target,
    draft,
    plan,
    side,
    origin: origin ?? { unit: new Rational(1, 90_000), pts: 0, rate: plan.rate ?? 25, own: PLAIN, mapped: PLAIN },
  });
}

async function originOf(like: string): Promise<Origin> {
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
  return { unit: new Rational(1, 90_000), pts: 0, rate: 25, own: PLAIN, mapped: PLAIN };
}

interface Parts {
  readonly target: string;
  readonly draft: string;
  readonly plan: ClipPlan;
  readonly origin: Origin;
  readonly side: SideTracks | undefined;
}

class ClipWriter implements FrameSink {
  readonly #parts: Parts;
  readonly #trouble: string[] = [];
  readonly #packet = new Packet();
  #output: FormatContext | undefined;
  #stream: Stream | undefined;
  #encoder: CodecContext | undefined;
  #chain: FilterChain | undefined;
  #size: readonly [width: number, height: number, deep: boolean] | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #finished = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#packet.alloc();
  }

  async write({ time, image }: SinkFrame): Promise<void> {
    const { origin, plan } = this.#parts;
    const { width, height, data } = image;
    const deep = data instanceof Uint16Array;
    if (image.channels !== 3) throw new ShapeError(`${this.#name}: a frame must be RGB`, { found: `${image.channels} channels` });
    using given = Frame.fromVideoBuffer(Buffer.from(data.buffer, data.byteOffset, data.byteLength), {
      width,
      height,
      format: deep ? AV_PIX_FMT_RGB48LE : AV_PIX_FMT_RGB24,
    });
    if (this.#size === undefined) {
      this.#size = [width, height, deep];
      this.#chain = await FilterChain.build(given, this.#filters(width, height), this.#name);
    } else if (this.#size[0] !== width || this.#size[1] !== height || this.#size[2] !== deep) {
      throw new ShapeError(`${this.#name}: frames of a clip have one size and depth`, {
        found: `${width}×${height}`,
        expected: `${this.#size[0]}×${this.#size[1]}`,
      });
    }
    const unit = origin.unit.num / origin.unit.den;
    const pts = Math.round((time - (plan.start ?? 0)) / unit) + (plan.start === undefined ? origin.pts : 0);
    if (pts <= this.#last) throw new ShapeError(`${this.#name}: times of frames must grow`, { found: `${time} s` });
    this.#last = pts;
    using picture = new Frame();
    picture.alloc();
    this.#check(await this.#chain!.push(given), 'a frame');
    this.#check(await this.#chain!.pull(picture), 'a frame');
    if (plan.codec === 'h264') Object.assign(picture, this.#coding.tags);
    if (this.#encoder === undefined) await this.#begin(picture);
    picture.pts = BigInt(pts);
    picture.duration = BigInt(Math.round(1 / (origin.rate * unit)));
    picture.pictType = AV_PICTURE_TYPE_NONE;
    this.#check(await this.#encoder!.sendFrame(picture), 'a frame');
    await this.#drain();
    await this.#parts.side?.copyUntil(
      Math.min(time + origin.pts * unit, plan.end ?? Number.POSITIVE_INFINITY),
      this.#output!,
      plan.start ?? 0,
    );
  }

  async finish(): Promise<readonly string[]> {
    const { target, draft, side, plan } = this.#parts;
    if (this.#output === undefined) throw new ResourceError(`${this.#name}: no frame was written`);
    this.#check(await this.#encoder!.sendFrame(null), 'the last frames');
    await this.#drain();
    await side?.copyUntil(plan.end ?? Number.POSITIVE_INFINITY, this.#output, plan.start ?? 0);
    this.#check(await this.#output.writeTrailer(), 'the end of the file');
    await this.#close();
    const file = await open(draft, 'r+');
    await file.sync();
    await file.close();
    await rename(draft, target);
    this.#finished = true;
    return this.#trouble;
  }

  get #coding(): Coding {
    const { own, mapped } = this.#parts.origin;
    return this.#size?.[2] === true ? own : mapped;
  }

  get #name(): string {
    return basename(this.#parts.target);
  }

  #filters(width: number, height: number): readonly (readonly [string, string])[] {
    const { plan } = this.#parts;
    const { matrix, range } = this.#coding;
    if (plan.codec === 'ffv1') return [['format', `pix_fmts=${plan.depth === 8 ? 'bgr0' : 'gbrp16le'}`]];
    const odd = width % 2 !== 0 || height % 2 !== 0; // 4:2:0 has no odd sizes
    return [
      ['scale', `flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:out_color_matrix=${matrix}:out_range=${range}`],
      ['format', `pix_fmts=yuv${odd ? 444 : 420}p${plan.depth === 10 ? '10le' : ''}`],
    ];
  }

  /** Opens encoder and file at the first frame, with as much of the other tracks as the container takes. */
  async #begin(like: Frame): Promise<void> {
    const { plan, origin, side } = this.#parts;
    const encoders: Readonly<Record<ClipPlan['codec'], FFEncoderCodec>> = { h264: FF_ENCODER_LIBX264, ffv1: FF_ENCODER_FFV1 };
    const codec = Codec.findEncoderByName(encoders[plan.codec]);
    if (codec === null) throw new ResourceError(`${this.#name}: no encoder for ${plan.codec} in this build of FFmpeg`);
    const encoder = new CodecContext();
    this.#encoder = encoder;
    encoder.allocContext3(codec);
    encoder.width = like.width;
    encoder.height = like.height;
    encoder.pixelFormat = like.format as typeof encoder.pixelFormat;
    encoder.timeBase = origin.unit;
    encoder.framerate = new Rational(Math.round(origin.rate * 1000), 1000);
    encoder.threadCount = 2;
    if (plan.codec === 'h264') Object.assign(encoder, this.#coding.tags);
    encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    const options = plan.codec === 'h264' ? { crf: plan.quality ?? 16, preset: 'medium' } : { level: 3, slicecrc: 1, slices: 4 };
    this.#check(await encoder.open2(codec, Dictionary.fromObject(options)), 'the encoder');
    if ((side?.others ?? 0) > 0) this.#trouble.push(`${side?.others} tracks that are neither sound nor subtitles are not copied`);
    for (const copied of COPIES) {
      if (copied !== 'nothing' && side?.has(copied) !== true) continue;
      const output = new FormatContext();
      try {
        this.#check(output.allocOutputContext2(null, null, `file:${this.#parts.draft}`), 'a container');
      } catch (cause) {
        throw new ResourceError(`${this.#name}: no container is known for this ending`, { expected: 'mp4, mov, mkv, avi, …', cause });
      }
      if (output.oformat !== null && (output.oformat.flags & AVFMT_GLOBALHEADER) === 0) encoder.clearFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      const stream = output.newStream(null);
      stream.timeBase = encoder.timeBase;
      stream.avgFrameRate = encoder.framerate;
      this.#check(stream.codecpar.fromContext(encoder), 'the pictures');
      side?.addTo(output, copied);
      const opened = await output.openOutput();
      const begun = opened < 0 ? opened : await output.writeHeader();
      if (begun >= 0) {
        this.#output = output;
        this.#stream = stream;
        return;
      }
      if (opened >= 0) await output.closeOutput();
      output.freeContext();
      if (opened < 0 || copied === 'nothing') this.#check(begun, 'the head of the file');
      this.#trouble.push(`this container does not take ${copied} of the source (${reason(begun)})`);
    }
  }

  async #drain(): Promise<void> {
    const stream = this.#stream!;
    const encoder = this.#encoder!;
    while ((await encoder.receivePacket(this.#packet)) >= 0) {
      this.#packet.streamIndex = stream.index;
      this.#packet.rescaleTs(encoder.timeBase, stream.timeBase);
      this.#check(await this.#output!.interleavedWriteFrame(this.#packet), 'a frame');
    }
  }

  #check(code: number, what: string): void {
    if (code < 0) throw new ResourceError(`${this.#name}: ${what} cannot be written`, { found: reason(code) });
  }

  async #close(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    if (output !== undefined) {
      await output.closeOutput();
      output.freeContext();
    }
    this.#encoder?.freeContext();
    this.#encoder = undefined;
    this.#chain?.[Symbol.dispose]();
    this.#chain = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#parts.side?.[Symbol.asyncDispose]();
    this.#packet.free();
    if (!this.#finished) await rm(this.#parts.draft, { force: true });
  }
}
