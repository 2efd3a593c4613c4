/** Reads PNG files of 8 bits with alpha, which the program itself never needs: golden pictures carry masks there. */
import { inflateSync } from 'node:zlib';
import { FormatError } from '../base/index.ts';
import type { ByteImage } from '../image/index.ts';

/** @throws FormatError for a PNG of another kind. Source: PNG specification, third edition, 9 (filters). */
export function rgbaPng(bytes: Uint8Array, name: string): ByteImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (bytes[24] !== 8 || bytes[25] !== 6 || bytes[28] !== 0) throw new FormatError(`${name}: not a plain PNG of 8 bits with alpha`);
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const packed = inflateSync(Buffer.concat(parts));
  const row = width * 4;
  const data = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (row + 1)]!;
    for (let x = 0; x < row; x++) {
      const left = x < 4 ? 0 : data[y * row + x - 4]!;
      const up = y === 0 ? 0 : data[(y - 1) * row + x]!;
      const corner = x < 4 || y === 0 ? 0 : data[(y - 1) * row + x - 4]!;
      data[y * row + x] = packed[y * (row + 1) + 1 + x]! + predicted(filter, left, up, corner);
    }
  }
  return { width, height, channels: 4, data };
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const p = left + up - corner;
  const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
