/**
 * PNGs, written by fast-png. Those of strangers: image data are inflated here, within the size that the header promises, so that a small
 * file cannot fill the memory. Rows of whole bytes are read here too, which is what frames and faces are; palettes, fewer bits and
 * interlaced files go through fast-png, with no chunks but those that pixels need and the data stored uncompressed.
 * Source: PNG specification, third edition, 5, 7 and 11.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import { convertIndexedToRgb, decode, encode } from 'fast-png';
import { FormatError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { unfilteredRows } from './pngRows.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;

export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  /** Samples as the file holds them: of 8 or 16 bits, or rows of packed ones of fewer bits. */
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
}

/**
 * Colours of a palette are looked up.
 *
 * @param checkSize  throws if [width, height] is too large.
 * @throws FormatError if the file is no PNG or its data are damaged.
 */
export function readPng(bytes: Uint8Array, name: string, checkSize: (size: readonly [number, number]) => void): PngImage {
  const bad = (found: string, cause?: unknown): never => {
    throw new FormatError(`${name}: this PNG is damaged`, { found, next: 'restore the file, or remove it', cause });
  };
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) bad('no PNG signature');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = new Map<string, Uint8Array[]>();
  for (let at = 8; at + 12 <= bytes.length && !chunks.has('IEND'); ) {
    const length = view.getUint32(at);
    if (length > bytes.length - at - 12) bad(`a chunk of ${length} bytes at ${at} of ${bytes.length}`);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    const others = chunks.get(type);
    if (others === undefined) chunks.set(type, [content]);
    else others.push(content);
    at += 12 + length;
  }
  const header = chunks.get('IHDR')?.[0];
  if (header === undefined || header.length !== 13) return bad('no image header');
  const head = new DataView(header.buffer, header.byteOffset, 13);
  const [width, height, depth, colours, interlacing] = [
    ...[head.getUint32(0), head.getUint32(4)],
    ...[head.getUint8(8), head.getUint8(9), head.getUint8(12)],
  ] as [number, number, number, number, number];
  checkSize([width, height]);
  const channels = channelsOf[colours] ?? bad(`colour type ${colours}`);
  const rowBytes = Math.ceil((width * channels * depth) / 8) + 1;
  const most = rowBytes * height + (interlacing === 0 ? 0 : 16 * (width + height)); // interlaced: seven smaller images
  const compressed = chunks.get('IDAT') ?? bad('no image data');
  let pixels: Uint8Array = new Uint8Array(0);
  try {
    const data = compressed.length === 1 ? compressed[0]! : Buffer.concat(compressed);
    // In one piece where the file is as large as such a picture would be; a promise alone gets no memory.
    pixels = inflateSync(data, { maxOutputLength: most, chunkSize: Math.max(1024, Math.min(most, data.length * 8)) });
  } catch (cause) {
    bad(`image data that do not unpack to ${width}×${height} pixels`, cause);
  }
  if (interlacing === 0 && pixels.length < rowBytes * height) bad(`${pixels.length} bytes of pixels, ${rowBytes * height} expected`);
  if (interlacing === 0 && colours !== PALETTE && (depth === 8 || depth === 16)) {
    const rows = unfilteredRows(pixels, rowBytes - 1, height, (channels * depth) / 8) ?? bad('a row with a filter that does not exist');
    return { width, height, depth, channels, data: depth === 8 ? rows : wordsOf(rows) };
  }
  const palette = chunks.get('PLTE')?.[0];
  const plain = Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', deflateSync(pixels, { level: 0 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
  try {
    const png = decode(plain);
    return png.palette === undefined ? png : { width, height, depth: 8, channels: 3, data: convertIndexedToRgb(png) };
  } catch (cause) {
    return bad(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** @param image  1 or 3 channels of 8 bits. */
export const writePng = ({ width, height, channels, data }: ByteImage): Uint8Array => encode({ width, height, channels, data, depth: 8 });

/** Numbers of 16 bits, the upper byte first. */
function wordsOf(bytes: Uint8Array): Uint16Array {
  const out = new Uint16Array(bytes.length / 2);
  for (let i = 0, from = 0; i < out.length; i++, from += 2) out[i] = (bytes[from]! << 8) | bytes[from + 1]!;
  return out;
}

/** A chunk whose checksum is zero: the decoder is asked not to look at it. */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length);
  new DataView(out.buffer).setUint32(0, content.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(content, 8);
  return out;
}
