/**
 * Sound encoded anew, where a container does not hold the codec that it comes in: decoded, cut to the film's stretch to the sample, brought to what the
 * encoder takes, and encoded with the times it had.
 */
import { ResourceError } from '../../base/index.ts';
import {
  AV_BUFFERSRC_FLAG_KEEP_REF,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_NOPTS_VALUE,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  avChannelLayoutDefault,
  avChannelLayoutDescribe,
  avGetSampleFmtName,
  Codec,
  CodecContext,
  Dictionary,
  type FFEncoderCodec,
  Filter,
  type FilterContext,
  FilterGraph,
  Frame,
  Packet,
  Rational,
  reason,
  type Stream,
} from './videoLibrary.ts';

/** A codec that containers ask for by its number, and how its encoder is used. */
interface SoundCodec {
  readonly id: number;
  readonly name: string;
  readonly encoder: string;
  readonly format: typeof AV_SAMPLE_FMT_FLT;
  readonly rates: readonly number[];
  readonly layouts: readonly string[];
  /** Of each channel a second: near to what listeners cannot tell from the source. */
  readonly bits: number;
}

const SURROUND = ['mono', 'stereo', '3.0', 'quad', '5.0', '5.1', '6.1', '7.1'];
const codecs: readonly SoundCodec[] = [
  { id: AV_CODEC_ID_OPUS, name: 'Opus', encoder: 'libopus', format: AV_SAMPLE_FMT_FLT, rates: [48_000], layouts: SURROUND, bits: 80_000 },
  {
    ...{ id: AV_CODEC_ID_AAC, name: 'AAC', encoder: 'aac', format: AV_SAMPLE_FMT_FLTP },
    ...{ rates: [48_000, 44_100, 96_000, 88_200, 32_000], layouts: SURROUND.filter((one) => one !== 'quad'), bits: 96_000 },
  },
  {
    ...{ id: AV_CODEC_ID_MP3, name: 'MP3', encoder: 'libmp3lame', format: AV_SAMPLE_FMT_FLTP },
    ...{ rates: [48_000, 44_100, 32_000], layouts: ['mono', 'stereo'], bits: 128_000 },
  },
  {
    ...{ id: AV_CODEC_ID_AC3, name: 'AC-3', encoder: 'ac3', format: AV_SAMPLE_FMT_FLTP },
    ...{ rates: [48_000, 44_100, 32_000], layouts: ['mono', 'stereo', '5.1'], bits: 112_000 },
  },
];

/** Seconds of the source, by its own clock. */
export interface SoundSpan {
  /** What is earlier is left out, and this becomes 0; if undefined all stays where it is. */
  readonly from: number | undefined;
  readonly to: number;
}

interface Graph {
  readonly all: FilterGraph;
  readonly source: FilterContext;
  readonly sink: FilterContext;
}

export class SoundEncoder implements Disposable {
  /** Of the encoder. */
  readonly name: string;
  readonly context: CodecContext;
  readonly #source: Stream;
  readonly #span: SoundSpan;
  readonly #decoder: CodecContext;
  readonly #format: string;
  readonly #frame = new Frame();
  readonly #packet = new Packet();
  #graph: Graph | undefined;

  private constructor(source: Stream, span: SoundSpan, codec: SoundCodec, parts: { decoder: CodecContext; encoder: CodecContext }) {
    this.name = codec.name;
    this.context = parts.encoder;
    this.#source = source;
    this.#span = span;
    this.#decoder = parts.decoder;
    const layout = avChannelLayoutDescribe(parts.encoder.channelLayout);
    this.#format = `sample_fmts=${avGetSampleFmtName(codec.format)}:sample_rates=${parts.encoder.sampleRate}:channel_layouts=${layout}`;
    this.#frame.alloc();
    this.#packet.alloc();
  }

