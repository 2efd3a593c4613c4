/** The tracks of a clip beside its pictures (sound, subtitles), copied packet by packet; where a container does not take them so, encoded anew or as text. */
import { ResourceError } from '../../base/index.ts';
import { SoundEncoder, type SoundSpan } from './soundEncoder.ts';
import { subtitleAs, textFormFor, timedTextHead } from './subtitleText.ts';
import {
  AV_CODEC_ID_MOV_TEXT,
  AV_NOPTS_VALUE,
  type AVCodecID,
  AVDISCARD_ALL,
  AVFMT_GLOBALHEADER,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  Dictionary,
  FormatContext,
  Packet,
  reason,
  type Stream,
} from './videoLibrary.ts';

/** What becomes of a track: its packets as they are, encoded anew, its words alone in another form, or nothing. */
export type Carried = 'copy' | 'encode' | 'text' | 'leave';

export interface SideTrack {
  readonly stream: Stream;
  readonly isSound: boolean;
}

/** 'text', as FFmpeg has it in a number. */
const TEXT_TAG = 0x74786574;

/** Takes the packets of one track into the output. */
interface Carrier {
  readonly to: Stream;
  take(packet: Packet): Promise<void>;
  end(): Promise<void>;
  [Symbol.dispose](): void;
}

/** Seconds before a cut from which sound is decoded, as decoders need some to begin with. */
const WARM_UP = 0.5;

/** An open clip whose packets are read in order of time. */
export class SideTracks implements AsyncDisposable {
  /** Those that can be carried over. */
  readonly tracks: readonly SideTrack[];
  readonly #format: FormatContext;
  readonly #streams: readonly Stream[];
  readonly #span: SoundSpan;
  readonly #packet = new Packet();
  #carriers = new Map<number, Carrier>();
  #held = false;

  private constructor(format: FormatContext, streams: readonly Stream[], span: SoundSpan) {
    this.#format = format;
    this.#streams = streams;
    this.#span = span;
    this.tracks = streams.flatMap((stream) => {
      const { codecType } = stream.codecpar;
      const isSound = codecType === AVMEDIA_TYPE_AUDIO;
      return isSound || codecType === AVMEDIA_TYPE_SUBTITLE ? [{ stream, isSound }] : [];
    });
    this.#packet.alloc();
  }

  /** @param span  in seconds by the clock of the file. */
  static async open(path: string, span: SoundSpan): Promise<SideTracks> {
    const format = new FormatContext();
    const code = await format.openInput(`file:${path}`, null, Dictionary.fromObject({ protocol_whitelist: 'file' }));
    if (code < 0) throw new Error(`${path}: ${reason(code)}`);
    await format.findStreamInfo(null);
    const found = new SideTracks(format, format.streams, span);
    const wanted = new Set(found.tracks.map(({ stream }) => stream.index));
    for (const stream of format.streams) if (!wanted.has(stream.index)) stream.discard = AVDISCARD_ALL;
    return found;
  }

