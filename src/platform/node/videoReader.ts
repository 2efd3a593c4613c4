/**
 * A clip's video stream, packet by packet and frame by frame, as the decoder gives them: any pixel format, exact timestamps, damaged frames
 * told apart. What a frame looks like in RGB is videoPixels.ts; what is read of a clip for extraction is video.ts.
 */
import { FormatError } from '../../base/index.ts';
import { type Orientation, orientationOfMatrix } from '../../video/index.ts';
import {
  AGAIN,
  AV_CODEC_FLAG_OUTPUT_CORRUPT,
  AV_DISPOSITION_ATTACHED_PIC,
  AV_FRAME_DATA_DISPLAYMATRIX,
  AV_FRAME_FLAG_CORRUPT,
  AV_FRAME_FLAG_INTERLACED,
  AV_LOG_QUIET,
  AV_NOPTS_VALUE,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AVDISCARD_ALL,
  AVERROR_EOF,
  AVMEDIA_TYPE_VIDEO,
  AVSEEK_FLAG_BACKWARD,
  Codec,
  CodecContext,
  Dictionary,
  FormatContext,
  Frame,
  Log,
  Packet,
  reason,
  type Stream,
} from './videoLibrary.ts';
import { MAX_PIXELS } from './videoPixels.ts';

/** Decoder threads: enough to keep ahead of detection, few enough to hold few frames. */
const THREADS = 2;
/** Broken packets in a row after which nothing more is expected to come. */
const MAX_FAILURES = 1000;
/** Frames that a decoder holds back at most; so many may fail when it is emptied. */
const MAX_DELAY = 64;
/** Frames that may be shown before one that is stored before them. Source: ITU-T H.264, A.3.1, and H.265, A.4.1. */
const MAX_REORDER = 16;

/** Containers that hold moving pictures in themselves; playlists, which name other files or addresses, are not among them. */
const FORMATS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,live_flv,ogg,mxf,gxf,nut,gif,apng,ivf,obu,av1,h264,hevc,vvc,m4v,vc1,' +
  'mjpeg,dv,dirac,rm,wtv,yuv4mpegpipe,webp_pipe,bink,smk,ea,nuv,pva,r3d,roq,vob,swf,wav,mp3,flac,aac,aiff';

export interface StreamFacts {
  readonly container: string;
  readonly codec: string;
  /** As stored, before orientation and sample aspect. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Width of a sample over its height. */
  readonly sampleAspect: number;
  /** Seconds of one unit of a timestamp, as a number and exactly. */
  readonly timeUnit: number;
  readonly timeBase: readonly [num: number, den: number];
  /** Frames a second on average, if the file says. */
  readonly rate: number | undefined;
  /** Frames by the container's own count. */
  readonly frames: number | undefined;
  /** Seconds. */
  readonly duration: number | undefined;
}

/** A frame as the decoder gave it. Whoever has it disposes of it. */
export interface DecodedFrame extends Disposable {
  readonly index: number;
  /** In units of the stream, from the origin of the file. */
  readonly pts: number;
  /** Seconds from the first frame. */
  readonly time: number;
  readonly damaged: boolean;
  readonly interlaced: boolean;
  readonly picture: Frame;
}

/** An open file with its decoder. One reading at a time. */
export class VideoReader implements AsyncDisposable {
  readonly facts: StreamFacts;
  /** Packets of the video stream read so far. */
  packets = 0;
  /** Whether reading began elsewhere than at the beginning. */
  seeked = false;
  /** Numbers of frames that could not be decoded at all. */
  get lost(): readonly number[] {
    return this.#order.lost;
  }
  /** Frames before the first that could be decoded. */
  get lostAhead(): number {
    return this.#order.ahead;
  }
  /** Why reading stopped, if it was not the end of the file. */
  stopped: string | undefined;
  readonly #format: FormatContext;
  readonly #stream: Stream;
  readonly #decoder: CodecContext;
  #order = new PresentationOrder();

