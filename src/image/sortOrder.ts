/** Sorting float32 values by radix: what quantiles of a picture need, at a few nanoseconds a value. */

const DIGIT = 11;
const SIZE = 1 << DIGIT;

/** Buffers for sorting up to `capacity` values; one may serve many sorts. */
export class RadixSorter {
  readonly #keys: readonly [Uint32Array, Uint32Array];
  readonly #order: readonly [Uint32Array, Uint32Array];
  readonly #counts = new Uint32Array(SIZE);
  readonly #bits: Uint32Array;
  readonly #floats: Float32Array;

  constructor(capacity: number) {
    this.#keys = [new Uint32Array(capacity), new Uint32Array(capacity)];
    this.#order = [new Uint32Array(capacity), new Uint32Array(capacity)];
    this.#floats = new Float32Array(capacity);
    this.#bits = new Uint32Array(this.#floats.buffer);
  }

  /**
   * Sorts every `stride`-th value from `offset` on, upwards; equal values keep their order. −0 sorts as 0; no NaN.
   *
   * @returns the sorted values and, for each, which of the strided values it was. Both are overwritten by the next sort.
   */
  sort(data: Float32Array, offset: number, stride: number, count: number): { values: Float32Array; order: Uint32Array } {
    const [floats, bits] = [this.#floats, this.#bits];
    let [keys, spareKeys] = this.#keys;
    let [order, spareOrder] = this.#order;
    for (let i = 0, p = offset; i < count; i++, p += stride) floats[i] = data[p]! + 0;
    // Flipped so that unsigned order is the order of the floats: all bits of negative ones, the sign of the others.
    for (let i = 0; i < count; i++) {
      const b = bits[i]!;
      keys[i] = b & 0x80000000 ? ~b : b ^ 0x80000000;
      order[i] = i;
    }
    for (let shift = 0; shift < 32; shift += DIGIT) {
      radixPass(keys, order, spareKeys, spareOrder, this.#counts, shift, count);
      [keys, spareKeys] = [spareKeys, keys];
      [order, spareOrder] = [spareOrder, order];
    }
    for (let i = 0; i < count; i++) {
      const k = keys[i]!;
      bits[i] = k & 0x80000000 ? k ^ 0x80000000 : ~k;
    }
    return { values: floats.subarray(0, count), order: order.subarray(0, count) };
  }
}

function radixPass(
  keys: Uint32Array,
  order: Uint32Array,
  toKeys: Uint32Array,
  toOrder: Uint32Array,
  counts: Uint32Array,
  shift: number,
  count: number,
): void {
  counts.fill(0);
  for (let i = 0; i < count; i++) counts[(keys[i]! >>> shift) & (SIZE - 1)]!++;
  for (let d = 0, at = 0; d < SIZE; d++) {
    const held = counts[d]!;
    counts[d] = at;
    at += held;
  }
  for (let i = 0; i < count; i++) {
    const k = keys[i]!;
    const at = counts[(k >>> shift) & (SIZE - 1)]!++;
    toKeys[at] = k;
    toOrder[at] = order[i]!;
  }
}
