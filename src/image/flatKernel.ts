/**
 * Sums and minima of shifted copies of an array, in WebAssembly with SIMD: what blurs and erosions of padded images come down to when their
 * rows lie behind one another. bench/merge.mjs times it.
 */
import { type Code, constant, f32x4, get, i32, moduleOf, repeat, set } from './wasmCode.ts';

/** Bytes before the floats: the end of the list and the place of the result, what sums start from, then the list. */
const LIST_END = 0;
const RESULT = 4;
const START = 8;
const LIST = 16;
const TAP = 8;
const MOST_TAPS = 4096;
const FLOATS = LIST + MOST_TAPS * TAP;
/** Bytes of one round. */
const ROUND = 64;

/** A copy of the array that starts at float `at`; for sums, how much it counts. */
export interface FlatTap {
  readonly at: number;
  readonly weight: number;
}

/** Owns a memory that grows with its use; one serves a whole run. */
export class FlatKernel {
  readonly #modules = [new WebAssembly.Module(kernel('sum')), new WebAssembly.Module(kernel('least'))] as const;
  #runs: readonly ((bytes: number) => void)[] = [];
  #view = new DataView(new ArrayBuffer(0));
  #floats = new Float32Array(0);

  /**
   * Room for so many floats, which calls of `sum` and `least` mean by their places. What it holds is left over from earlier uses; it is
   * valid until the next call of reserve.
   */
  reserve(count: number): Float32Array {
    if (count + ROUND > this.#floats.length) {
      const memory = new WebAssembly.Memory({ initial: Math.ceil((FLOATS + (count + ROUND) * 4) / 65536) });
      this.#view = new DataView(memory.buffer);
      this.#floats = new Float32Array(memory.buffer, FLOATS);
      this.#runs = this.#modules.map(
        (module) => new WebAssembly.Instance(module, { m: { m: memory } }).exports.run as (bytes: number) => void,
      );
    }
    return this.#floats;
  }

  /** floats[to + i] = Σ weight · floats[at + i] over the taps, for i < count; up to 15 floats behind are overwritten as well. */
  sum(taps: readonly FlatTap[], to: number, count: number): void {
    this.#run(0, taps, 0, to, count);
  }

  /** floats[to + i] = the least of floats[at + i] over the places, for i < count; see sum. `to` may be one of them. */
  least(places: readonly number[], to: number, count: number): void {
    this.#run(1, places.map((at) => ({ at, weight: 1 })), Number.POSITIVE_INFINITY, to, count); // biome-ignore format: one call
  }

  #run(which: 0 | 1, taps: readonly FlatTap[], start: number, to: number, count: number): void {
    if (taps.length === 0 || taps.length > MOST_TAPS) throw new RangeError(`${taps.length} taps`);
    const view = this.#view;
    view.setInt32(LIST_END, LIST + taps.length * TAP, true);
    view.setInt32(RESULT, FLOATS + to * 4, true);
    view.setFloat32(START, start, true);
    for (const [k, { at, weight }] of taps.entries()) {
      view.setInt32(LIST + k * TAP, FLOATS + at * 4, true);
      view.setFloat32(LIST + k * TAP + 4, weight, true);
    }
    this.#runs[which]!(count * 4);
  }
}

/** For every round of 16 floats: all taps one after another, into four accumulators. */
function kernel(operation: 'sum' | 'least'): Uint8Array {
  const [bytes, at, tap, address, listEnd, result] = [0, 1, 2, 3, 4, 5];
  const [weight, first] = [6, 7];
  const four = [0, 1, 2, 3];
  const next = (local: number, step: number): Code => [...get(local), ...constant(step), ...i32.add, ...set(local)];
  const value = (j: number): Code => {
    const own = [...get(address), ...f32x4.load(j * 16)];
    if (operation === 'least') return [...own, ...get(first + j), ...f32x4.lesser];
    return [...own, ...get(weight), ...f32x4.mul, ...get(first + j), ...f32x4.add];
  };
  const inner = [
    ...[...get(tap), ...i32.load(0), ...get(at), ...i32.add, ...set(address)],
    ...(operation === 'sum' ? [...get(tap), ...f32x4.splat(4), ...set(weight)] : []),
    ...four.flatMap((j) => [...value(j), ...set(first + j)]),
    ...next(tap, TAP),
    ...[...get(tap), ...get(listEnd), ...i32.less],
  ];
  const outer = [
    ...four.flatMap((j) => [...constant(0), ...f32x4.splat(START), ...set(first + j)]),
    ...[...constant(LIST), ...set(tap)],
    ...repeat(inner),
    ...[...get(result), ...get(at), ...i32.add, ...set(address)],
    ...four.flatMap((j) => [...get(address), ...get(first + j), ...f32x4.store(j * 16)]),
    ...next(at, ROUND),
    ...[...get(at), ...get(bytes), ...i32.less],
  ];
  const read = (local: number, offset: number): Code => [...constant(0), ...i32.load(offset), ...set(local)];
  return moduleOf([...read(listEnd, LIST_END), ...read(result, RESULT), ...repeat(outer)], { i32: 5, v128: 5 });
}
