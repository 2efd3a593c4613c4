/** Clips made for a test: what cannot be kept in the repository in all its variants. */
import { FilterChain, type FilterSpec } from '../../src/platform/node/videoFilters.ts';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_QUIET,
  AV_PIX_FMT_RGB24,
  AVFMT_GLOBALHEADER,
  Codec,
  CodecContext,
  Dictionary,
  FormatContext,
  Frame,
  Log,
  Packet,
  Rational,
} from '../../src/platform/node/videoLibrary.ts';

export interface ClipPlan {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** RGB of frame i. */
  readonly picture: (i: number) => Uint8Array;
  readonly codec?: string;
  readonly pixelFormat?: string;
  /** Options of the encoder. */
  readonly options?: Readonly<Record<string, string>>;
  readonly rate?: number;
  readonly sampleAspect?: readonly [number, number];
  /** Filters behind the conversion, such as one that makes fields. */
  readonly filters?: readonly FilterSpec[];
}

/** Writes a clip; the container follows the ending of the path. */
export async function makeClip(path: string, plan: ClipPlan): Promise<void> {
  const { width, height, codec = 'libx264', pixelFormat = 'yuv420p', rate = 25 } = plan;
  const ok = (code: number): void => {
    if (code < 0) throw new Error(`${path}: ${code}`);
  };
  Log.setLevel(AV_LOG_QUIET);
  const found = Codec.findEncoderByName(codec as never);
  if (found === null) throw new Error(`no encoder ${codec}`);
  const format = new FormatContext();
  ok(format.allocOutputContext2(null, null, path));
  const encoder = new CodecContext();
  encoder.allocContext3(found);
  const chain: FilterSpec[] = [
    ['scale', 'out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+bicubic'],
    ['format', `pix_fmts=${pixelFormat}`],
    ...(plan.filters ?? []),
  ];
  let filter: FilterChain | undefined;
  let stream: ReturnType<FormatContext['newStream']> | undefined;
  const packet = new Packet();
  packet.alloc();
  const write = async (): Promise<void> => {
    while ((await encoder.receivePacket(packet)) >= 0) {
      packet.streamIndex = 0;
      packet.rescaleTs(encoder.timeBase, stream!.timeBase);
      ok(await format.interleavedWriteFrame(packet));
    }
  };
  const start = async (like: Frame): Promise<void> => {
    encoder.width = like.width;
    encoder.height = like.height;
    encoder.pixelFormat = like.format as never;
    encoder.timeBase = new Rational(1, rate);
    encoder.framerate = new Rational(rate, 1);
    encoder.colorSpace = like.colorSpace;
    encoder.colorRange = like.colorRange;
    encoder.colorTrc = like.colorTrc;
    encoder.colorPrimaries = like.colorPrimaries;
    if (plan.sampleAspect !== undefined) encoder.sampleAspectRatio = new Rational(...plan.sampleAspect);
    if ((format.oformat!.flags & AVFMT_GLOBALHEADER) !== 0) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    ok(await encoder.open2(found, Dictionary.fromObject({ threads: '1', ...plan.options })));
    stream = format.newStream(null);
    stream.timeBase = encoder.timeBase;
    stream.avgFrameRate = encoder.framerate;
    ok(stream.codecpar.fromContext(encoder));
    if (plan.sampleAspect !== undefined) stream.sampleAspectRatio = encoder.sampleAspectRatio;
    ok(await format.openOutput());
    ok(await format.writeHeader());
  };
  let sent = 0;
  const encode = async (): Promise<void> => {
    using out = new Frame();
    out.alloc();
    while ((await filter!.pull(out)) >= 0) {
      if (stream === undefined) await start(out);
      out.pts = BigInt(sent++);
      out.pictType = 0 as never;
      ok(await encoder.sendFrame(out));
      await write();
      out.unref();
    }
  };
  for (let i = 0; i < plan.frames; i++) {
    using frame = Frame.fromVideoBuffer(Buffer.from(plan.picture(i)), {
      width,
      height,
      format: AV_PIX_FMT_RGB24,
      timeBase: { num: 1, den: rate },
    });
    frame.pts = BigInt(i);
    filter ??= await FilterChain.build(frame, chain, path);
    ok(await filter.push(frame));
    await encode();
  }
  await filter!.push(null);
  await encode();
  await encoder.sendFrame(null);
  await write();
  ok(await format.writeTrailer());
  await format.closeOutput();
  format.freeContext();
  encoder.freeContext();
  packet.free();
  filter?.[Symbol.dispose]();
}

/** A picture file by one of FFmpeg's encoders: tiff, bmp, libwebp. */
export async function encodePicture(
  codec: string,
  image: { readonly width: number; readonly height: number; readonly data: Uint8Array },
  pixelFormat = 'rgb24',
): Promise<Uint8Array> {
  Log.setLevel(AV_LOG_QUIET);
  const { width, height, data } = image;
  using frame = Frame.fromVideoBuffer(Buffer.from(data), { width, height, format: AV_PIX_FMT_RGB24 });
  using chain = await FilterChain.build(
    frame,
    [
      ['scale', 'flags=accurate_rnd+full_chroma_int'],
      ['format', `pix_fmts=${pixelFormat}`],
    ],
    codec,
  );
  using converted = new Frame();
  using encoder = new CodecContext();
  using packet = new Packet();
  converted.alloc();
  packet.alloc();
  await chain.push(frame);
  if ((await chain.pull(converted)) < 0) throw new Error(`no ${pixelFormat}`);
  const found = Codec.findEncoderByName(codec as never);
  encoder.allocContext3(found);
  encoder.width = width;
  encoder.height = height;
  encoder.pixelFormat = converted.format as never;
  encoder.timeBase = new Rational(1, 25);
  if ((await encoder.open2(found, Dictionary.fromObject(codec === 'libwebp' ? { lossless: '1' } : {}))) < 0)
    throw new Error(`no encoder ${codec}`);
  await encoder.sendFrame(converted);
  await encoder.sendFrame(null);
  if ((await encoder.receivePacket(packet)) < 0) throw new Error(`${codec} gives nothing`);
  return Uint8Array.from(packet.data ?? []);
}

/** A picture that tells its number: 8 bars, bright for the set bits of i, over a sloping ground. */
export function barcode(width: number, height: number, i: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const bit = (i >> Math.floor((x * 8) / width)) & 1;
      const level = y < height / 2 ? (bit === 1 ? 220 : 30) : Math.floor((x * 200) / width) + 20;
      data[at] = level;
      data[at + 1] = level;
      data[at + 2] = y < height / 2 ? level : 255 - level;
    }
  }
  return data;
}

/** The number that a barcode shows. */
export function readBarcode({ width, height, data }: { width: number; height: number; data: Uint8Array }): number {
  let i = 0;
  for (let bit = 0; bit < 8; bit++) {
    const at = (Math.floor(height / 4) * width + Math.floor(((bit + 0.5) * width) / 8)) * 3;
    if (data[at]! > 125) i |= 1 << bit;
  }
  return i;
}
