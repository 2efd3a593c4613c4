/**
 * Iterative distribution transfer (Pitié 2005): in twenty rotated frames, each axis takes a small step towards the histogram of the
 * picture to be like. The random rotations come from outside.
 */
import { invert3 } from './symmetric.ts';

export const IDT_ROUNDS = 20;

/**
 * The pixels of `from` with the colours of `like`, not clipped. All in float32, as bins decide on the last bit.
 *
 * @param from, like  interleaved pixels of three values; the numbers of pixels may differ.
 * @param rotations  IDT_ROUNDS matrices of nine numbers.
 */
export function distributionTransfer(from: Float32Array, like: Float32Array, rotations: Float64Array): Float32Array {
  const x = Float32Array.from(from);
  const n = x.length / 3;
  const f = Math.fround;
  const step = f(1 / IDT_ROUNDS);
  const px = new Float32Array(n);
  const py = new Float32Array(like.length / 3);
  const moved = [new Float32Array(n), new Float32Array(n), new Float32Array(n)] as const;
  for (let round = 0; round < IDT_ROUNDS; round++) {
    const r = Float32Array.from(rotations.subarray(round * 9, round * 9 + 9));
    for (const [axis, change] of moved.entries()) {
      const row = r.subarray(axis * 3, axis * 3 + 3);
      projectFused(x, row, px);
      projectFused(like, row, py);
      matchHistogram(px, py, change);
    }
    const back = invert3(r);
    const [da, db, dc] = moved;
    for (let i = 0, p = 0; i < n; i++) {
      for (let k = 0; k < 3; k++, p++) x[p]! += f(step * f(back[k * 3]! * da[i]! + back[k * 3 + 1]! * db[i]! + back[k * 3 + 2]! * dc[i]!));
    }
  }
  return x;
}

/** Projections as matrix products compute them: one rounding for each multiply and add. */
function projectFused(pixels: Float32Array, d: Float32Array, out: Float32Array): void {
  const f = Math.fround;
  for (let i = 0, p = 0; i < out.length; i++, p += 3) {
    out[i] = f(f(pixels[p]! * d[0]!) + pixels[p + 1]! * d[1]!) + pixels[p + 2]! * d[2]!;
  }
}

const BINS = 256;

/** How far each value of x must move for the cumulative histogram of x to become that of y, by np.interp over 256 common bins. */
function matchHistogram(x: Float32Array, y: Float32Array, change: Float32Array): void {
  let [low, high] = [Infinity, -Infinity];
  for (const v of x) [low, high] = [Math.min(low, v), Math.max(high, v)];
  for (const v of y) [low, high] = [Math.min(low, v), Math.max(high, v)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5]; // np.histogram widens an empty range so
  const edges = Float32Array.from({ length: BINS + 1 }, (_, i) => (i === BINS ? high : low + i * ((high - low) / BINS)));
  const right = edges.subarray(1);
  const [fx, fy] = [cumulative(x, edges), cumulative(y, edges)];
  const matched = Float64Array.from(fx, (v) => interpolate(v, fy, right, right[0]!, right[BINS - 1]!));
  for (let i = 0; i < x.length; i++) change[i] = Math.fround(interpolate(x[i]!, right, matched, 0, BINS)) - x[i]!;
}

/** Source: numpy, histogram: a guess by division, corrected by the edges. */
function cumulative(values: Float32Array, edges: Float32Array): Float32Array {
  const counts = new Int32Array(BINS);
  const low = edges[0]!;
  const norm = BINS / (edges[BINS]! - low);
  for (const v of values) {
    let bin = Math.min(Math.trunc((v - low) * norm), BINS - 1);
    if (v < edges[bin]!) bin--;
    else if (bin < BINS - 1 && v >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  let sum = 0;
  return Float32Array.from(counts, (count) => (sum += count) / values.length);
}

/** np.interp: linear between (xs, ys), xs not decreasing; constants beyond the ends. */
function interpolate(x: number, xs: ArrayLike<number>, ys: ArrayLike<number>, below: number, above: number): number {
  const last = xs.length - 1;
  if (x < xs[0]!) return below;
  if (x > xs[last]!) return above;
  let [a, b] = [0, last + 1];
  while (b - a > 1) {
    const middle = (a + b) >> 1;
    if (xs[middle]! <= x) a = middle;
    else b = middle;
  }
  if (a === last || xs[a] === x) return ys[a]!;
  return ((ys[a + 1]! - ys[a]!) / (xs[a + 1]! - xs[a]!)) * (x - xs[a]!) + ys[a]!;
}
