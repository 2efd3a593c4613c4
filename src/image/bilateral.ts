/**
 * The bilateral filter on three-channel float images, as OpenCV's bilateralFilter with a diameter that follows from sigmaSpace:
 * circular window of radius round(1.5·sigmaSpace), colour distance |Δb| + |Δg| + |Δr|, border reflect-101.
 */
import { reflect101 } from './blur.ts';
import { type FloatImage, floatImage } from './image.ts';

/** Steps of the table of exp(−d²/2σ²) over the range of distances; linear between them (OpenCV uses 4096 a channel). */
const STEPS = 3 * 4096;

export function bilateralFilter(image: FloatImage, sigmaColor: number, sigmaSpace: number): FloatImage {
  const { width, height } = image;
  const radius = Math.max(1, Math.round(1.5 * sigmaSpace));
  const padded = pad(image, radius);
  const paddedWidth = width + 2 * radius;
  const [offsets, weights] = circle(radius, paddedWidth, sigmaSpace);
  const [scale, table] = colourWeights(image.data, sigmaColor);
  const out = floatImage(width, height, 3);
  for (let y = 0; y < height; y++) {
    filterRow(padded, ((y + radius) * paddedWidth + radius) * 3, offsets, weights, table, scale, out.data, y * width * 3, width);
  }
  return out;
}

function filterRow(
  src: Float32Array,
  at: number,
  offsets: Int32Array,
  weights: Float32Array,
  table: Float32Array,
  scale: number,
  out: Float32Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count * 3; i += 3) {
    const p = at + i;
    const b0 = src[p]!;
    const g0 = src[p + 1]!;
    const r0 = src[p + 2]!;
    let sum = 0;
    let sb = 0;
    let sg = 0;
    let sr = 0;
    for (let k = 0; k < offsets.length; k++) {
      const q = p + offsets[k]!;
      const b = src[q]!;
      const g = src[q + 1]!;
      const r = src[q + 2]!;
      const distance = (Math.abs(b - b0) + Math.abs(g - g0) + Math.abs(r - r0)) * scale;
      const cell = distance | 0;
      const low = table[cell]!;
      const weight = weights[k]! * (low + (distance - cell) * (table[cell + 1]! - low));
      sum += weight;
      sb += weight * b;
      sg += weight * g;
      sr += weight * r;
    }
    out[to + i] = sb / sum;
    out[to + i + 1] = sg / sum;
    out[to + i + 2] = sr / sum;
  }
}

function pad({ width, height, data }: FloatImage, radius: number): Float32Array {
  const paddedWidth = width + 2 * radius;
  const out = new Float32Array(paddedWidth * (height + 2 * radius) * 3);
  for (let y = 0, o = 0; y < height + 2 * radius; y++) {
    for (let x = 0; x < paddedWidth; x++, o += 3) {
      const p = (reflect101(y - radius, height) * width + reflect101(x - radius, width)) * 3;
      out[o] = data[p]!;
      out[o + 1] = data[p + 1]!;
      out[o + 2] = data[p + 2]!;
    }
  }
  return out;
}

/** The taps inside the circle: where they are, and exp(−r²/2σ²). */
function circle(radius: number, rowPixels: number, sigma: number): [Int32Array, Float32Array] {
  const offsets: number[] = [];
  const weights: number[] = [];
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      if (Math.sqrt(x * x + y * y) > radius) continue;
      offsets.push((y * rowPixels + x) * 3);
      weights.push(Math.exp((-0.5 * (x * x + y * y)) / (sigma * sigma)));
    }
  }
  return [Int32Array.from(offsets), Float32Array.from(weights)];
}

/** How distances become table positions, and the table. Three times the range of all values bounds a distance. */
function colourWeights(data: Float32Array, sigma: number): [number, Float32Array] {
  let [low, high] = [Infinity, -Infinity];
  for (const v of data) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  const range = Math.max((high - low) * 3, 2 ** -23);
  const scale = STEPS / range;
  return [scale, Float32Array.from({ length: STEPS + 2 }, (_, i) => Math.exp((-0.5 * (i / scale) ** 2) / (sigma * sigma)))];
}
