/**
 * Resampling with eight taps a side (Lanczos, a = 4), as OpenCV's `resize` and `warpAffine` do it: no antialiasing, weights made to sum
 * to 1. It is the filter of tools that run once over a faceset; training has none of it.
 */
import { type Affine, invertAffine } from './affine.ts';
import { type FloatImage, floatImage } from './image.ts';
import { affinePositions, positions } from './positions.ts';

const TAPS = 8;

/**
 * Weights of the taps at −3 … 4 for a fraction t in 0…1: sinc(d)·sinc(d/4) at their distances d. As sin(πd) is the same for all but for its
 * sign, it cancels when the sum is made 1.
 */
export function lanczosWeights(t: number): Float64Array {
  const weights = new Float64Array(TAPS);
  if (t < 2 ** -23) {
    weights[3] = 1;
    return weights;
  }
  let sum = 0;
  for (let i = 0; i < TAPS; i++) {
    const d = t + 3 - i;
    weights[i] = ((i % 2 === 0 ? 1 : -1) * Math.sin((Math.PI / 4) * d)) / (d * d);
    sum += weights[i]!;
  }
  return weights.map((w) => w / sum);
}

/** Half-pixel centres, edges replicated. Results may overshoot the range of the image. @returns the image itself if it has the size. */
export function resizeLanczos(image: FloatImage, width: number, height: number): FloatImage {
  if (width === image.width && height === image.height) return image;
  const { channels } = image;
  const across = taps(image.width, width);
  const down = taps(image.height, height);
  const wide = floatImage(width, image.height, channels);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0, to = y * width * channels; x < width; x++) {
      for (let c = 0; c < channels; c++, to++) {
        let sum = 0;
        for (let k = 0; k < TAPS; k++) {
          sum += image.data[(y * image.width + across.index[x * TAPS + k]!) * channels + c]! * across.weight[x * TAPS + k]!;
        }
        wide.data[to] = sum;
      }
    }
  }
  const out = floatImage(width, height, channels);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < TAPS; k++) {
      const [from, weight] = [down.index[y * TAPS + k]! * row, down.weight[y * TAPS + k]!];
      for (let i = 0; i < row; i++) out.data[y * row + i]! += wide.data[from + i]! * weight;
    }
  }
  return out;
}

function taps(from: number, to: number): { readonly index: Int32Array; readonly weight: Float64Array } {
  const index = new Int32Array(to * TAPS);
  const weight = new Float64Array(to * TAPS);
  for (let d = 0; d < to; d++) {
    const s = (d + 0.5) * (from / to) - 0.5;
    const whole = Math.floor(s);
    weight.set(lanczosWeights(s - whole), d * TAPS);
    for (let k = 0; k < TAPS; k++) index[d * TAPS + k] = Math.min(Math.max(whole - 3 + k, 0), from - 1);
  }
  return { index, weight };
}

/** The image moved by an affine transform, at positions on the 1/32 grid; zeros outside the image. */
export function warpLanczos(image: FloatImage, targetFromSource: Affine, width: number, height: number): FloatImage {
  const at = positions(width, height);
  affinePositions(at, invertAffine(targetFromSource));
  const table = new Float64Array(32 * TAPS);
  for (let f = 0; f < 32; f++) table.set(lanczosWeights(f / 32), f * TAPS);
  const out = floatImage(width, height, image.channels);
  for (let c = 0; c < image.channels; c++) {
    warpChannel(image.data, image.width, image.height, image.channels, c, at.x, at.y, table, out.data);
  }
  return out;
}

function warpChannel(
  src: Float32Array,
  width: number,
  height: number,
  channels: number,
  channel: number,
  xs: Int32Array,
  ys: Int32Array,
  table: Float64Array,
  out: Float32Array,
): void {
  const row = width * channels;
  for (let i = 0, o = channel; i < xs.length; i++, o += channels) {
    const x = (xs[i]! >> 5) - 3;
    const y = (ys[i]! >> 5) - 3;
    if (x <= -TAPS || y <= -TAPS || x >= width || y >= height) continue;
    const wx = (xs[i]! & 31) * TAPS;
    const wy = (ys[i]! & 31) * TAPS;
    const [left, right] = [x < 0 ? -x : 0, Math.min(TAPS, width - x)];
    let sum = 0;
    for (let k = y < 0 ? -y : 0; k < TAPS && y + k < height; k++) {
      let line = 0;
      for (let j = left, p = (y + k) * row + (x + left) * channels + channel; j < right; j++, p += channels)
        line += table[wx + j]! * src[p]!;
      sum += table[wy + k]! * line;
    }
    out[o] = sum;
  }
}