  /** @param id  of the codec that the container asks for.  @returns undefined if there is no decoder for the source, or no encoder of that codec. */
  static async open(source: Stream, id: number, span: SoundSpan, headerApart: boolean): Promise<SoundEncoder | undefined> {
    const codec = codecs.find((one) => one.id === id);
    const [from, to] = [Codec.findDecoder(source.codecpar.codecId), codec && Codec.findEncoderByName(codec.encoder as FFEncoderCodec)];
    if (codec === undefined || from === null || to === null || to === undefined) return undefined;
    const [decoder, encoder] = [new CodecContext(), new CodecContext()];
    const failed = (): undefined => {
      decoder.freeContext();
      encoder.freeContext();
    };
    decoder.allocContext3(from);
    decoder.parametersToContext(source.codecpar);
    decoder.pktTimebase = source.timeBase;
    if ((await decoder.open2(from, null)) < 0) return failed();
    const { sampleRate, channelLayout } = source.codecpar;
    const rate = codec.rates.includes(sampleRate) ? sampleRate : codec.rates[0]!;
    const known = codec.layouts.includes(avChannelLayoutDescribe(channelLayout) ?? '');
    const most = codec.layouts.includes('7.1') ? 8 : codec.layouts.includes('5.1') ? 6 : 2;
    const layout = known ? channelLayout : avChannelLayoutDefault(Math.min(Math.max(1, channelLayout.nbChannels), most));
    encoder.allocContext3(to);
    encoder.sampleRate = rate;
    encoder.sampleFormat = codec.format;
    encoder.channelLayout = codec.layouts.includes(avChannelLayoutDescribe(layout) ?? '') ? layout : avChannelLayoutDefault(2);
    encoder.bitRate = BigInt(codec.bits * encoder.channelLayout.nbChannels);
    encoder.timeBase = new Rational(1, rate);
    if (headerApart) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    if ((await encoder.open2(to, Dictionary.fromObject({}))) < 0) return failed();
    return new SoundEncoder(source, span, codec, { decoder, encoder });
  }

  /**
   * @param packet  of the source, with its own times; null at the end.
   * @param take  gets packets with times in the encoder's unit.
   */
  async encode(packet: Packet | null, take: (packet: Packet) => Promise<void>): Promise<void> {
    if ((await this.#decoder.sendPacket(packet)) < 0) return; // damaged: what is around it goes on, with silence in its place
    const frame = this.#frame;
    while ((await this.#decoder.receiveFrame(frame)) >= 0) {
      if (frame.pts !== AV_NOPTS_VALUE) {
        const graph = (this.#graph ??= await this.#build(frame));
        const { num, den } = this.#source.timeBase;
        frame.pts = BigInt(Math.round((Number(frame.pts) * num * frame.sampleRate) / den));
        this.#check(await graph.source.buffersrcAddFrame(frame, AV_BUFFERSRC_FLAG_KEEP_REF));
        await this.#drain(take);
      }
      frame.unref();
    }
    if (packet !== null || this.#graph === undefined) return;
    this.#check(await this.#graph.source.buffersrcAddFrame(null));
    await this.#drain(take);
    this.#check(await this.context.sendFrame(null));
    await this.#packets(take);
  }

  /** Filters for frames like the first. A source that changes its kind on the way is brought to it by the graph's own source, or refused. */
  async #build(like: Frame): Promise<Graph> {
    const graph = new FilterGraph();
    graph.alloc();
    const { from, to } = this.#span;
    const rate = like.sampleRate;
    const trim = [...(from === undefined ? [] : [`start=${from}`]), ...(Number.isFinite(to) ? [`end=${to}`] : [])].join(':');
    const specs: readonly (readonly [string, string])[] = [
      [
        'abuffer',
        `time_base=1/${rate}:sample_rate=${rate}:sample_fmt=${avGetSampleFmtName(like.format as never)}:channel_layout=${avChannelLayoutDescribe(like.channelLayout)}`,
      ],
      ...(trim === '' ? [] : [['atrim', trim] as const]),
      ...(from === undefined ? [] : [['asetpts', `PTS-${from}/TB`] as const]),
      ['aresample', `${this.context.sampleRate}:async=1`], // gaps become silence
      ['aformat', this.#format],
      ...(this.context.frameSize === 0 ? [] : [['asetnsamples', `n=${this.context.frameSize}:p=0`] as const]),
      ['abuffersink', ''],
    ];
    const contexts = specs.map(([name, options]) => {
      const filter = Filter.getByName(name);
      const context = filter && graph.createFilter(filter, name, options === '' ? null : options);
      if (!context) throw new ResourceError(`sound: filter ${name} is missing or does not take it`, { found: options });
      return context;
    });
    for (const [i, context] of contexts.slice(1).entries()) this.#check(contexts[i]!.link(0, context, 0));
    this.#check(await graph.config());
    return { all: graph, source: contexts[0]!, sink: contexts.at(-1)! };
  }

  async #drain(take: (packet: Packet) => Promise<void>): Promise<void> {
    using frame = new Frame();
    frame.alloc();
    while ((await this.#graph!.sink.buffersinkGetFrame(frame)) >= 0) {
      this.#check(await this.context.sendFrame(frame));
      await this.#packets(take);
      frame.unref();
    }
  }

  async #packets(take: (packet: Packet) => Promise<void>): Promise<void> {
    while ((await this.context.receivePacket(this.#packet)) >= 0) await take(this.#packet);
  }

  #check(code: number): void {
    if (code < 0) throw new ResourceError(`sound cannot be encoded as ${this.name}`, { found: reason(code) });
  }

  [Symbol.dispose](): void {
    this.#graph?.all.free();
    this.#frame.free();
    this.#packet.free();
    this.#decoder.freeContext();
    this.context.freeContext();
  }
}
