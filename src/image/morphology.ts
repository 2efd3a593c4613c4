/**
 * Erosion, dilation and blur of gray masks with zeros around them, fast enough for masks of a thousand pixels a side. Each row of an ellipse
 * is a run of pixels, whose extreme is found from two runs whose length is a power of two: the cost grows with its height, not its area.
 */
import { gaussianKernel } from './blur.ts';
import { flatArray } from './flatArray.ts';
import { type FloatImage, floatImage } from './image.ts';
import { boundsOf } from './seamlessClone.ts';
import type { Simd } from './simd.ts';

/**
 * The least value under an ellipse, zeros outside of the image.
 *
 * @param mask  one channel.
 * @param size  side of the ellipse; 0 and 1 are none. Its anchor is at size div 2, so even sizes are lopsided.
 * Source: OpenCV, getStructuringElement(MORPH_ELLIPSE) and erode.
 */
export function erodeMask(mask: FloatImage, size: number, simd: Simd): FloatImage {
  return size <= 1 ? mask : leastUnderEllipse(mask, size, 1, simd);
}

/** The greatest value under an ellipse and 0; see erodeMask. */
export function dilateMask(mask: FloatImage, size: number, simd: Simd): FloatImage {
  return size <= 1 ? mask : leastUnderEllipse(mask, size, -1, simd);
}

/** The least of sign · mask under the ellipse, times sign. */
function leastUnderEllipse(mask: FloatImage, size: number, sign: 1 | -1, simd: Simd): FloatImage {
  const { width, height } = mask;
  const out = floatImage(width, height, 1);
  const bounds = boundsOf(mask);
  if (bounds === undefined) return out;
  const [r, after] = [size >> 1, size - 1 - (size >> 1)];
  // Where the result may differ from 0: dilation reaches beyond the mask.
  const [before, behind] = sign === 1 ? [0, 0] : [after, r];
  const [x0, y0] = [Math.max(0, bounds.x - before), Math.max(0, bounds.y - before)];
  const x1 = Math.min(width, bounds.x + bounds.width + behind);
  const y1 = Math.min(height, bounds.y + bounds.height + behind);
  const stride = x1 - x0 + size - 1;
  const [lines, padded] = [y1 - y0, stride * (y1 - y0 + size - 1)];
  const longest = r + after + 1;
  const levels = 1 + Math.floor(Math.log2(longest));
  const area = padded + size;
  const { floats, least } = flatArray(simd, area * (levels + 1));
  floats.fill(0, 0, area);
  for (let k = 1; k < levels; k++) floats.fill(0, k * area + padded, (k + 1) * area); // read, but never written
  for (let y = bounds.y; y < bounds.y + bounds.height; y++) {
    const from = y * width + bounds.x;
    const to = (y - y0 + r) * stride + bounds.x - x0 + r;
    if (sign === 1) floats.set(mask.data.subarray(from, from + bounds.width), to);
    else for (let x = 0; x < bounds.width; x++) floats[to + x] = -mask.data[from + x]!;
  }
  for (let k = 1; k < levels; k++) least([(k - 1) * area, (k - 1) * area + 2 ** (k - 1)], k * area, padded);
  const places: number[] = [];
  for (let dy = -r; dy <= after; dy++) {
    const reach = Math.round(Math.sqrt(r * r - dy * dy));
    const length = reach + Math.min(reach, after) + 1;
    const level = Math.floor(Math.log2(length));
    const first = level * area + (dy + r) * stride + r - reach;
    places.push(first);
    if (length > 2 ** level) places.push(first + length - 2 ** level);
  }
  least(places, levels * area, lines * stride);
  for (let y = 0; y < lines; y++) {
    const from = levels * area + y * stride;
    const to = (y0 + y) * width + x0;
    if (sign === 1) out.data.set(floats.subarray(from, from + x1 - x0), to);
    else for (let x = 0; x < x1 - x0; x++) out.data[to + x] = -floats[from + x]!;
  }
  return out;
}

/**
 * The mask blurred by a Gaussian, zeros outside of the image.
 *
 * @param size  odd number of taps; sigma follows from it as in gaussianBlur.
 */
export function blurMask(mask: FloatImage, size: number, simd: Simd): FloatImage {
  const { width, height } = mask;
  const out = floatImage(width, height, 1);
  const bounds = boundsOf(mask);
  if (bounds === undefined) return out;
  const reach = size >> 1;
  const x0 = Math.max(0, bounds.x - reach);
  const y0 = Math.max(0, bounds.y - reach);
  const x1 = Math.min(width, bounds.x + bounds.width + reach);
  const y1 = Math.min(height, bounds.y + bounds.height + reach);
  const stride = x1 - x0 + 2 * reach;
  const lines = y1 - y0;
  const area = stride * (lines + 2 * reach) + size;
  const { floats, sum } = flatArray(simd, 2 * area);
  floats.fill(0, 0, area);
  for (let y = bounds.y; y < bounds.y + bounds.height; y++) {
    const from = y * width + bounds.x;
    floats.set(mask.data.subarray(from, from + bounds.width), (y - y0 + reach) * stride + bounds.x - x0 + reach);
  }
  const half = gaussianKernel(size);
  const taps = (step: number, from: number): { at: number; weight: number }[] =>
    Array.from({ length: size }, (_, k) => ({ at: from + k * step, weight: half[Math.abs(k - reach)]! }));
  sum(taps(1, 0), area, area - size);
  sum(taps(stride, area), 0, lines * stride);
  for (let y = 0; y < lines; y++) out.data.set(floats.subarray(y * stride, y * stride + x1 - x0), (y0 + y) * width + x0);
  return out;
}