  private constructor(format: FormatContext, stream: Stream, decoder: CodecContext) {
    this.#format = format;
    this.#stream = stream;
    this.#decoder = decoder;
    this.facts = factsOf(format, stream);
  }

  /** @throws FormatError if the file holds no video that can be decoded; `why` tells what is known of a file that does not open. */
  static async open(path: string, name: string, why: () => Promise<string | undefined>): Promise<VideoReader> {
    Log.setLevel(AV_LOG_QUIET); // the library writes to the terminal otherwise; what matters comes back as codes
    const format = new FormatContext();
    let opened = false;
    try {
      const options = Dictionary.fromObject({ protocol_whitelist: 'file', format_whitelist: FORMATS });
      const code = await format.openInput(`file:${path}`, null, options);
      if (code < 0) throw notAClip(name, (await why()) ?? reason(code));
      opened = true;
      const probed = await format.findStreamInfo(null);
      const streams = format.streams;
      const index = format.findBestStream(AVMEDIA_TYPE_VIDEO);
      const stream = streams[index];
      if (stream === undefined || (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) !== 0) {
        throw new FormatError(`${name}: no pictures in this file`, {
          found: streams.length === 0 ? ((await why()) ?? reason(Math.min(probed, -1))) : 'sound or data only',
          expected: 'a clip with a video track',
        });
      }
      for (const other of streams) if (other.index !== index) other.discard = AVDISCARD_ALL;
      return new VideoReader(format, stream, await openDecoder(stream, name));
    } catch (error) {
      if (opened) await format.closeInput();
      throw error;
    }
  }

  /**
   * The timestamps of all frames in order, without decoding: what number a frame has that is reached by seeking. Reads the whole file; undefined
   * if the file does not give every frame one timestamp of its own. The reader is at the end then.
   *
   * @param origin  timestamp of the first frame that decodes.
   */
  async timestamps(origin: number, signal?: AbortSignal): Promise<Float64Array | undefined> {
    const found: number[] = [];
    for await (const packet of this.#readPackets(signal)) {
      if (packet === undefined || (packet.flags & AV_PKT_FLAG_DISCARD) !== 0) continue;
      if (packet.pts === AV_NOPTS_VALUE) return undefined;
      if (Number(packet.pts) >= origin) found.push(Number(packet.pts));
    }
    const sorted = Float64Array.from(found).sort();
    for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return undefined;
    return sorted;
  }

  /**
   * Goes to a place from which frame `from` can be decoded, so far as the file tells.
   *
   * @param timestamps  of all frames in order.
   */
  async seek(timestamps: Float64Array, from: number): Promise<boolean> {
    const ahead = timestamps[Math.max(0, from - MAX_REORDER)];
    if (ahead === undefined) return false;
    this.#order = new PresentationOrder(timestamps);
    this.#decoder.flushBuffers();
    this.seeked = true;
    return (await this.#format.seekFrame(this.#stream.index, BigInt(ahead), AVSEEK_FLAG_BACKWARD)) >= 0;
  }

  /** Packets of the video; undefined at the end. */
  async *#readPackets(signal?: AbortSignal): AsyncGenerator<Packet | undefined, void, undefined> {
    using packet = new Packet();
    packet.alloc();
    for (;;) {
      signal?.throwIfAborted();
      const code = await this.#format.readFrame(packet);
      if (code < 0) {
        if (code !== AVERROR_EOF) this.stopped = reason(code);
        break;
      }
      if (packet.streamIndex === this.#stream.index) {
        this.packets++;
        yield packet;
      }
      packet.unref();
    }
    yield undefined;
  }

