/**
 * Sums and minima of shifted copies of an array: what blurs and erosions of padded images come down to when their rows lie behind one
 * another. bench/merge.mjs times it.
 */
import type { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, type Local, loop, type Routine } from './wasmCode.ts';

const MOST_TAPS = 4096;
/** Bytes of a tap in the list, and of one round. */
const TAP = 8;
const ROUND = 64;

/** A copy of the array that starts at float `at`; for sums, how much it counts. */
export interface FlatTap {
  readonly at: number;
  readonly weight: number;
}

/** Valid until the next layout of its memory. */
export interface FlatArray {
  /** What it holds is left over from earlier uses. */
  readonly floats: Float32Array;
  /** floats[to + i] = Σ weight · floats[at + i] over the taps, for i < count; up to 15 floats behind are overwritten as well. */
  sum(taps: readonly FlatTap[], to: number, count: number): void;
  /** floats[to + i] = the least of floats[at + i] over the places, for i < count; see sum. `to` may be one of them. */
  least(places: readonly number[], to: number, count: number): void;
}

export function flatArray(simd: Simd, count: number): FlatArray {
  const [list, array] = simd.layout(MOST_TAPS * 2, count);
  const fill = (taps: readonly FlatTap[]): number => {
    if (taps.length === 0 || taps.length > MOST_TAPS) throw new RangeError(`${taps.length} taps`);
    const [places, weights] = [simd.integers(list, taps.length * 2), simd.floats(list, taps.length * 2)];
    for (const [k, { at, weight }] of taps.entries()) {
      places[2 * k] = array + at * 4;
      weights[2 * k + 1] = weight;
    }
    return list + taps.length * TAP;
  };
  return {
    floats: simd.floats(array, count),
    sum: (taps, to, floats) => simd.run(sums)(list, fill(taps), array + to * 4, floats * 4),
    least: (places, to, floats) => simd.run(minima)(list, fill(places.map((at) => ({ at, weight: 1 }))), array + to * 4, floats * 4),
  };
}

/** For every round of 16 floats: all taps one after another, into four accumulators. */
const rounds = (operation: 'sum' | 'least'): Routine => ({
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, list, listEnd, result, bytes) {
    const [at, tap, address] = locals.many('i32', 3) as [Local, Local, Local];
    const weight = locals.one('v128');
    const four = locals.many('v128', 4);
    const value = (sum: Local, j: number): Code => {
      const own = f32x4.load(address.get, j * 16);
      return operation === 'least' ? f32x4.lesser(own, sum.get) : f32x4.add(f32x4.mul(own, weight.get), sum.get);
    };
    return loop(at, bytes.get, constant(ROUND), [
      ...four.flatMap((sum) => sum.set(f32x4.splatConstant(operation === 'least' ? Number.POSITIVE_INFINITY : 0))),
      ...tap.set(list.get),
      ...loop(tap, listEnd.get, constant(TAP), [
        ...address.set(i32.add(i32.load(tap.get), at.get)),
        ...(operation === 'sum' ? weight.set(f32x4.loadSplat(tap.get, 4)) : []),
        ...four.flatMap((sum, j) => sum.set(value(sum, j))),
      ]),
      ...address.set(i32.add(result.get, at.get)),
      ...four.flatMap((sum, j) => f32x4.store(address.get, sum.get, j * 16)),
    ]);
  },
});
const sums = rounds('sum');
const minima = rounds('least');
