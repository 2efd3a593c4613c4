/**
 * The port to image files on Node: JPEG through mozjpeg compiled to WebAssembly, PNG by png.ts. Sizes are taken from the headers
 * and refused before anything is decoded; a decoder that trapped is thrown away, as its memory may be damaged.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import jpegDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import jpegEncoder from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js';
import { FormatError } from '../../base/index.ts';
import type { ByteImage, ImageCodec } from '../../image/index.ts';
import type { DeepImage } from '../../video/index.ts';
import { readPng, writePng } from './png.ts';

const MAX_SIDE = 16384;
const MAX_PIXELS = 100_000_000;

/** What of the Emscripten modules is used. */
interface JpegDecoder {
  decode(bytes: Uint8Array, applyOrientation: boolean): { data: Uint8ClampedArray; width: number; height: number } | null;
}
interface JpegEncoder {
  encode(rgba: Uint8Array, width: number, height: number, options: Readonly<Record<string, number | boolean>>): Uint8Array;
}
type Factory<T> = (overrides: object) => Promise<T>;

/**
 * A codec with its own WebAssembly instances, made at first use. Calls may overlap; each decodes on its own turn.
 *
 * @returns an ImageCodec as image/codec.ts describes it.
 */
export function nodeCodec(): ImageCodec {
  const decoder = new WasmModule<JpegDecoder>(jpegDecoder as unknown as Factory<JpegDecoder>, 'dec/mozjpeg_dec.wasm');
  const encoder = new WasmModule<JpegEncoder>(jpegEncoder as unknown as Factory<JpegEncoder>, 'enc/mozjpeg_enc.wasm');
  return {
    async decode(bytes, name) {
      if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(decoder, bytes, name);
      if (bytes[0] === 0x89 && bytes[1] === 0x50) return pngPixels(bytes, name);
      throw new FormatError(`${name}: not an image that can be read`, { found: firstBytes(bytes), expected: 'a JPEG or a PNG' });
    },
    async encodePng(image) {
      return writePng(image);
    },
    async encodeJpeg(image, quality) {
      const gray = image.channels === 1;
      const options = { ...jpegOptions, quality, chroma_quality: quality, color_space: gray ? 1 : 3 };
      return encoder.use((module) => Uint8Array.from(module.encode(rgbaOf(image), image.width, image.height, options)));
    },
  };
}

/** Baseline files with the standard's own quantization tables, like those of libjpeg; full chroma from quality 90 on. */
const jpegOptions = {
  baseline: true,
  arithmetic: false,
  progressive: false,
  optimize_coding: true,
  smoothing: 0,
  quant_table: 0,
  trellis_multipass: false,
  trellis_opt_zero: false,
  trellis_opt_table: false,
  trellis_loops: 1,
  auto_subsample: true,
  chroma_subsample: 2,
  separate_chroma_quality: false,
};

/** A compiled module and its present instance, which is replaced after a call that threw. */
class WasmModule<T> {
  readonly #factory: Factory<T>;
  readonly #file: string;
  #compiled: Promise<WebAssembly.Module> | undefined;
  #instance: Promise<T> | undefined;
  /** What the module wrote to its error stream in the present call. */
  complaints: string[] = [];

  constructor(factory: Factory<T>, file: string) {
    this.#factory = factory;
    this.#file = file;
  }

  async use<R>(call: (module: T) => R): Promise<R> {
    this.#compiled ??= readFile(createRequire(import.meta.url).resolve(`@jsquash/jpeg/codec/${this.#file}`)).then((bytes) =>
      WebAssembly.compile(bytes),
    );
    this.#instance ??= this.#instantiate(await this.#compiled);
    const module = await this.#instance;
    this.complaints = [];
    try {
      return call(module);
    } catch (error) {
      this.#instance = undefined;
      throw error;
    }
  }

  #instantiate(compiled: WebAssembly.Module): Promise<T> {
    return this.#factory({
      noInitialRun: true,
      print: () => {},
      printErr: (line: string) => this.complaints.push(line),
      instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
        const instance = new WebAssembly.Instance(compiled, imports);
        done(instance);
        return instance.exports;
      },
    });
  }
}

