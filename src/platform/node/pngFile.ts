/** PNG files of 8 and 16 bits, written with the system's own compression, which works beside the calling thread. Source: PNG specification, third edition. */
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import type { SinkPicture } from '../../video/index.ts';

const compress = promisify(deflate);
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Each row is told as its difference from the row above (9.2). */
const UP = 2;
const LEVEL = 4;

/** @param picture  1 channel (gray), 3 (RGB) or 4 (RGB and coverage). */
export async function pngBytes({ width, height, channels, data }: SinkPicture): Promise<Uint8Array> {
  const deep = data instanceof Uint16Array;
  const row = width * channels * (deep ? 2 : 1);
  const raw = new Uint8Array((row + 1) * height);
  const bytes = deep ? bigEndian(data) : data;
  for (let y = 0; y < height; y++) {
    const to = y * (row + 1);
    const from = y * row;
    raw[to] = UP;
    if (y === 0) raw.set(bytes.subarray(0, row), 1);
    else for (let x = 0; x < row; x++) raw[to + 1 + x] = bytes[from + x]! - bytes[from - row + x]!;
  }
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, deep ? 16 : 8);
  head.setUint8(9, channels === 1 ? 0 : channels === 3 ? 2 : 6);
  const packed = await compress(raw, { level: LEVEL });
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(head.buffer)),
    chunk('IDAT', packed),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function bigEndian(data: Uint16Array): Uint8Array {
  const out = new Uint8Array(data.length * 2);
  for (let i = 0; i < data.length; i++) {
    out[2 * i] = data[i]! >> 8;
    out[2 * i + 1] = data[i]! & 255;
  }
  return out;
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(content, 8);
  view.setUint32(8 + content.length, crc32(out.subarray(4, 8 + content.length)));
  return out;
}
