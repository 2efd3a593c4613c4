/** Sorting float32 values by radix: what quantiles of a picture need, at a few nanoseconds a value. bench/merge.mjs times it. */

const DIGIT = 11;
const SIZE = 1 << DIGIT;
const LOW = SIZE - 1;

export interface SortedValues {
  readonly values: Float32Array;
  /** For each sorted value, which of the given ones it was; equal values keep their order. */
  readonly order: Uint32Array;
}

/** Buffers for sorting up to `capacity` values; one may serve many sorts. */
export class RadixSorter {
  readonly #keys: Uint32Array;
  readonly #spareKeys: Uint32Array;
  readonly #order: Uint32Array;
  readonly #spareOrder: Uint32Array;
  readonly #counts = new Uint32Array(3 * SIZE);
  readonly #floats: Float32Array;
  readonly #bits: Uint32Array;

  constructor(capacity: number) {
    [this.#keys, this.#spareKeys] = [new Uint32Array(capacity), new Uint32Array(capacity)];
    [this.#order, this.#spareOrder] = [new Uint32Array(capacity), new Uint32Array(capacity)];
    this.#floats = new Float32Array(capacity);
    this.#bits = new Uint32Array(this.#floats.buffer);
  }

  /**
   * Sorts every `stride`-th value from `offset` on, upwards. −0 sorts as 0; no NaN.
   *
   * @returns the sorted values, overwritten by the next sort.
   */
  sort(data: Float32Array, offset: number, stride: number, count: number): SortedValues {
    const [keys, spare, counts] = [this.#keys, this.#spareKeys, this.#counts];
    readFloats(data, offset, stride, this.#floats, count);
    readKeys(this.#bits, keys, counts, count);
    for (let d = 0; d < 3; d++) startsOf(counts, d * SIZE);
    firstPass(keys, spare, this.#spareOrder, counts, count);
    laterPass(spare, this.#spareOrder, keys, this.#order, counts, SIZE, DIGIT, count);
    laterPass(keys, this.#order, spare, this.#spareOrder, counts, 2 * SIZE, 2 * DIGIT, count);
    writeBits(spare, this.#bits, count);
    return { values: this.#floats.subarray(0, count), order: this.#spareOrder.subarray(0, count) };
  }

  /** The values that sort() gives, for less: nothing is kept of which was where. */
  sortValues(data: Float32Array, offset: number, stride: number, count: number): Float32Array {
    const [keys, spare, counts] = [this.#keys, this.#spareKeys, this.#counts];
    readFloats(data, offset, stride, this.#floats, count);
    readKeys(this.#bits, keys, counts, count);
    for (let d = 0; d < 3; d++) startsOf(counts, d * SIZE);
    keysPass(keys, spare, counts, 0, 0, count);
    keysPass(spare, keys, counts, SIZE, DIGIT, count);
    keysPass(keys, spare, counts, 2 * SIZE, 2 * DIGIT, count);
    writeBits(spare, this.#bits, count);
    return this.#floats.subarray(0, count);
  }
}

function readFloats(data: Float32Array, offset: number, stride: number, to: Float32Array, count: number): void {
  for (let i = 0, p = offset; i < count; i++, p += stride) to[i] = data[p]! + 0;
}

/** Bits flipped so that unsigned order is the order of the floats: all of negative ones, the sign of the others. Counts their digits. */
function readKeys(bits: Uint32Array, keys: Uint32Array, counts: Uint32Array, count: number): void {
  counts.fill(0);
  for (let i = 0; i < count; i++) {
    const b = bits[i]!;
    const k = b ^ ((b >> 31) | 0x80000000);
    keys[i] = k;
    counts[k & LOW]!++;
    counts[SIZE + ((k >>> DIGIT) & LOW)]!++;
    counts[2 * SIZE + (k >>> (2 * DIGIT))]!++;
  }
}

/** Numbers of values to the place of the first of each. */
function startsOf(counts: Uint32Array, from: number): void {
  for (let d = from, at = 0; d < from + SIZE; d++) {
    const held = counts[d]!;
    counts[d] = at;
    at += held;
  }
}

function firstPass(keys: Uint32Array, toKeys: Uint32Array, toOrder: Uint32Array, counts: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const k = keys[i]!;
    const at = counts[k & LOW]!++;
    toKeys[at] = k;
    toOrder[at] = i;
  }
}

function laterPass(
  keys: Uint32Array,
  order: Uint32Array,
  toKeys: Uint32Array,
  toOrder: Uint32Array,
  counts: Uint32Array,
  from: number,
  shift: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const k = keys[i]!;
    const at = counts[from + ((k >>> shift) & LOW)]!++;
    toKeys[at] = k;
    toOrder[at] = order[i]!;
  }
}

function keysPass(keys: Uint32Array, toKeys: Uint32Array, counts: Uint32Array, from: number, shift: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const k = keys[i]!;
    toKeys[counts[from + ((k >>> shift) & LOW)]!++] = k;
  }
}

function writeBits(keys: Uint32Array, bits: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const k = keys[i]!;
    bits[i] = k ^ ((~k >> 31) | 0x80000000);
  }
}
