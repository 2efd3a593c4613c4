/**
 * Sliced optimal transport (Rabin 2012): along random directions the sorted pixels of one picture move to those of the other. The
 * directions come from outside. In float32 and with numpy's order of equal keys throughout, as both show in the picture.
 */
import { ShapeError } from '../base/index.ts';

/** Steps of one transfer, each along as many directions. */
export const SOT_STEPS = 10;

/**
 * How far each pixel of `from` moves.
 *
 * @param draws  directions of three numbers, of any length but 0; their number is a multiple of SOT_STEPS.
 * @throws ShapeError if the pictures differ in their number of pixels.
 */
export function slicedTransport(from: Float32Array, like: Float32Array, draws: Float64Array): Float32Array {
  if (from.length !== like.length) throw new ShapeError(`sot: pictures of ${from.length / 3} and ${like.length / 3} pixels`);
  const n = from.length / 3;
  const batch = draws.length / 3 / SOT_STEPS;
  const x = Float32Array.from(from);
  const f = Math.fround;
  const step = new Float32Array(x.length);
  const [keysX, keysY] = [new Float32Array(n), new Float32Array(n)];
  for (let i = 0; i < SOT_STEPS; i++) {
    step.fill(0);
    for (let j = 0; j < batch; j++) {
      const at = (i * batch + j) * 3;
      const d = Float32Array.from(draws.subarray(at, at + 3));
      const length = f(Math.hypot(d[0]!, d[1]!, d[2]!));
      for (let k = 0; k < 3; k++) d[k]! /= length;
      projectFloat(x, d, keysX);
      projectFloat(like, d, keysY);
      const rank = sortedOrder(keysX);
      keysY.sort();
      for (let k = 0; k < n; k++) {
        const p = rank[k]! * 3;
        const way = f(keysY[k]! - keysX[rank[k]!]!);
        for (let c = 0; c < 3; c++) step[p + c]! += f(way * d[c]!);
      }
    }
    for (let p = 0; p < x.length; p++) x[p]! += f(step[p]! / batch);
  }
  return x.map((v, p) => v - from[p]!);
}

function projectFloat(pixels: Float32Array, d: Float32Array, out: Float32Array): void {
  const f = Math.fround;
  for (let i = 0, p = 0; i < out.length; i++, p += 3) {
    out[i] = f(f(pixels[p]! * d[0]!) + f(pixels[p + 1]! * d[1]!)) + f(pixels[p + 2]! * d[2]!);
  }
}

/**
 * The indices that sort the keys upwards. The order of equal keys shows in the picture, so the sort is numpy's:
 * Hoare's quicksort with the median of three, insertion sort up to 16 (Sedgewick 1978).
 */
function sortedOrder(keys: Float32Array): Uint32Array {
  const order = Uint32Array.from(keys, (_, i) => i);
  const swap = (i: number, j: number): void => {
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  };
  const less = (i: number, j: number): boolean => keys[order[i]!]! < keys[order[j]!]!;
  const pending: number[] = [0, keys.length - 1];
  while (pending.length > 0) {
    let right = pending.pop()!;
    let left = pending.pop()!;
    while (right - left >= 16) {
      const middle = left + ((right - left) >> 1);
      if (less(middle, left)) swap(middle, left);
      if (less(right, middle)) swap(right, middle);
      if (less(middle, left)) swap(middle, left);
      const pivot = keys[order[middle]!]!;
      let i = left;
      let j = right - 1;
      swap(middle, j);
      for (;;) {
        do i++;
        while (keys[order[i]!]! < pivot);
        do j--;
        while (pivot < keys[order[j]!]!);
        if (i >= j) break;
        swap(i, j);
      }
      swap(i, right - 1);
      if (i - left < right - i) {
        pending.push(i + 1, right);
        right = i - 1;
      } else {
        pending.push(left, i - 1);
        left = i + 1;
      }
    }
    for (let i = left + 1; i <= right; i++) {
      const index = order[i]!;
      let j = i;
      for (; j > left && keys[index]! < keys[order[j - 1]!]!; j--) order[j] = order[j - 1]!;
      order[j] = index;
    }
  }
  return order;
}
