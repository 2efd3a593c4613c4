/** Small correlations on images of any channels, border reflect-101: motion blur along a line, sharpening against a 3×3 mean. */
import { rotationAbout } from './affine.ts';
import { reflect101 } from './blur.ts';
import { type FloatImage, floatImage } from './image.ts';
import { medianFiltered } from './median.ts';
import type { Simd } from './simd.ts';
import { warpAffine } from './warp.ts';

/** How an image is sharpened: not at all, against the mean of 3×3 pixels, or against a Gaussian of 3×3. */
export type SharpenMode = 'none' | 'box' | 'gaussian';

/**
 * Correlates with a square kernel, as OpenCV's filter2D: the kernel is not flipped and its anchor is at size div 2.
 *
 * @param kernel  size² weights, row by row; those that are 0 cost nothing.
 */
export function correlate(image: FloatImage, kernel: ArrayLike<number>, size: number): FloatImage {
  const { width, height, channels } = image;
  const radius = size >> 1;
  const row = (width + size) * channels;
  const padded = padReflected(image, radius, size - radius);
  const offsets: number[] = [];
  const weights: number[] = [];
  for (let k = 0; k < size * size; k++) {
    if (kernel[k] === 0) continue;
    offsets.push(Math.floor(k / size) * row + (k % size) * channels);
    weights.push(kernel[k]!);
  }
  const out = floatImage(width, height, channels);
  const sum = new Float64Array(width * channels);
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    for (let k = 0; k < offsets.length; k++) addRow(padded, y * row + offsets[k]!, weights[k]!, sum);
    out.data.set(sum, y * width * channels);
  }
  return out;
}

function addRow(from: Float32Array, at: number, weight: number, sum: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += from[at + i]! * weight;
}

function padReflected({ width, height, channels, data }: FloatImage, before: number, after: number): Float32Array {
  const row = (width + before + after) * channels;
  const out = new Float32Array(row * (height + before + after));
  for (let y = 0; y < height + before + after; y++) {
    const from = reflect101(y - before, height) * width * channels;
    const to = y * row;
    out.set(data.subarray(from, from + width * channels), to + before * channels);
    for (let x = 0; x < before + after; x++) {
      const at = x < before ? x : width + x;
      const source = from + reflect101(at - before, width) * channels;
      for (let c = 0; c < channels; c++) out[to + at * channels + c] = data[source + c]!;
    }
  }
  return out;
}

/**
 * Blurs along a line, as a camera that moves while the shutter is open.
 *
 * @param size  side of the kernel in pixels, at least 1.
 * @param angleDeg  of the line, counter-clockwise.
 * Source: a row of ones in the middle of a square, turned about its centre with linear interpolation, divided by its sum.
 */
export function linearMotionBlur(image: FloatImage, size: number, angleDeg: number): FloatImage {
  const line = floatImage(size, size, 1);
  line.data.fill(1, ((size - 1) >> 1) * size, ((size - 1) >> 1) * size + size);
  const centre = size / 2 - 0.5;
  const turn = rotationAbout(centre, centre, angleDeg, 1);
  const turned = warpAffine(line, turn, { width: size, height: size, filter: 'linear', border: 'zero' }).data;
  const sum = turned.reduce((a, b) => a + b, 0);
  return correlate(
    image,
    turned.map((v) => v / sum),
    size,
  );
}

const third = [1 / 4, 1 / 2, 1 / 4];
const gauss3 = third.flatMap((a) => third.map((b) => a * b));

/**
 * Sharpens (amount > 0, in the given mode) or smooths by 5×5 medians (amount < 0, in any mode). Values are not clipped.
 *
 * @param amount  −100…100. Each ten below zero are one median; the rest is a share of one more.
 */
export function blurSharpen(image: FloatImage, mode: SharpenMode, amount: number, simd: Simd): FloatImage {
  if (amount < 0) return medianFiltered(image, -amount, 10, simd);
  if (amount === 0 || mode === 'none') return image;
  if (mode === 'box') {
    const kernel = Array.from({ length: 9 }, (_, k) => (k === 4 ? 1 + amount : 0) - amount / 9);
    return correlate(image, kernel, 3);
  }
  const soft = correlate(image, gauss3, 3);
  const [own, less] = [1 + amount / 2, amount / 2];
  for (let i = 0; i < soft.data.length; i++) soft.data[i] = image.data[i]! * own - soft.data[i]! * less;
  return soft;
}
