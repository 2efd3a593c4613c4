/**
 * Random numbers with a state that can be saved: the same seed gives the same stream on every machine, and a
 * restored state continues it exactly. Streams for parts of a run are split off by name, so that adding a draw in one
 * part does not shift another. Not for cryptography.
 */

/** The whole state of an Rng: four 32-bit unsigned integers. */
export type RngState = readonly [number, number, number, number];

/** xoshiro128** (Blackman and Vigna, 2018), seeded by SplitMix32. */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed any integer, or the state of another generator to continue it. */
  constructor(seed: number | RngState) {
    [this.#a, this.#b, this.#c, this.#d] = typeof seed === 'number' ? stateFromSeed(seed) : seed;
  }

  get state(): RngState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /** An integer of 32 random bits, 0 … 2³² − 1. */
  uint32(): number {
    const x = Math.imul(this.#b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A real number of 53 random bits in [low, high). */
  uniform(low = 0, high = 1): number {
    const unit = ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
    return low + unit * (high - low);
  }

  /** An integer in low … high − 1, each equally likely. */
  integer(low: number, high: number): number {
    const range = high - low;
    const limit = 4294967296 - (4294967296 % range);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return low + (x % range);
  }

  /** A draw of the standard normal distribution (Box and Muller; one of the pair is dropped, so no hidden state). */
  normal(): number {
    const u = 1 - this.uniform();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(0, i + 1);
      const held = items[i]!;
      items[i] = items[j]!;
      items[j] = held;
    }
    return items;
  }
}

/** A generator for one named part of a run, e.g. (seed, 'sample', 'src', 1204). Independent of the order of calls. */
export function streamFor(seed: number, ...path: readonly (string | number)[]): Rng {
  let h = seed >>> 0;
  for (const part of path) {
    for (const c of `${part}/`) h = Math.imul(h ^ c.codePointAt(0)!, 0x01000193) >>> 0; // FNV-1a
    h = mix(h);
  }
  return new Rng(h);
}

function stateFromSeed(seed: number): [number, number, number, number] {
  let s = (seed ^ mix(Math.floor(seed / 4294967296) >>> 0)) >>> 0;
  const next = (): number => {
    s = (s + 0x9e3779b9) >>> 0;
    return mix(s);
  };
  return [next(), next(), next(), next()];
}

/** The finalizer of MurmurHash3: every input bit reaches every output bit. */
function mix(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
