/**
 * Orders in which each face follows from the one before: nearest by histogram, nearest or farthest by pixels, farthest from all before.
 * Where most candidates can be ruled out by a cheap lower bound of their distance they are, with the result of the full comparison.
 */
import { BINS, distanceOf, overlap, preparedHistograms } from './histograms.ts';

type Progress = ((done: number, total: number) => void) | undefined;

/** DeepFaceLab compares at most so many faces with one another. */
const CHUNK = 20000;
/** Bins of the coarse histograms per channel. */
const COARSE = 16;
const CHANNELS = 3;
/** Rounding must never rule out the nearest: √(1 − x) makes 1e-8 of an error of 1e-16. */
const SLACK = 1e-6;

/**
 * From the first face to the one whose three histograms are nearest, and so on. Sets above 20000 are chained in pieces of that many.
 *
 * @param bgr  three histograms of 256 bins for each face of the set.
 * @param faces  those to be ordered, in their present order, which decides between equals.
 */
export function histogramChain(bgr: ArrayLike<number>, faces: readonly number[], progress: Progress): number[] {
  const order: number[] = [];
  for (let start = 0; start < faces.length; start += CHUNK) {
    const chunk = faces.slice(start, start + CHUNK);
    order.push(...chainOf(preparedHistograms(bgr, chunk, CHANNELS * BINS), chunk, (done) => progress?.(start + done, faces.length)));
  }
  return order;
}

/**
 * By Cauchy and Schwarz, Σ√(ab) over some bins is at most √(Σa·Σb) over them: of coarse histograms the overlap is never smaller and the distance
 * never larger than of fine ones.
 */
function chainOf(fine: Float64Array, faces: readonly number[], progress: (done: number) => void): number[] {
  const [width, coarseWidth] = [CHANNELS * BINS, CHANNELS * COARSE];
  const coarse = coarsened(fine, faces.length, BINS / COARSE);
  // at[k]: the place of the face at position k; swaps move it, not the histograms.
  const at = Int32Array.from(faces, (_, k) => k);
  const bounds = new Float64Array(faces.length);
  for (let i = 0; i + 1 < faces.length; i++) {
    const here = at[i]!;
    const distance = (j: number): number => channelDistance(fine, here * width, at[j]! * width, BINS);
    let first = i + 1;
    for (let j = i + 1; j < faces.length; j++) {
      bounds[j] = channelDistance(coarse, here * coarseWidth, at[j]! * coarseWidth, COARSE);
      if (bounds[j]! < bounds[first]!) first = j;
    }
    let [nearest, least] = [first, distance(first)];
    for (let j = i + 1; j < faces.length; j++) {
      if (j === first || bounds[j]! > least + SLACK) continue;
      const d = distance(j);
      if (d < least || (d === least && j < nearest)) [nearest, least] = [j, d];
    }
    [at[i + 1], at[nearest]] = [at[nearest]!, at[i + 1]!];
    if (i % 500 === 0) progress(i);
  }
  progress(faces.length);
  return Array.from(at, (k) => faces[k]!);
}

/** Sum of the three channels' Bhattacharyya distances. */
export function channelDistance(values: Float64Array, i: number, j: number, bins: number): number {
  return (
    distanceOf(overlap(values, i, j, bins)) +
    distanceOf(overlap(values, i + bins, j + bins, bins)) +
    distanceOf(overlap(values, i + 2 * bins, j + 2 * bins, bins))
  );
}

/** Of prepared histograms (√ of shares), those with `factor` bins in one. */
function coarsened(fine: Float64Array, count: number, factor: number): Float64Array {
  const out = new Float64Array((count * CHANNELS * BINS) / factor);
  for (let k = 0; k < out.length; k++) {
    let sum = 0;
    for (let b = k * factor; b < (k + 1) * factor; b++) sum += fine[b]! * fine[b]!;
    out[k] = Math.sqrt(sum);
  }
  return out;
}

/** Side of the coarse pictures that bound a difference of pixels from below, and their numbers. */
const SIDE = 16;
const CELLS = SIDE * SIDE * 3;

/**
 * From the first face to the one with the least (or largest) sum of absolute differences of all bytes.
 *
 * @param pictures  `bytes` per face of the set.
 */
export function differenceChain(
  pictures: Uint8Array,
  bytes: number,
  faces: readonly number[],
  options: { readonly similar: boolean; readonly progress: Progress },
): number[] {
  const sums = options.similar ? cellSums(pictures, bytes, faces) : new Int32Array(0);
  const left = Int32Array.from(faces, (_, k) => k);
  let here = 0;
  const order = faces.length === 0 ? [] : [faces[0]!];
  let count = faces.length - 1;
  left.copyWithin(0, 1);
  while (count > 0) {
    const distance = (k: number, most: number): number =>
      absoluteDifference(pictures, faces[here]! * bytes, faces[left[k]!]! * bytes, bytes, most);
    const at = options.similar ? nearestOf(count, (k) => cellBound(sums, here, left[k]!), distance) : farthestOf(count, distance);
    here = left[at]!;
    order.push(faces[here]!);
    left.copyWithin(at, at + 1, count--); // keeps the present order among those left
    options.progress?.(order.length, faces.length);
  }
  return order;
}

