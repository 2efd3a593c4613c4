/** Sorting float32 values by radix, in WebAssembly: what quantiles of a picture need, at a few nanoseconds a value. bench/merge.mjs times it. */
import type { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, i32x4, type Local, loop, type Routine, v128 } from './wasmCode.ts';

const DIGIT = 11;
const SIZE = 1 << DIGIT;
const LOW = SIZE - 1;

export interface SortedValues {
  readonly values: Float32Array;
  /** For each sorted value, which of the given ones it was; equal values keep their order. */
  readonly order: Int32Array;
}

/**
 * Sorts every `stride`-th of the values upwards, from `offset` on. −0 sorts as 0; no NaN.
 *
 * @returns the sorted values, in the memory of `simd`: copy what must outlive its next layout.
 */
export function sortValues(data: Float32Array, offset: number, stride: number, count: number, simd: Simd): SortedValues {
  const [given, counts, ...places] = simd.layout(count, SIZE, count, count, count, count);
  let [keys, order, spareKeys, spareOrder] = places;
  const floats = simd.floats(given, count);
  if (stride === 1) floats.set(data.subarray(offset, offset + count));
  else for (let i = 0, p = offset; i < count; i++, p += stride) floats[i] = data[p]!;
  simd.run(toKeys)(given, keys, order, count * 4);
  for (const shift of [0, DIGIT, 2 * DIGIT]) {
    simd.run(sortByDigit)(keys, order, spareKeys, spareOrder, counts, shift, count * 4);
    [keys, order, spareKeys, spareOrder] = [spareKeys, spareOrder, keys, order];
  }
  simd.run(toFloats)(keys, given, count * 4);
  return { values: simd.floats(given, count), order: simd.integers(order, count) };
}

const sign = i32x4.splat(constant(1 << 31));

/** Bits flipped so that unsigned order is the order of the floats: all of negative ones, the sign of the others. And the numbers of their places. */
const toKeys: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, from, keys, order, bytes) {
    const x = locals.one('i32');
    const [bits, place] = locals.many('v128', 2) as [Local, Local];
    return [
      ...place.set(v128.constants([0, 1, 2, 3].flatMap((lane) => [lane, 0, 0, 0]))),
      ...loop(x, bytes.get, constant(16), [
        ...bits.set(f32x4.add(f32x4.load(i32.add(from.get, x.get)), f32x4.splatConstant(0))), // −0 becomes 0
        ...v128.store(i32.add(keys.get, x.get), v128.xor(bits.get, v128.or(i32x4.shiftRight(bits.get, 31), sign))),
        ...v128.store(i32.add(order.get, x.get), place.get),
        ...place.set(i32x4.add(place.get, i32x4.splat(constant(4)))),
      ]),
    ];
  },
};

/** Back from keys. */
const toFloats: Routine = {
  parameters: ['i32', 'i32', 'i32'],
  body(locals, keys, to, bytes) {
    const x = locals.one('i32');
    const bits = locals.one('v128');
    const all = i32x4.splat(constant(-1));
    return loop(x, bytes.get, constant(16), [
      ...bits.set(v128.load(i32.add(keys.get, x.get))),
      ...v128.store(i32.add(to.get, x.get), v128.xor(bits.get, v128.or(i32x4.shiftRight(v128.xor(bits.get, all), 31), sign))),
    ]);
  },
};

/** A stable sort by the digit that begins at a bit. Counts become the bytes in front of the first with that digit. */
const sortByDigit: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, keys, order, toKeys, toOrder, counts, shift, bytes) {
    const [x, key, slot, at, held] = locals.many('i32', 5) as [Local, Local, Local, Local, Local];
    const ofDigit: Code = [
      ...key.set(i32.load(i32.add(keys.get, x.get))),
      ...slot.set(i32.add(counts.get, i32.shiftLeft(i32.and(i32.shiftRight(key.get, shift.get), constant(LOW)), constant(2)))),
      ...at.set(i32.load(slot.get)),
      ...i32.store(slot.get, i32.add(at.get, constant(4))),
    ];
    return [
      ...loop(x, constant(SIZE * 4), constant(16), v128.store(i32.add(counts.get, x.get), i32x4.splat(constant(0)))),
      ...x.set(constant(0)),
      ...loop(x, bytes.get, constant(4), ofDigit),
      ...x.set(constant(0)),
      ...at.set(constant(0)),
      ...loop(x, constant(SIZE * 4), constant(4), [
        ...slot.set(i32.add(counts.get, x.get)),
        ...held.set(i32.load(slot.get)),
        ...i32.store(slot.get, at.get),
        ...at.set(i32.add(at.get, held.get)),
      ]),
      ...x.set(constant(0)),
      ...loop(x, bytes.get, constant(4), [
        ...ofDigit,
        ...i32.store(i32.add(toKeys.get, at.get), key.get),
        ...i32.store(i32.add(toOrder.get, at.get), i32.load(i32.add(order.get, x.get))),
      ]),
    ];
  },
};
