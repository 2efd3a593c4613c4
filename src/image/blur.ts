/** Gaussian blur and growing of one-channel images, with OpenCV's kernels and borders. */
import { type FloatImage, floatImage } from './image.ts';

/** The kernels that OpenCV uses up to 9 taps when no sigma is given: from the middle outwards. */
const smallKernels: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  3: [1 / 2, 1 / 4],
  5: [6 / 16, 4 / 16, 1 / 16],
  7: [0.28125, 0.21875, 0.109375, 0.03125],
  9: [60 / 256, 51 / 256, 30 / 256, 13 / 256, 4 / 256],
};

/** Half of a Gaussian kernel, the middle first: entry k is the weight at distance k. Size odd; sigma follows from it. */
export function gaussianKernel(size: number): Float64Array {
  const known = smallKernels[size];
  if (known !== undefined) return Float64Array.from(known);
  const sigma = 0.3 * ((size - 1) / 2 - 1) + 0.8;
  const half = Float64Array.from({ length: (size + 1) / 2 }, (_, k) => Math.exp((-k * k) / (2 * sigma * sigma)));
  const sum = half.reduce((a, b) => a + 2 * b, -half[0]!);
  return half.map((v) => v / sum);
}

/**
 * Blurs a one-channel image; the border is mirrored without repeating the edge (reflect-101).
 *
 * @param size  odd number of taps.
 * Source: OpenCV, GaussianBlur with sigma 0.
 */
export function gaussianBlur(image: FloatImage, size: number): FloatImage {
  const { width, height } = image;
  const kernel = gaussianKernel(size);
  const across = floatImage(width, height, 1);
  const out = floatImage(width, height, 1);
  blurLines(image.data, across.data, kernel, { length: width, step: 1, lines: height, lineStep: width });
  blurLines(across.data, out.data, kernel, { length: height, step: width, lines: width, lineStep: 1 });
  return out;
}

interface Lines {
  readonly length: number;
  readonly step: number;
  readonly lines: number;
  readonly lineStep: number;
}

function blurLines(from: Float32Array, to: Float32Array, kernel: Float64Array, { length, step, lines, lineStep }: Lines): void {
  const radius = kernel.length - 1;
  const padded = new Float32Array(length + 2 * radius);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    for (let i = 0; i < padded.length; i++) padded[i] = from[start + reflect101(i - radius, length) * step]!;
    for (let i = 0; i < length; i++) {
      let sum = padded[i + radius]! * kernel[0]!;
      for (let k = 1; k <= radius; k++) sum += (padded[i + radius - k]! + padded[i + radius + k]!) * kernel[k]!;
      to[start + i * step] = sum;
    }
  }
}

/** The index inside 0 … length − 1 that stands for i when the border is mirrored about the edge pixels. */
export function reflect101(i: number, length: number): number {
  if (length === 1) return 0;
  let j = i;
  while (j < 0 || j >= length) j = j < 0 ? -j : 2 * (length - 1) - j;
  return j;
}

/**
 * Grows a mask by an ellipse: a pixel becomes 1 where any pixel under the structuring element is not 0.
 *
 * @param mask  zeros and ones.
 * @param size  side of the structuring element; 0 is none. Its anchor is at size div 2, so even sizes are lopsided.
 * Source: OpenCV, getStructuringElement(MORPH_ELLIPSE) and dilate.
 */
export function growMask(mask: FloatImage, size: number): FloatImage {
  if (size <= 1) return mask;
  const { width, height, data } = mask;
  const out = floatImage(width, height, 1);
  const r = size >> 1;
  // Row k of the element covers −reach … min(reach, size − 1 − r); a run of ones grows by its mirror image.
  const reach = Array.from({ length: size }, (_, k) => Math.min(r, Math.round(r * Math.sqrt((r * r - (k - r) ** 2) / (r * r)))));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      let end = x + 1;
      while (end < width && data[y * width + end] !== 0) end++;
      for (let k = 0; k < size; k++) {
        const to = y - (k - r);
        if (to < 0 || to >= height) continue;
        const from = Math.max(0, x - Math.min(reach[k]!, size - 1 - r));
        out.data.fill(1, to * width + from, to * width + Math.min(width, end + reach[k]!));
      }
      x = end;
    }
  }
  return out;
}
