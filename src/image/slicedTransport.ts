/**
 * Sliced optimal transport (Rabin 2012): along random directions the sorted pixels of one picture move to those of the other. The
 * directions come from outside. In float32, and with numpy's order of equal keys where it can show in the picture.
 */
import { ShapeError } from '../base/index.ts';
import type { Simd } from './simd.ts';
import { sortValues } from './sortOrder.ts';

/** Steps of one transfer, each along as many directions. */
export const SOT_STEPS = 10;
/** So large a share of all pixels may take one another's ways without a look at numpy's order: their change is smoothed over far more. */
const FEW = 1 / 4096;

/**
 * How far each pixel of `from` moves.
 *
 * @param draws  directions of three numbers, of any length but 0; their number is a multiple of SOT_STEPS.
 * @throws ShapeError if the pictures differ in their number of pixels.
 */
export function slicedTransport(from: Float32Array, like: Float32Array, draws: Float64Array, simd: Simd): Float32Array {
  if (from.length !== like.length) throw new ShapeError(`sot: pictures of ${from.length / 3} and ${like.length / 3} pixels`);
  const n = from.length / 3;
  const batch = draws.length / 3 / SOT_STEPS;
  const x = Float32Array.from(from);
  const step = new Float32Array(x.length);
  const [keysX, keysY] = [new Float32Array(n), new Float32Array(n)];
  const wanted = new Float32Array(n);
  for (let i = 0; i < SOT_STEPS; i++) {
    step.fill(0);
    for (let j = 0; j < batch; j++) {
      const direction = unit(draws.subarray((i * batch + j) * 3));
      project(x, direction, keysX);
      project(like, direction, keysY);
      wanted.set(sortValues(keysY, 0, 1, n, simd).values);
      const own = sortValues(keysX, 0, 1, n, simd);
      addWays(keysX, tiesShow(own.values, wanted) ? numpyOrder(keysX) : own.order, wanted, direction, step);
    }
    for (let p = 0; p < x.length; p++) x[p]! += Math.fround(step[p]! / batch);
  }
  return x.map((v, p) => v - from[p]!);
}

function unit(given: Float64Array): Float32Array {
  const d = Float32Array.from(given.subarray(0, 3));
  const length = Math.fround(Math.hypot(d[0]!, d[1]!, d[2]!));
  return d.map((v) => v / length);
}

function project(pixels: Float32Array, d: Float32Array, out: Float32Array): void {
  const f = Math.fround;
  const x = d[0]!;
  const y = d[1]!;
  const z = d[2]!;
  for (let i = 0, p = 0; i < out.length; i++, p += 3) {
    out[i] = f(f(pixels[p]! * x) + f(pixels[p + 1]! * y)) + f(pixels[p + 2]! * z);
  }
}

function addWays(keys: Float32Array, order: Int32Array, wanted: Float32Array, d: Float32Array, step: Float32Array): void {
  const f = Math.fround;
  const x = d[0]!;
  const y = d[1]!;
  const z = d[2]!;
  for (let k = 0; k < order.length; k++) {
    const pixel = order[k]!;
    const way = f(wanted[k]! - keys[pixel]!);
    const p = pixel * 3;
    step[p]! += f(way * x);
    step[p + 1]! += f(way * y);
    step[p + 2]! += f(way * z);
  }
}

/** Whether so many pixels with equal keys are wanted in different places that it shows who goes where. */
function tiesShow(sorted: Float32Array, wanted: Float32Array): boolean {
  const most = sorted.length * FEW;
  for (let i = 0, end = 0; i < sorted.length; i = end) {
    for (end = i + 1; end < sorted.length && sorted[end] === sorted[i]; ) end++;
    if (end - i < 2 || end - i <= most) continue;
    const usual = wanted[(i + end) >> 1]!; // most of a black surround stays where it is
    let others = 0;
    for (let k = i; k < end; k++) if (wanted[k] !== usual) others++;
    if (others > most) return true;
  }
  return false;
}

/**
 * The indices that sort the keys upwards, equal ones in the order in which numpy's sort leaves them:
 * Hoare's quicksort with the median of three, insertion sort up to 16 (Sedgewick 1978). The keys are moved along.
 */
function numpyOrder(given: Float32Array): Int32Array {
  const keys = given.slice();
  const order = new Int32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const pending: number[] = [0, keys.length - 1];
  while (pending.length > 0) {
    let right = pending.pop()!;
    let left = pending.pop()!;
    while (right - left >= 16) {
      const middle = left + ((right - left) >> 1);
      if (keys[middle]! < keys[left]!) swap(keys, order, middle, left);
      if (keys[right]! < keys[middle]!) swap(keys, order, right, middle);
      if (keys[middle]! < keys[left]!) swap(keys, order, middle, left);
      const pivot = keys[middle]!;
      let i = left;
      let j = right - 1;
      swap(keys, order, middle, j);
      for (;;) {
        do i++;
        while (keys[i]! < pivot);
        do j--;
        while (pivot < keys[j]!);
        if (i >= j) break;
        swap(keys, order, i, j);
      }
      swap(keys, order, i, right - 1);
      if (i - left < right - i) {
        pending.push(i + 1, right);
        right = i - 1;
      } else {
        pending.push(left, i - 1);
        left = i + 1;
      }
    }
    insertionSort(keys, order, left, right);
  }
  return order;
}

function swap(keys: Float32Array, order: Int32Array, i: number, j: number): void {
  const key = keys[i]!;
  const index = order[i]!;
  keys[i] = keys[j]!;
  order[i] = order[j]!;
  keys[j] = key;
  order[j] = index;
}

function insertionSort(keys: Float32Array, order: Int32Array, left: number, right: number): void {
  for (let i = left + 1; i <= right; i++) {
    const key = keys[i]!;
    const index = order[i]!;
    let j = i;
    for (; j > left && key < keys[j - 1]!; j--) {
      keys[j] = keys[j - 1]!;
      order[j] = order[j - 1]!;
    }
    keys[j] = key;
    order[j] = index;
  }
}
