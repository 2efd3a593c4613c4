/**
 * A clip's video stream, packet by packet and frame by frame, as the decoder gives them: any pixel format, exact timestamps, damaged frames
 * told apart. What a frame looks like in RGB is videoPixels.ts; what is read of a clip for extraction is video.ts.
 */
import { FormatError, ResourceError } from '../../base/index.ts';
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
  AV_PKT_FLAG_DISCARD,
  AVDISCARD_ALL,
  AVERROR_EOF,
  AVMEDIA_TYPE_VIDEO,
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

/** Most pixels of a frame: 10 000 × 10 000. */
const MAX_PIXELS = 100_000_000;
/** Decoder threads: enough to keep ahead of detection, few enough to hold few frames. */
const THREADS = 2;
/** Broken packets in a row after which nothing more is expected to come. */
const MAX_FAILURES = 1000;

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
  /** Seconds of one unit of a timestamp. */
  readonly timeUnit: number;
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
  /** Packets of the video stream read so far, those that are not meant to be shown left out. */
  packets = 0;
  /** Numbers of frames that could not be decoded at all. */
  readonly lost: number[] = [];
  /** Frames before the first that could be decoded. */
  lostAhead = 0;
  /** Why reading stopped, if it was not the end of the file. */
  stopped: string | undefined;
  readonly #format: FormatContext;
  readonly #stream: Stream;
  readonly #decoder: CodecContext;

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

  /** Frames from where the file stands, in order of presentation. */
  async *frames(signal?: AbortSignal): AsyncGenerator<DecodedFrame, void, undefined> {
    const order = new PresentationOrder();
    const packet = new Packet();
    packet.alloc();
    try {
      let failures = 0;
      for (let ended = false; !ended; ) {
        signal?.throwIfAborted();
        const read = await this.#format.readFrame(packet);
        if (read >= 0) {
          if (packet.streamIndex !== this.#stream.index) {
            packet.unref();
            continue;
          }
          if ((packet.flags & AV_PKT_FLAG_DISCARD) === 0) {
            this.packets++;
            order.expect(packet.pts === AV_NOPTS_VALUE ? undefined : Number(packet.pts));
          }
        } else {
          ended = true;
          if (read !== AVERROR_EOF) this.stopped = reason(read);
        }
        const sent = await this.#decoder.sendPacket(ended ? null : packet);
        if (!ended) packet.unref();
        failures = sent < 0 && sent !== AVERROR_EOF ? failures + 1 : 0;
        if (failures > MAX_FAILURES) {
          this.stopped = `${MAX_FAILURES} broken packets in a row`;
          ended = true;
        }
        yield* this.#ready(order);
      }
      this.#note(order);
    } finally {
      packet.free();
    }
  }

  /** Frames that the decoder has ready. */
  async *#ready(order: PresentationOrder): AsyncGenerator<DecodedFrame, void, undefined> {
    for (let failures = 0; failures < 64; ) {
      const picture = new Frame();
      picture.alloc();
      const code = await this.#decoder.receiveFrame(picture);
      if (code < 0) {
        picture.free();
        if (code === AGAIN || code === AVERROR_EOF) return;
        failures++; // a frame that failed; those behind it may not have
        continue;
      }
      const best = picture.bestEffortTimestamp;
      const interlaced = (picture.flags & AV_FRAME_FLAG_INTERLACED) !== 0;
      const { index, pts } = order.place(best === AV_NOPTS_VALUE ? undefined : Number(best), interlaced, this.#frameUnits);
      this.#note(order);
      yield {
        index,
        pts,
        time: (pts - order.origin) * this.facts.timeUnit,
        damaged: (picture.flags & AV_FRAME_FLAG_CORRUPT) !== 0 || picture.decodeErrorFlags !== 0,
        interlaced,
        picture,
        [Symbol.dispose]: () => picture.free(),
      };
    }
  }

  #note(order: PresentationOrder): void {
    this.lostAhead = order.ahead;
    for (const index of order.lost.slice(this.lost.length)) this.lost.push(index);
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
 * shows that those could not be decoded, and they keep their numbers.
 */
class PresentationOrder {
  /** Timestamp of frame 0. */
  origin = 0;
  ahead = 0;
  readonly lost: number[] = [];
  #pending: number[] = [];
  #next = 0;
  #last: number | undefined;
  /** Whether a packet is a frame: not so for fields, and not to be known without timestamps. */
  #whole = true;

  expect(pts: number | undefined): void {
    if (pts === undefined || this.#pending.includes(pts)) this.#whole = false;
    else this.#pending.push(pts);
  }

  place(stated: number | undefined, interlaced: boolean, units: number): { index: number; pts: number } {
    if (interlaced) this.#whole = false;
    // A timestamp that is missing or does not grow: one frame behind the last.
    const pts =
      stated === undefined || (this.#last !== undefined && stated <= this.#last)
        ? (this.#last ?? 0) + (this.#last === undefined ? 0 : units)
        : stated;
    const passed = this.#pending.filter((other) => other < pts).length;
    this.#pending = this.#pending.filter((other) => other > pts);
    if (this.#last === undefined) {
      this.origin = pts;
      if (this.#whole) this.ahead = passed;
    } else if (this.#whole) {
      for (let i = 0; i < passed; i++) this.lost.push(this.#next++);
    }
    this.#last = pts;
    return { index: this.#next++, pts };
  }
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
    throw new ResourceError(`${name}: the decoder of ${codec.name ?? 'its codec'} does not start`, { found: reason(code) });
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
