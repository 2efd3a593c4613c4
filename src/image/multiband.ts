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
    subtractFrom(level.data, band.data);
    return band;
  });
}

export function collapsePyramid(bands: readonly FloatImage[]): FloatImage {
  return bands.reduceRight((coarse, band) => {
    const out = double(coarse, band.width, band.height);
    addTo(out.data, band.data);
    return out;
  });
}

function mixBand(a: FloatImage, b: FloatImage, mask: FloatImage): FloatImage {
  const out = floatImage(a.width, a.height, a.channels);
  mixValues(a.data, b.data, mask.data, a.channels, out.data);
  return out;
}

function mixValues(a: Float32Array, b: Float32Array, mask: Float32Array, channels: number, out: Float32Array): void {
  for (let i = 0, p = 0; i < mask.length; i++) {
    const m = mask[i]!;
    for (let c = 0; c < channels; c++, p++) out[p] = a[p]! + (b[p]! - a[p]!) * m;
  }
}

function addTo(sum: Float32Array, more: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += more[i]!;
}

/** whole − part, in the place of the part. */
function subtractFrom(whole: Float32Array, part: Float32Array): void {
  for (let i = 0; i < part.length; i++) part[i] = whole[i]! - part[i]!;
}

const held = (i: number, length: number): number => (i < 0 ? 0 : i >= length ? length - 1 : i);

/** Every second pixel of the image under Burt's generating kernel, 1 4 6 4 1 of sixteen; edges replicated. */
function halve({ width, height, channels, data }: FloatImage): FloatImage {
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const across = new Float32Array(w * channels * height);
  const padded = new Float32Array((2 * w + 4) * channels);
  const row = w * channels;
  for (let y = 0; y < height; y++) {
    const from = y * width * channels;
    padded.set(data.subarray(from, from + width * channels), 2 * channels);
    for (let c = 0; c < channels; c++) {
      padded[c] = padded[channels + c] = data[from + c]!;
      for (let x = width + 2; x < 2 * w + 4; x++) padded[x * channels + c] = data[from + (width - 1) * channels + c]!;
    }
    halveRow(padded, channels, across, y * row, row);
  }
  const out = floatImage(w, h, channels);
  for (let y = 0; y < h; y++) {
    const rows = [-2, -1, 0, 1, 2].map((k) => held(2 * y + k, height) * row) as [number, number, number, number, number];
    addRows(across, rows, out.data, y * row, row);
  }
  return out;
}

function halveRow(padded: Float32Array, channels: number, out: Float32Array, at: number, count: number): void {
  const [one, two, three, four] = [channels, 2 * channels, 3 * channels, 4 * channels];
  for (let i = 0, p = 0; i < count; p += channels) {
    for (let c = 0; c < channels; c++, i++, p++) {
      out[at + i] = (padded[p]! + padded[p + four]!) / 16 + (padded[p + one]! + padded[p + three]!) / 4 + padded[p + two]! * 0.375;
    }
  }
}

function addRows(
  from: Float32Array,
  [a, b, c, d, e]: readonly [number, number, number, number, number],
  out: Float32Array,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    out[at + i] = (from[a + i]! + from[e + i]!) / 16 + (from[b + i]! + from[d + i]!) / 4 + from[c + i]! * 0.375;
  }
}

/** The image at twice its size (or one less): linear between its pixels, which are the even ones of the result. */
function double(image: FloatImage, width: number, height: number): FloatImage {
  const { channels } = image;
  const out = floatImage(width, height, channels);
  const row = image.width * channels;
  // A row between two rows, with its last pixel once more behind it.
  const middle = new Float32Array(row + channels);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [(y >> 1) * row, held((y + 1) >> 1, image.height) * row];
    for (let i = 0; i < row; i++) middle[i] = (image.data[top + i]! + image.data[bottom + i]!) / 2;
    middle.copyWithin(row, row - channels, row);
    doubleRow(middle, channels, out.data, y * width * channels, width);
  }
  return out;
}

function doubleRow(middle: Float32Array, channels: number, out: Float32Array, at: number, width: number): void {
  for (let x = 0, o = at; x < width; x++) {
    const left = (x >> 1) * channels;
    const right = left + (x & 1) * channels;
    for (let c = 0; c < channels; c++, o++) out[o] = (middle[left + c]! + middle[right + c]!) / 2;
  }
}