  /**
   * Tracks that are neither pictures, sound nor subtitles, and cannot be carried over.
   *
   * @param chapters  whether the clip has chapters, which in QuickTime's way are a track of text.
   */
  others({ chapters }: { readonly chapters: boolean }): number {
    const known = new Set(this.tracks.map(({ stream }) => stream.index));
    return this.#streams.filter(
      ({ index, codecpar }) =>
        codecpar.codecType !== AVMEDIA_TYPE_VIDEO && !known.has(index) && !(chapters && codecpar.codecTag === TEXT_TAG),
    ).length;
  }

  /**
   * Makes a track in `output` for each of those that are carried over.
   *
   * @param plan  by the number of the stream.  @param name  of the output.
   * @returns the codecs they are in, by the number of their stream.
   */
  async addTo(output: FormatContext, plan: ReadonlyMap<number, Carried>, name: string): Promise<ReadonlyMap<number, string>> {
    this.#drop();
    const made = new Map<number, string>();
    for (const { stream } of this.tracks) {
      const how = plan.get(stream.index) ?? 'leave';
      const headerApart = ((output.oformat?.flags ?? 0) & AVFMT_GLOBALHEADER) !== 0;
      const encoder =
        how === 'encode' ? await SoundEncoder.open(stream, output.oformat?.audioCodec ?? -1, this.#span, headerApart) : undefined;
      if (how === 'leave' || (how === 'encode' && encoder === undefined)) continue;
      const to = output.newStream(null);
      made.set(stream.index, encoder?.name ?? how);
      to.disposition = stream.disposition;
      if (stream.metadata !== null) to.metadata = stream.metadata;
      if (encoder === undefined) {
        stream.codecpar.copy(to.codecpar);
        to.codecpar.codecTag = 0;
        to.timeBase = stream.timeBase;
        if (how === 'text') becomeText(to, textFormFor(name)!.id);
        this.#carriers.set(stream.index, copier(stream, to, output, this.#span));
      } else {
        to.timeBase = encoder.context.timeBase;
        to.codecpar.fromContext(encoder.context);
        this.#carriers.set(stream.index, recoder(encoder, stream, to, output, this.#span));
      }
    }
    return made;
  }

  /** Carries packets over that begin before a time, in seconds of the source. */
  async copyUntil(time: number): Promise<void> {
    if (this.#carriers.size === 0) return;
    const end = Math.min(time, this.#span.to);
    for (;;) {
      if (!this.#held && (await this.#format.readFrame(this.#packet)) < 0) return;
      this.#held = true;
      const packet = this.#packet;
      const carrier = this.#carriers.get(packet.streamIndex);
      if (carrier !== undefined) {
        if (secondsOf(packet, this.#streams[packet.streamIndex]!) >= end) return;
        await carrier.take(packet);
      }
      packet.unref();
      this.#held = false;
    }
  }

  /** What is left, and what encoders still hold. */
  async finish(): Promise<void> {
    await this.copyUntil(Number.POSITIVE_INFINITY);
    for (const carrier of this.#carriers.values()) await carrier.end();
  }

  #drop(): void {
    for (const carrier of this.#carriers.values()) carrier[Symbol.dispose]();
    this.#carriers = new Map();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#drop();
    this.#packet.free();
    await this.#format.closeInput();
  }
}

function secondsOf({ pts, dts }: Packet, { timeBase: { num, den } }: Stream): number {
  const stamp = dts === AV_NOPTS_VALUE ? pts : dts;
  return stamp === AV_NOPTS_VALUE ? 0 : (Number(stamp) * num) / den;
}

function becomeText({ codecpar }: Stream, id: AVCodecID): void {
  codecpar.codecId = id;
  codecpar.extradata = id === AV_CODEC_ID_MOV_TEXT ? timedTextHead() : null;
}

async function write(output: FormatContext, packet: Packet): Promise<void> {
  const code = await output.interleavedWriteFrame(packet);
  if (code < 0) throw new ResourceError('sound or subtitles cannot be written', { found: reason(code) });
}

/** Packets as they are, or their words in the form of the other track. */
function copier(from: Stream, to: Stream, output: FormatContext, span: SoundSpan): Carrier {
  const start = span.from;
  const shift = BigInt(Math.round((start ?? 0) / (from.timeBase.num / from.timeBase.den)));
  const [was, is] = [from.codecpar.codecId, to.codecpar.codecId];
  return {
    to,
    async take(packet) {
      if (start !== undefined && secondsOf(packet, from) < start) return;
      if (was !== is) {
        const text = packet.data === null ? undefined : subtitleAs(is, was, packet.data);
        if (text === undefined) return;
        const { pts, dts, duration } = packet;
        packet.data = text; // which forgets the rest
        Object.assign(packet, { pts, dts, duration });
      }
      if (packet.pts !== AV_NOPTS_VALUE) packet.pts -= shift;
      if (packet.dts !== AV_NOPTS_VALUE) packet.dts -= shift;
      packet.rescaleTs(from.timeBase, to.timeBase);
      packet.streamIndex = to.index;
      packet.pos = -1n;
      await write(output, packet);
    },
    end: async () => {},
    [Symbol.dispose]: () => {},
  };
}

function recoder(encoder: SoundEncoder, from: Stream, to: Stream, output: FormatContext, { from: start }: SoundSpan): Carrier {
  const take = async (packet: Packet): Promise<void> => {
    packet.rescaleTs(encoder.context.timeBase, to.timeBase);
    packet.streamIndex = to.index;
    await write(output, packet);
  };
  return {
    to,
    async take(packet) {
      if (start === undefined || secondsOf(packet, from) >= start - WARM_UP) await encoder.encode(packet, take);
    },
    end: () => encoder.encode(null, take),
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}
