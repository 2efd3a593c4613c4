/**
 * Multiband blending (Burt and Adelson 1983): fine detail changes over at the seam, coarse light over a wide band. Laplacian pyramids of
 * both pictures are mixed level by level with a Gaussian pyramid of the mask.
 */
import { type FloatImage, floatImage } from './image.ts';

/** The smallest side a level may have. */
const SMALLEST = 8;

/**
 * @param under, over  of one size and 3 channels.
 * @param mask  one channel, 0…1: where `over` shows.
 * @param levels  bands; by default as many as leave 8 pixels.
 * @returns values that may overshoot those of the pictures; coarse bands reach beyond the mask.
 */
export function multibandBlend(under: FloatImage, over: FloatImage, mask: FloatImage, levels = bandCount(under)): FloatImage {
  const masks = gaussianPyramid(mask, levels);
  const [a, b] = [laplacianPyramid(under, levels), laplacianPyramid(over, levels)];
  const mixed = a.map((band, k) => mixBand(band, b[k]!, masks[k]!));
  return collapsePyramid(mixed);
}

export const bandCount = ({ width, height }: FloatImage): number =>
  Math.max(1, Math.floor(Math.log2(Math.min(width, height) / SMALLEST)) + 1);

/** The image and its halves, `levels` in all. */
export function gaussianPyramid(image: FloatImage, levels: number): FloatImage[] {
  const out = [image];
  while (out.length < levels) out.push(halve(out[out.length - 1]!));
  return out;
}

/** What each halving loses, and the last half: their sum, each doubled to its neighbour's size, is the image. */
export function laplacianPyramid(image: FloatImage, levels: number): FloatImage[] {
  const sizes = gaussianPyramid(image, levels);
  return sizes.map((level, k) => {
    const next = sizes[k + 1];
    if (next === undefined) return level;
    const band = double(next, level.width, level.height);
    for (let i = 0; i < band.data.length; i++) band.data[i] = level.data[i]! - band.data[i]!;
    return band;
  });
}

export function collapsePyramid(bands: readonly FloatImage[]): FloatImage {
  return bands.reduceRight((coarse, band) => {
    const out = double(coarse, band.width, band.height);
    for (let i = 0; i < out.data.length; i++) out.data[i] = out.data[i]! + band.data[i]!;
    return out;
  });
}

function mixBand(a: FloatImage, b: FloatImage, mask: FloatImage): FloatImage {
  const out = floatImage(a.width, a.height, a.channels);
  for (let i = 0, p = 0; i < mask.data.length; i++) {
    for (let c = 0; c < a.channels; c++, p++) out.data[p] = a.data[p]! + (b.data[p]! - a.data[p]!) * mask.data[i]!;
  }
  return out;
}

/** Burt's generating kernel. */
const kernel = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16] as const;
const held = (i: number, length: number): number => (i < 0 ? 0 : i >= length ? length - 1 : i);

/** Every second pixel of the image under the kernel; edges replicated. */
function halve(image: FloatImage): FloatImage {
  const { width, height, channels } = image;
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const across = floatImage(w, height, channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < w; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < 5; k++) sum += kernel[k]! * image.data[(y * width + held(2 * x + k - 2, width)) * channels + c]!;
        across.data[(y * w + x) * channels + c] = sum;
      }
    }
  }
  const out = floatImage(w, h, channels);
  const row = w * channels;
  for (let y = 0; y < h; y++) {
    for (let k = 0; k < 5; k++) {
      const from = held(2 * y + k - 2, height) * row;
      const weight = kernel[k]!;
      for (let i = 0; i < row; i++) out.data[y * row + i]! += across.data[from + i]! * weight;
    }
  }
  return out;
}

/** The image at twice its size (or one less): linear between its pixels, which are the even ones of the result. */
function double(image: FloatImage, width: number, height: number): FloatImage {
  const { channels } = image;
  const out = floatImage(width, height, channels);
  for (let y = 0; y < height; y++) {
    const top = y >> 1;
    const bottom = held((y + 1) >> 1, image.height);
    for (let x = 0; x < width; x++) {
      const left = x >> 1;
      const right = held((x + 1) >> 1, image.width);
      const [a, b] = [(top * image.width + left) * channels, (top * image.width + right) * channels];
      const [e, f] = [(bottom * image.width + left) * channels, (bottom * image.width + right) * channels];
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        out.data[to + c] = (image.data[a + c]! + image.data[b + c]! + image.data[e + c]! + image.data[f + c]!) / 4;
      }
    }
  }
  return out;
}