  /** Frames from where the file stands, in order of presentation. */
  async *frames(signal?: AbortSignal): AsyncGenerator<DecodedFrame, void, undefined> {
    let failures = 0;
    for await (const packet of this.#readPackets(signal)) {
      if (packet !== undefined && (packet.flags & AV_PKT_FLAG_DISCARD) === 0) {
        this.#order.expect(packet.pts === AV_NOPTS_VALUE ? undefined : Number(packet.pts), (packet.flags & AV_PKT_FLAG_CORRUPT) !== 0);
      }
      const sent = await this.#decoder.sendPacket(packet ?? null);
      failures = sent < 0 && packet !== undefined ? failures + 1 : 0;
      yield* this.#ready(signal);
      if (failures > MAX_FAILURES) {
        this.stopped = `${MAX_FAILURES} broken packets in a row`;
        break;
      }
    }
    this.#order.finish();
  }

  /** Frames that the decoder has ready. */
  async *#ready(signal: AbortSignal | undefined): AsyncGenerator<DecodedFrame, void, undefined> {
    for (let failures = 0; failures < MAX_DELAY; ) {
      signal?.throwIfAborted();
      const picture = new Frame();
      picture.alloc();
      const code = this.#decoder.receiveFrameSync(picture); // it waits for nothing: frames are decoded while packets are sent
      if (code < 0) {
        picture.free();
        if (code === AGAIN || code === AVERROR_EOF) return;
        failures++; // a frame that failed; those behind it may not have
        continue;
      }
      const best = picture.bestEffortTimestamp;
      const interlaced = (picture.flags & AV_FRAME_FLAG_INTERLACED) !== 0;
      const { index, pts, cut } = this.#order.place(best === AV_NOPTS_VALUE ? undefined : Number(best), interlaced, this.#frameUnits);
      yield {
        index,
        pts,
        time: (pts - this.#order.origin) * this.facts.timeUnit,
        damaged: cut || (picture.flags & AV_FRAME_FLAG_CORRUPT) !== 0 || picture.decodeErrorFlags !== 0,
        interlaced,
        picture,
        [Symbol.dispose]: () => picture.free(),
      };
    }
  }

  get #frameUnits(): number {
    return 1 / ((this.facts.rate ?? 25) * this.facts.timeUnit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#decoder.freeContext();
    await this.#format.closeInput();
  }
}

/**
 * Numbers frames as they are to be shown. A packet announces a timestamp; a frame whose timestamp lies behind announced ones that never came
 * shows that those could not be decoded, and they keep their numbers. With the timestamps of all frames, reading may begin anywhere.
 */
class PresentationOrder {
  /** Timestamp of frame 0. */
  origin = 0;
  ahead = 0;
  readonly lost: number[] = [];
  readonly #all: Float64Array | undefined;
  #pending: { readonly pts: number; readonly cut: boolean }[] = [];
  #next = 0;
  #last: number | undefined;
  /** Whether a packet is a frame: not so for fields, and not to be known without timestamps. */
  #whole = true;

  constructor(all?: Float64Array) {
    this.#all = all;
    if (all !== undefined) this.origin = all[0] ?? 0;
  }

