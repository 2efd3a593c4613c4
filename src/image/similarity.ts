/** How alike two pictures are inside a mask: what a truth score is made of. */
import type { FloatImage } from './image.ts';

/**
 * Peak signal-to-noise ratio over all channels, in decibels, each pixel weighted by the mask.
 *
 * @param a, b  of one size, 0…1. @param mask  1 channel, 0…1, not all 0.
 * @returns Infinity for equal pictures.
 */
export function maskedPsnr(a: FloatImage, b: FloatImage, mask: FloatImage): number {
  let [sum, weight] = [0, 0];
  for (let p = 0; p < mask.data.length; p++) {
    const w = mask.data[p]!;
    for (let c = 0; c < a.channels; c++) sum += w * (a.data[p * a.channels + c]! - b.data[p * a.channels + c]!) ** 2;
    weight += w * a.channels;
  }
  return -10 * Math.log10(sum / weight);
}

const RADIUS = 5;
const SIGMA = 1.5;

/**
 * Structural dissimilarity (1 − SSIM)/2 with an 11×11 Gaussian window of σ 1.5, averaged over channels and over the pixels that the mask weighs. Outside
 * the mask a is replaced by b first, so that what lies there does not leak in through the window.
 *
 * Source: Wang et al. 2004, eq. 13; K1 = 0.01, K2 = 0.03. Windows are cut off at the border and renormalised.
 */
export function maskedDssim(a: FloatImage, b: FloatImage, mask: FloatImage): number {
  const { width, height, channels } = b;
  const size = width * height;
  let total = 0;
  const blur = windowMean(width, height);
  for (let c = 0; c < channels; c++) {
    const plane = (pixel: (p: number) => number): Float64Array => blur(Float64Array.from({ length: size }, (_, p) => pixel(p)));
    const y = (p: number): number => b.data[p * channels + c]!;
    const x = (p: number): number => y(p) + (a.data[p * channels + c]! - y(p)) * mask.data[p]!;
    const [mx, my, xx, yy, xy] = [plane(x), plane(y), plane((p) => x(p) ** 2), plane((p) => y(p) ** 2), plane((p) => x(p) * y(p))];
    for (let p = 0; p < size; p++) {
      const [ux, uy] = [mx[p]!, my[p]!];
      const luminance = (2 * ux * uy + 1e-4) / (ux * ux + uy * uy + 1e-4);
      const structure = (2 * (xy[p]! - ux * uy) + 9e-4) / (xx[p]! - ux * ux + yy[p]! - uy * uy + 9e-4);
      total += ((1 - luminance * structure) / 2) * mask.data[p]!;
    }
  }
  return total / channels / mask.data.reduce((sum, w) => sum + w, 0);
}

/** The Gaussian window's weighted mean around every pixel. */
function windowMean(width: number, height: number): (plane: Float64Array) => Float64Array {
  const taps = Float64Array.from({ length: 2 * RADIUS + 1 }, (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)));
  return (plane) => blurLines(blurLines(plane, taps, width, 1, height, width), taps, height, width, width, 1);
}

function blurLines(from: Float64Array, taps: Float64Array, length: number, step: number, lines: number, lineStep: number): Float64Array {
  const to = new Float64Array(from.length);
  for (let i = 0; i < length; i++) {
    const [low, high] = [Math.max(-RADIUS, -i), Math.min(RADIUS, length - 1 - i)];
    let weight = 0;
    for (let k = low; k <= high; k++) weight += taps[k + RADIUS]!;
    for (let line = 0; line < lines; line++) {
      const at = line * lineStep + i * step;
      let sum = 0;
      for (let k = low; k <= high; k++) sum += taps[k + RADIUS]! * from[at + k * step]!;
      to[at] = sum / weight;
    }
  }
  return to;
}