/** The least distance; of equals the first. Candidates whose bound is above the least found so far are passed over. */
function nearestOf(count: number, bound: (k: number) => number, distance: (k: number, most: number) => number): number {
  const bounds = Float64Array.from({ length: count }, (_, k) => bound(k));
  const first = bounds.indexOf(bounds.reduce((a, b) => Math.min(a, b)));
  let [at, least] = [first, distance(first, Infinity)];
  for (let k = 0; k < count; k++) {
    if (k === first || bounds[k]! > least) continue;
    const d = distance(k, least);
    if (d < least || (d === least && k < at)) [at, least] = [k, d];
  }
  return at;
}

function farthestOf(count: number, distance: (k: number, most: number) => number): number {
  let [at, most] = [0, -Infinity];
  for (let k = 0; k < count; k++) {
    const d = distance(k, Infinity);
    if (d > most) [at, most] = [k, d];
  }
  return at;
}

const STRETCH = 4096;

/** Sum of absolute differences of bytes that start at these places; one that is above `most` may come out as anything above it. */
export function absoluteDifference(data: Uint8Array, i: number, j: number, bytes: number, most = Infinity): number {
  let sum = 0;
  for (const end = i + bytes; i < end && sum <= most; ) {
    for (const stop = Math.min(end, i + STRETCH); i < stop; i++, j++) sum += Math.abs(data[i]! - data[j]!);
  }
  return sum;
}

/**
 * Sums of groups of bytes: what they differ by, the bytes differ by at least. The groups are cells of a square picture of three channels; of others
 * they are groups, too, if less alike ones.
 */
function cellSums(pictures: Uint8Array, bytes: number, faces: readonly number[]): Int32Array {
  const side = Math.max(1, Math.round(Math.sqrt(bytes / 3)));
  const cell = Uint16Array.from({ length: bytes }, (_, b) => {
    const [x, y] = [Math.trunc((b % (side * 3)) / 3), Math.trunc(b / (side * 3))];
    return (Math.min(SIDE - 1, Math.trunc((y * SIDE) / side)) * SIDE + Math.trunc((x * SIDE) / side)) * 3 + (b % 3);
  });
  const out = new Int32Array(faces.length * CELLS);
  for (const [k, face] of faces.entries()) {
    for (let b = 0; b < bytes; b++) out[k * CELLS + cell[b]!]! += pictures[face * bytes + b]!;
  }
  return out;
}

function cellBound(sums: Int32Array, i: number, j: number): number {
  let bound = 0;
  for (let c = 0; c < CELLS; c++) bound += Math.abs(sums[i * CELLS + c]! - sums[j * CELLS + c]!);
  return bound;
}

/**
 * Farthest-point order: first the face nearest to the mean of all, then always the one whose nearest among those before is farthest, so that
 * any first k faces cover the set well (at most twice the least possible radius). After `exact` faces the others follow by their distance to those.
 * Source: Gonzalez 1985.
 *
 * @param vectors  `width` numbers for each of `faces`, in this order.
 */
export function farthestOrder(
  vectors: Float32Array,
  width: number,
  faces: readonly number[],
  { exact, progress }: { readonly exact: number; readonly progress: Progress },
): number[] {
  const count = faces.length;
  if (count === 0) return [];
  const mean = new Float32Array(width);
  for (let k = 0; k < count; k++) for (let d = 0; d < width; d++) mean[d]! += vectors[k * width + d]! / count;
  const nearest = new Float64Array(count).fill(Infinity);
  const taken = new Uint8Array(count);
  let next = 0;
  let least = Infinity;
  for (let k = 0; k < count; k++) {
    const d = squaredDistance(vectors, k * width, mean, 0, width);
    if (d < least) [next, least] = [k, d];
  }
  const order: number[] = [];
  while (order.length < Math.min(exact, count)) {
    order.push(next);
    taken[next] = 1;
    const here = next;
    let most = -1;
    for (let k = 0; k < count; k++) {
      if (taken[k] === 1) continue;
      const d = squaredDistance(vectors, k * width, vectors, here * width, width);
      if (d < nearest[k]!) nearest[k] = d;
      if (nearest[k]! > most) [next, most] = [k, nearest[k]!];
    }
    progress?.(order.length, Math.min(exact, count));
  }
  const rest = Array.from({ length: count }, (_, k) => k).filter((k) => taken[k] === 0);
  rest.sort((a, b) => nearest[b]! - nearest[a]!);
  return [...order, ...rest].map((k) => faces[k]!);
}

/** Four sums at a time: the processor overlaps them. */
export function squaredDistance(a: Float32Array, i: number, b: Float32Array, j: number, width: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let end = i + width; i < end; i += 4, j += 4) {
    const [d0, d1, d2, d3] = [a[i]! - b[j]!, a[i + 1]! - b[j + 1]!, a[i + 2]! - b[j + 2]!, a[i + 3]! - b[j + 3]!];
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  return s0 + s1 + (s2 + s3);
}
