/**
 * Makes a PNG safe to hand to a decoder: only the chunks that pixels need, and the image data inflated here, within the size that the
 * header promises, then stored uncompressed. So a small file cannot fill the memory.
 * Source: PNG specification, third edition, 5 and 11.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import { FormatError } from '../../base/index.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * @param checkSize  throws if [width, height] is too large.
 * @throws FormatError if the file is no PNG or its data are damaged.
 */
export function plainPng(bytes: Uint8Array, name: string, checkSize: (size: readonly [number, number]) => void): Uint8Array {
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
  const [width, height, depth] = [head.getUint32(0), head.getUint32(4), head.getUint8(8)];
  checkSize([width, height]);
  const channels = channelsOf[head.getUint8(9)] ?? bad(`colour type ${head.getUint8(9)}`);
  const rowBytes = Math.ceil((width * channels * depth) / 8) + 1;
  const most = rowBytes * height + (head.getUint8(12) === 0 ? 0 : 16 * (width + height)); // interlaced: seven smaller images
  const compressed = chunks.get('IDAT') ?? bad('no image data');
  let pixels: Uint8Array = new Uint8Array(0);
  try {
    pixels = inflateSync(Buffer.concat(compressed), { maxOutputLength: most });
  } catch (cause) {
    bad(`image data that do not unpack to ${width}×${height} pixels`, cause);
  }
  if (head.getUint8(12) === 0 && pixels.length < rowBytes * height) bad(`${pixels.length} bytes of pixels, ${rowBytes * height} expected`);
  const palette = chunks.get('PLTE')?.[0];
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', deflateSync(pixels, { level: 0 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** A chunk whose checksum is zero: the decoder is asked not to look at it. */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length);
  new DataView(out.buffer).setUint32(0, content.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(content, 8);
  return out;
}
