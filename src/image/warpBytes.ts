/**
 * Warps of 8-bit images, linear, black outside: bit for bit what a float warp rounded half up would give, at the speed that aligned faces are
 * cut at. Weights are whole numbers of 1/1024, as positions lie on a grid of 1/32 pixel.
 */
import { type Affine, invertAffine } from './affine.ts';
import type { ByteImage } from './image.ts';
import { roundHalfEven } from './positions.ts';

/** @param targetFromSource  in pixels; must be invertible.  @param image  of three channels. */
export function warpBytes(image: ByteImage, targetFromSource: Affine, width: number, height: number): ByteImage {
  if (image.channels !== 3) throw new RangeError(`an image of ${image.channels} channels; 3 are warped`);
  const out = new Uint8Array(width * height * 3);
  warp(image.data, image.width, image.height, invertAffine(targetFromSource), width, height, out);
  return { width, height, channels: 3, data: out };
}

/** Positions are those of `affinePositions`, made where they are used: as arrays they would take more memory than the picture. */
function warp(
  src: Uint8Array,
  width: number,
  height: number,
  [ax, bx, tx, ay, by, ty]: Affine,
  outWidth: number,
  outHeight: number,
  out: Uint8Array,
): void {
  const row = width * 3;
  const dx = new Int32Array(outWidth);
  const dy = new Int32Array(outWidth);
  for (let i = 0; i < outWidth; i++) {
    dx[i] = roundHalfEven(ax * i * 1024);
    dy[i] = roundHalfEven(ay * i * 1024);
  }
  for (let j = 0, o = 0; j < outHeight; j++) {
    const x0 = (roundHalfEven((bx * j + tx) * 1024) + 16) | 0;
    const y0 = (roundHalfEven((by * j + ty) * 1024) + 16) | 0;
    o = warpRow(src, width, height, row, x0, y0, dx, dy, o, out);
  }
}

/** @returns where the next row of the target begins. */
function warpRow(
  src: Uint8Array,
  width: number,
  height: number,
  row: number,
  x0: number,
  y0: number,
  dx: Int32Array,
  dy: Int32Array,
  start: number,
  out: Uint8Array,
): number {
  let o = start;
  for (let i = 0; i < dx.length; i++, o += 3) {
    const sx = (x0 + dx[i]!) >> 5;
    const sy = (y0 + dy[i]!) >> 5;
    const x = sx >> 5;
    const y = sy >> 5;
    if (x < -1 || y < -1 || x >= width || y >= height) continue;
    const fx = sx & 31;
    const fy = sy & 31;
    const a = (32 - fx) * (32 - fy);
    const b = fx * (32 - fy);
    const c = (32 - fx) * fy;
    const d = fx * fy;
    const p = y * row + x * 3;
    if (x >= 0 && y >= 0 && x + 1 < width && y + 1 < height) {
      out[o] = (src[p]! * a + src[p + 3]! * b + src[p + row]! * c + src[p + row + 3]! * d + 512) >> 10;
      out[o + 1] = (src[p + 1]! * a + src[p + 4]! * b + src[p + row + 1]! * c + src[p + row + 4]! * d + 512) >> 10;
      out[o + 2] = (src[p + 2]! * a + src[p + 5]! * b + src[p + row + 2]! * c + src[p + row + 5]! * d + 512) >> 10;
      continue;
    }
    for (let k = 0; k < 3; k++) {
      let sum = 512;
      if (x >= 0 && y >= 0) sum += src[p + k]! * a;
      if (x + 1 < width && y >= 0) sum += src[p + 3 + k]! * b;
      if (x >= 0 && y + 1 < height) sum += src[p + row + k]! * c;
      if (x + 1 < width && y + 1 < height) sum += src[p + row + 3 + k]! * d;
      out[o + k] = sum >> 10;
    }
  }
  return o;
}
