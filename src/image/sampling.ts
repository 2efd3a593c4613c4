/**
 * Reads images between their pixels: cubic (Keys, A = −0.75, 4×4 taps) and linear (2×2 taps) at positions on the 1/32 grid.
 * The hot loops of the trainer's input; bench/samples.mjs times them.
 */
import type { FloatImage } from './image.ts';
import type { Positions } from './positions.ts';

/** What lies outside the image: zeros, or the nearest pixel of its edge. */
export type Border = 'zero' | 'replicate';

/** Where results go: pixel i (row by row) writes its channels to data[offset + i·stride …]. The stride serves batches (HWNC). */
export interface Sink {
  readonly data: Float32Array;
  readonly offset: number;
  readonly stride: number;
}

export const sinkOf = (image: FloatImage): Sink => ({ data: image.data, offset: 0, stride: image.channels });

/** Keys' cubic convolution kernel at A = −0.75: the weights of the taps at −1, 0, 1, 2 for a fraction t in 0…1. */
export function cubicWeights(t: number): [number, number, number, number] {
  const A = -0.75;
  const near = (x: number): number => ((A + 2) * x - (A + 3)) * x * x + 1;
  const u = t + 1;
  const first = ((A * u - 5 * A) * u + 8 * A) * u - 4 * A;
  const [second, third] = [near(t), near(1 - t)];
  return [first, second, third, 1 - first - second - third];
}

/** The weights for the 32 fractions, four each. */
export const cubicTable = Float64Array.from({ length: 128 }, (_, i) => cubicWeights((i >> 2) / 32)[i & 3]!);

/** Reads `source` at `at` with the cubic kernel. Results may overshoot the range of the source. */
export function sampleCubic(source: FloatImage, at: Positions, border: Border, sink: Sink): void {
  if (source.channels === 3)
    cubic3(source.data, source.width, source.height, at.x, at.y, border === 'replicate', sink.data, sink.offset, sink.stride);
  else cubicAny(source, at, border === 'replicate', sink);
}

function cubic3(
  src: Float32Array,
  width: number,
  height: number,
  xs: Int32Array,
  ys: Int32Array,
  replicate: boolean,
  out: Float32Array,
  offset: number,
  stride: number,
): void {
  const row = width * 3;
  const w = cubicTable;
  for (let i = 0, o = offset; i < xs.length; i++, o += stride) {
    const [x, y] = [(xs[i]! >> 5) - 1, (ys[i]! >> 5) - 1];
    const fx = (xs[i]! & 31) << 2;
    const fy = (ys[i]! & 31) << 2;
    const w0 = w[fx]!;
    const w1 = w[fx + 1]!;
    const w2 = w[fx + 2]!;
    const w3 = w[fx + 3]!;
    let b = 0;
    let g = 0;
    let r = 0;
    if (x >= 0 && y >= 0 && x + 3 < width && y + 3 < height) {
      let p = y * row + x * 3;
      for (let k = 0; k < 4; k++, p += row) {
        const v = w[fy + k]!;
        b += v * (src[p]! * w0 + src[p + 3]! * w1 + src[p + 6]! * w2 + src[p + 9]! * w3);
        g += v * (src[p + 1]! * w0 + src[p + 4]! * w1 + src[p + 7]! * w2 + src[p + 10]! * w3);
        r += v * (src[p + 2]! * w0 + src[p + 5]! * w1 + src[p + 8]! * w2 + src[p + 11]! * w3);
      }
    } else {
      for (let k = 0; k < 4; k++) {
        const sy = tap(y + k, height, replicate);
        if (sy < 0) continue;
        for (let j = 0; j < 4; j++) {
          const sx = tap(x + j, width, replicate);
          if (sx < 0) continue;
          const weight = w[fy + k]! * w[fx + j]!;
          const p = sy * row + sx * 3;
          b += weight * src[p]!;
          g += weight * src[p + 1]!;
          r += weight * src[p + 2]!;
        }
      }
    }
    out[o] = b;
    out[o + 1] = g;
    out[o + 2] = r;
  }
}

function cubicAny(source: FloatImage, { x: xs, y: ys }: Positions, replicate: boolean, { data: out, offset, stride }: Sink): void {
  const { width, height, channels, data: src } = source;
  for (let i = 0, o = offset; i < xs.length; i++, o += stride) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        const sy = tap((ys[i]! >> 5) - 1 + k, height, replicate);
        for (let j = 0; j < 4; j++) {
          const sx = tap((xs[i]! >> 5) - 1 + j, width, replicate);
          const weight = cubicTable[((ys[i]! & 31) << 2) + k]! * cubicTable[((xs[i]! & 31) << 2) + j]!;
          if (sx >= 0 && sy >= 0) sum += weight * src[(sy * width + sx) * channels + c]!;
        }
      }
      out[o + c] = sum;
    }
  }
}

/** Reads `source` at `at`, linear between its four neighbours. */
export function sampleLinear(source: FloatImage, at: Positions, border: Border, sink: Sink): void {
  const { width, height, channels, data } = source;
  for (let c = 0; c < channels; c++) {
    linearChannel(data, width, height, channels, c, at.x, at.y, border === 'replicate', sink.data, sink.offset + c, sink.stride);
  }
}

function linearChannel(
  src: Float32Array,
  width: number,
  height: number,
  channels: number,
  channel: number,
  xs: Int32Array,
  ys: Int32Array,
  replicate: boolean,
  out: Float32Array,
  offset: number,
  stride: number,
): void {
  const row = width * channels;
  for (let i = 0, o = offset; i < xs.length; i++, o += stride) {
    const x = xs[i]! >> 5;
    const y = ys[i]! >> 5;
    const fx = (xs[i]! & 31) / 32;
    const fy = (ys[i]! & 31) / 32;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    if (x >= 0 && y >= 0 && x + 1 < width && y + 1 < height) {
      const p = y * row + x * channels + channel;
      a = src[p]!;
      b = src[p + channels]!;
      c = src[p + row]!;
      d = src[p + row + channels]!;
    } else {
      const left = tap(x, width, replicate);
      const right = tap(x + 1, width, replicate);
      const top = tap(y, height, replicate);
      const bottom = tap(y + 1, height, replicate);
      if (left >= 0 && top >= 0) a = src[top * row + left * channels + channel]!;
      if (right >= 0 && top >= 0) b = src[top * row + right * channels + channel]!;
      if (left >= 0 && bottom >= 0) c = src[bottom * row + left * channels + channel]!;
      if (right >= 0 && bottom >= 0) d = src[bottom * row + right * channels + channel]!;
    }
    out[o] = (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy;
  }
}

/** The index that a tap reads, or −1 for a zero. */
const tap = (i: number, size: number, replicate: boolean): number => (i >= 0 && i < size ? i : replicate ? (i < 0 ? 0 : size - 1) : -1);