async function decodeJpeg(decoder: WasmModule<JpegDecoder>, bytes: Uint8Array, name: string): Promise<ByteImage> {
  checkSize(jpegSize(bytes, name), name);
  const damaged = (found: string, cause?: unknown): FormatError =>
    new FormatError(`${name}: this JPEG is damaged`, { found, next: 'restore the file, or remove it', cause });
  let decoded: ReturnType<JpegDecoder['decode']>;
  try {
    decoded = await decoder.use((module) => {
      const image = module.decode(bytes, false);
      if (decoder.complaints.some((line) => /premature|corrupt/i.test(line))) throw new Error(decoder.complaints.join('; '));
      return image;
    });
  } catch (cause) {
    throw damaged(decoder.complaints.join('; ') || (cause instanceof Error ? cause.message : String(cause)), cause);
  }
  if (decoded === null) throw damaged('the decoder gives no image');
  const { width, height, data } = decoded;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + 1]!;
    rgb[to + 2] = data[from + 2]!;
  }
  return { width, height, channels: 3, data: rgb };
}

/** Width and height from the frame header. Source: ITU-T T.81, B.2.2. */
function jpegSize(bytes: Uint8Array, name: string): [width: number, height: number] {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) at++;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return [(bytes[at + 7]! << 8) | bytes[at + 8]!, (bytes[at + 5]! << 8) | bytes[at + 6]!];
    } else at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  throw new FormatError(`${name}: this JPEG is damaged`, { found: 'no frame header', next: 'restore the file, or remove it' });
}

function pngPixels(bytes: Uint8Array, name: string): ByteImage {
  const png = readPng(bytes, name, (size) => checkSize(size, name));
  const { width, height, depth } = png;
  const wide = depth < 8 ? unpacked(png.data, width, height, depth) : png.data;
  const channels = png.channels >= 3 ? 3 : 1;
  const skip = png.channels - channels;
  if (depth === 8 && skip === 0 && wide instanceof Uint8Array) return { width, height, channels, data: wide };
  const data = new Uint8Array(width * height * channels);
  const shift = depth === 16 ? 8 : 0;
  for (let from = 0, to = 0; to < data.length; from += skip) {
    for (let c = 0; c < channels; c++, from++, to++) data[to] = wide[from]! >> shift;
  }
  return { width, height, channels, data };
}

/**
 * A PNG of 16 bits as RGB of 16 bits, transparency dropped; undefined for anything else.
 *
 * @throws FormatError as decode() of the codec does.
 */
export function deepPng(bytes: Uint8Array, name: string): DeepImage | undefined {
  if (bytes[0] !== 0x89 || bytes[24] !== 16) return undefined;
  const png = readPng(bytes, name, (size) => checkSize(size, name));
  const { width, height, channels } = png;
  const data = new Uint16Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += channels) {
    for (let c = 0; c < 3; c++) data[to++] = png.data[from + (channels >= 3 ? c : 0)]!;
  }
  return { width, height, channels: 3, data };
}

/** Gray samples of 1, 2 or 4 bits, rows filled up to bytes, as 0…255. */
function unpacked(packed: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = packed[Math.floor(i / width) * rowBytes + (bit >> 3)]!;
    return (((byte >> (8 - depth - (bit & 7))) & most) * 255) / most;
  });
}

function rgbaOf({ width, height, channels, data }: ByteImage): Uint8Array {
  const rgba = new Uint8Array(width * height * 4);
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    for (let c = 0; c < 3; c++) rgba[to + c] = data[from + (channels === 1 ? 0 : c)]!;
    rgba[to + 3] = 255;
  }
  return rgba;
}

function checkSize([width, height]: readonly [number, number], name: string): void {
  if (width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS) return;
  throw new FormatError(`${name}: images of this size are not read`, {
    found: `${width}×${height} pixels`,
    expected: `1 to ${MAX_SIDE} a side, at most ${MAX_PIXELS / 1e6} million in all`,
  });
}

const firstBytes = (bytes: Uint8Array): string =>
  bytes.length === 0
    ? 'an empty file'
    : `first bytes ${Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ')}`;
