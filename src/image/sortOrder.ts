/** Sorting float32 values of pictures, which fill their range: by buckets, or by radix where they don't. bench/merge.mjs times it. */

const DIGIT = 11;
const SIZE = 1 << DIGIT;

/** As many as values in a picture's face, so that most hold one or two. */
const BUCKETS = 1 << 16;
/** Places that values may move inside their buckets, on average, before buckets are given up. */
const MOST_MOVES = 8;

/** Buffers for sorting up to `capacity` values; one may serve many sorts. */
export class ValueSorter {
  readonly #values: Float32Array;
  readonly #order: Uint32Array;
  readonly #floats: Float32Array;
  readonly #places: Uint32Array;
  readonly #starts = new Uint32Array(BUCKETS + 1);

  constructor(capacity: number) {
    [this.#values, this.#floats] = [new Float32Array(capacity), new Float32Array(capacity)];
    [this.#order, this.#places] = [new Uint32Array(capacity), new Uint32Array(capacity)];
  }

  /**
   * Sorts every `stride`-th value from `offset` on, upwards; equal values keep their order. −0 sorts as 0; no NaN.
   *
   * @returns the sorted values and, for each, which of the strided values it was. Both are overwritten by the next sort.
   */
  sort(data: Float32Array, offset: number, stride: number, count: number): { values: Float32Array; order: Uint32Array } {
    const [values, order] = [this.#values.subarray(0, count), this.#order.subarray(0, count)];
    const floats = this.#floats.subarray(0, count);
    for (let i = 0, p = offset; i < count; i++, p += stride) floats[i] = data[p]! + 0;
    intoBuckets(floats, this.#places, this.#starts, values, order);
    if (!settle(values, order, MOST_MOVES * count)) byDigits(floats, values, order);
    return { values, order };
  }
}

/** Values in the order of buckets of equal width over their range: sorted but for neighbours. */
function intoBuckets(floats: Float32Array, places: Uint32Array, starts: Uint32Array, values: Float32Array, order: Uint32Array): void {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < floats.length; i++) {
    const v = floats[i]!;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  const scale = high > low ? (BUCKETS - 1) / (high - low) : 0;
  starts.fill(0);
  for (let i = 0; i < floats.length; i++) {
    const bucket = ((floats[i]! - low) * scale) | 0;
    places[i] = bucket;
    starts[bucket + 1]!++;
  }
  for (let b = 1; b <= BUCKETS; b++) starts[b]! += starts[b - 1]!;
  for (let i = 0; i < floats.length; i++) {
    const at = starts[places[i]!]!++;
    values[at] = floats[i]!;
    order[at] = i;
  }
}

/** Insertion sort; false, with everything in some order, if that takes more moves than given. */
function settle(values: Float32Array, order: Uint32Array, moves: number): boolean {
  let left = moves;
  for (let i = 1; i < values.length; i++) {
    const [v, o] = [values[i]!, order[i]!];
    let k = i - 1;
    if (values[k]! <= v) continue;
    for (; k >= 0 && values[k]! > v; k--) {
      values[k + 1] = values[k]!;
      order[k + 1] = order[k]!;
    }
    values[k + 1] = v;
    order[k + 1] = o;
    left -= i - k;
    if (left < 0) return false;
  }
  return true;
}

/** Radix sort, whatever the distribution of the values. */
function byDigits(floats: Float32Array, values: Float32Array, order: Uint32Array): void {
  const count = floats.length;
  const counts = new Uint32Array(SIZE);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, count);
  let [keys, spareKeys] = [new Uint32Array(count), new Uint32Array(count)];
  let [from, spare] = [Uint32Array.from({ length: count }, (_, i) => i), new Uint32Array(count)];
  // Flipped so that unsigned order is the order of the floats: all bits of negative ones, the sign of the others.
  for (let i = 0; i < count; i++) keys[i] = bits[i]! & 0x80000000 ? ~bits[i]! : bits[i]! ^ 0x80000000;
  for (let shift = 0; shift < 32; shift += DIGIT) {
    radixPass(keys, from, spareKeys, spare, counts, shift, count);
    [keys, spareKeys] = [spareKeys, keys];
    [from, spare] = [spare, from];
  }
  order.set(from);
  for (let i = 0; i < count; i++) values[i] = floats[order[i]!]!;
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
