/** The tracks of a clip beside its pictures (sound, subtitles), as packets to be copied without decoding. */
import { ResourceError } from '../../base/index.ts';
import {
  AV_NOPTS_VALUE,
  AVDISCARD_ALL,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  Dictionary,
  FormatContext,
  Packet,
  reason,
  type Stream,
} from './videoLibrary.ts';

/** What is copied at most: everything, sound only, nothing. A container that refuses one is asked for the next. */
export const COPIES = ['sound and subtitles', 'sound', 'nothing'] as const;
export type Copied = (typeof COPIES)[number];

/** 'text', as FFmpeg has it in a number. */
const TEXT_TAG = 0x74786574;

/** An open clip whose packets are read in order of time. */
export class SideTracks implements AsyncDisposable {
  readonly #format: FormatContext;
  readonly #streams: readonly Stream[];
  readonly #packet = new Packet();
  #outputs = new Map<number, Stream>();
  #held = false;

  private constructor(format: FormatContext, streams: readonly Stream[]) {
    this.#format = format;
    this.#streams = streams;
    this.#packet.alloc();
  }

  static async open(path: string): Promise<SideTracks> {
    const format = new FormatContext();
    const code = await format.openInput(`file:${path}`, null, Dictionary.fromObject({ protocol_whitelist: 'file' }));
    if (code < 0) throw new Error(`${path}: ${reason(code)}`);
    await format.findStreamInfo(null);
    const { streams } = format;
    for (const stream of streams) if (!copyable(stream, 'sound and subtitles')) stream.discard = AVDISCARD_ALL;
    return new SideTracks(format, streams);
  }

  /**
   * Tracks that are neither pictures, sound nor subtitles, and cannot be copied.
   *
   * @param chapters  whether the clip has chapters, which in QuickTime's way are a track of text.
   */
  others({ chapters }: { readonly chapters: boolean }): number {
    const left = this.#streams.filter(
      (stream) => stream.codecpar.codecType !== AVMEDIA_TYPE_VIDEO && !copyable(stream, 'sound and subtitles'),
    );
    return left.filter((stream) => !(chapters && stream.codecpar.codecTag === TEXT_TAG)).length;
  }

  has(copied: Copied): boolean {
    return this.#streams.some((stream) => copyable(stream, copied));
  }

  /** Makes a track in `output` for each of those that are copied. */
  addTo(output: FormatContext, copied: Copied): void {
    this.#outputs = new Map();
    for (const stream of this.#streams) {
      if (!copyable(stream, copied)) continue;
      const made = output.newStream(null);
      stream.codecpar.copy(made.codecpar);
      made.codecpar.codecTag = 0;
      made.timeBase = stream.timeBase;
      made.disposition = stream.disposition;
      if (stream.metadata !== null) made.metadata = stream.metadata;
      this.#outputs.set(stream.index, made);
    }
  }

  /**
   * Copies packets that begin before a time, both in seconds of the source.
   *
   * @param start  what is earlier is left out, and becomes 0 of the output; if undefined all stays where it is.
   */
  async copyUntil(time: number, output: FormatContext, start: number | undefined): Promise<void> {
    if (this.#outputs.size === 0) return;
    for (;;) {
      if (!this.#held && (await this.#format.readFrame(this.#packet)) < 0) return;
      this.#held = true;
      const packet = this.#packet;
      const from = this.#streams[packet.streamIndex];
      const to = this.#outputs.get(packet.streamIndex);
      const stamp = packet.dts === AV_NOPTS_VALUE ? packet.pts : packet.dts;
      if (from !== undefined && to !== undefined) {
        const unit = from.timeBase.num / from.timeBase.den;
        const seconds = stamp === AV_NOPTS_VALUE ? 0 : Number(stamp) * unit;
        if (seconds >= time) return;
        if (start === undefined || seconds >= start) {
          const shift = BigInt(Math.round((start ?? 0) / unit));
          if (packet.pts !== AV_NOPTS_VALUE) packet.pts -= shift;
          if (packet.dts !== AV_NOPTS_VALUE) packet.dts -= shift;
          packet.rescaleTs(from.timeBase, to.timeBase);
          packet.streamIndex = to.index;
          packet.pos = -1n;
          const code = await output.interleavedWriteFrame(packet);
          if (code < 0) throw new ResourceError('sound or subtitles cannot be written', { found: reason(code) });
        }
      }
      packet.unref();
      this.#held = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#packet.free();
    await this.#format.closeInput();
  }
}

function copyable(stream: Stream, copied: Copied): boolean {
  const { codecType } = stream.codecpar;
  if (copied === 'nothing') return false;
  return codecType === AVMEDIA_TYPE_AUDIO || (copied !== 'sound' && codecType === AVMEDIA_TYPE_SUBTITLE);
}