  expect(pts: number | undefined, cut: boolean): void {
    if (pts === undefined || this.#pending.some((other) => other.pts === pts)) this.#whole = false;
    else this.#pending.push({ pts, cut });
  }

  /** @param units  a frame's duration in units of the stream. */
  place(stated: number | undefined, interlaced: boolean, units: number): { index: number; pts: number; cut: boolean } {
    if (interlaced) this.#whole = false;
    const last = this.#last;
    // A timestamp that is missing or does not grow: one frame behind the last.
    const pts = last === undefined ? (stated ?? 0) : stated === undefined || stated <= last ? last + units : stated;
    const cut = this.#pending.some((other) => other.pts === pts && other.cut);
    const passed = this.#pending.filter((other) => other.pts < pts).length;
    this.#pending = this.#pending.filter((other) => other.pts > pts);
    if (last === undefined) {
      if (this.#all === undefined) {
        this.origin = pts;
        if (this.#whole) this.ahead = passed;
      } else this.#next = this.#whole ? rankOf(this.#all, pts) : Number.POSITIVE_INFINITY;
    } else if (this.#whole) {
      for (let i = 0; i < passed; i++) this.lost.push(this.#next++);
    }
    this.#last = pts;
    return { index: this.#next++, pts, cut };
  }

  /** Nothing more will come: what is still announced is lost. */
  finish(): void {
    if (this.#last === undefined || !this.#whole) return;
    for (const _ of this.#pending) this.lost.push(this.#next++);
    this.#pending = [];
  }
}

/** Where a number stands in sorted ones; infinite if it is none of them. */
function rankOf(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value ? low : Number.POSITIVE_INFINITY;
}

async function openDecoder(stream: Stream, name: string): Promise<CodecContext> {
  const { codecpar } = stream;
  const codec = Codec.findDecoder(codecpar.codecId);
  const { width, height } = codecpar;
  if (codec === null) {
    throw new FormatError(`${name}: its video cannot be decoded`, {
      found: `codec ${codecpar.codecTagString ?? codecpar.codecId}`,
      next: 'convert it to H.264',
    });
  }
  if (width <= 0 || height <= 0 || width * height > MAX_PIXELS) {
    throw new FormatError(`${name}: its pictures cannot be read`, {
      found: `${width}×${height} pixels`,
      expected: `at least one pixel, at most ${MAX_PIXELS / 1e6} million`,
    });
  }
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(codecpar);
  decoder.pktTimebase = stream.timeBase;
  decoder.threadCount = THREADS;
  decoder.setFlags(AV_CODEC_FLAG_OUTPUT_CORRUPT);
  const code = await decoder.open2(codec, Dictionary.fromObject({ max_pixels: String(MAX_PIXELS) }));
  if (code < 0) {
    decoder.freeContext();
    throw new FormatError(`${name}: its video cannot be decoded`, {
      found: `${codec.name ?? 'the decoder'} does not take its parameters: ${reason(code)}`,
      next: 'restore the file',
    });
  }
  return decoder;
}

function factsOf(format: FormatContext, stream: Stream): StreamFacts {
  const { codecpar, timeBase, avgFrameRate, nbFrames, duration } = stream;
  const timeUnit = timeBase.num / timeBase.den;
  const matrix = codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  const rate = avgFrameRate.num > 0 && avgFrameRate.den > 0 ? avgFrameRate.num / avgFrameRate.den : undefined;
  const seconds = duration !== AV_NOPTS_VALUE && duration > 0n ? Number(duration) * timeUnit : Number(format.duration) / 1e6;
  return {
    container: format.iformat?.name ?? '',
    codec: Codec.findDecoder(codecpar.codecId)?.name ?? '',
    width: codecpar.width,
    height: codecpar.height,
    orientation: matrix === null ? 1 : orientationOfMatrix(matrix),
    sampleAspect: aspectOf(stream.sampleAspectRatio) ?? aspectOf(codecpar.sampleAspectRatio) ?? 1,
    timeUnit,
    timeBase: [timeBase.num, timeBase.den],
    rate,
    frames: nbFrames > 0n ? Number(nbFrames) : undefined,
    duration: seconds > 0 ? seconds : undefined,
  };
}

/** A ratio within reason, else undefined: files are written with 0/1 and with nonsense. */
function aspectOf({ num, den }: { num: number; den: number }): number | undefined {
  const ratio = num / den;
  return ratio > 1 / 8 && ratio < 8 ? ratio : undefined;
}

/** Orientation that a frame itself carries (HEVC can), or undefined. */
export function orientationOfFrame(picture: Frame): Orientation | undefined {
  const matrix = picture.getSideData(AV_FRAME_DATA_DISPLAYMATRIX);
  return matrix === null ? undefined : orientationOfMatrix(matrix);
}

const notAClip = (name: string, found: string): FormatError =>
  new FormatError(`${name}: not a clip that can be read`, {
    found,
    expected: 'a video file (MP4, MOV, MKV, WebM, AVI, …), or a folder or pattern of pictures',
    next: 'restore the file, or take it from the camera again',
  });
