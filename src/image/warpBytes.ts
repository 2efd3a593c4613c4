/**
 * Warps of 8-bit images, linear, black outside: bit for bit what a float warp rounded half up would give, at the speed that aligned faces are
 * cut at. Weights are whole numbers of 1/1024, as positions lie on a grid of 1/32 pixel.
 */
import { type Affine, invertAffine } from './affine.ts';
import type { ByteImage } from './image.ts';
import { affinePositions, type Positions, positions } from './positions.ts';

/** @param targetFromSource  in pixels; must be invertible.  @param image  of three channels. */
export function warpBytes(image: ByteImage, targetFromSource: Affine, width: number, height: number): ByteImage {
  if (image.channels !== 3) throw new RangeError(`an image of ${image.channels} channels; 3 are warped`);
  const at = positions(width, height);
  affinePositions(at, invertAffine(targetFromSource));
  const out = new Uint8Array(width * height * 3);
  warp(image.data, image.width, image.height, at, out);
  return { width, height, channels: 3, data: out };
}

function warp(src: Uint8Array, width: number, height: number, { x: xs, y: ys }: Positions, out: Uint8Array): void {
  const row = width * 3;
  for (let i = 0, o = 0; i < xs.length; i++, o += 3) {
    const x = xs[i]! >> 5;
    const y = ys[i]! >> 5;
    if (x < -1 || y < -1 || x >= width || y >= height) continue;
    const fx = xs[i]! & 31;
    const fy = ys[i]! & 31;
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
}
