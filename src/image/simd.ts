/**
 * One WebAssembly memory and the routines that run in it. An operation lays out its arrays, copies in what it reads, runs loops that take
 * four floats at a time, and copies out; nothing stays from one operation to the next, so that memory is asked for once.
 */
import { moduleOf, type Routine } from './wasmCode.ts';

const PAGE = 65536;
/** Arrays start on lines of the cache; a line is free behind each, for loops that store whole vectors. */
const LINE = 64;

/** Owns a memory that grows with its use; one serves a whole run, but not two threads. */
export class Simd {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #routines = new Map<Routine, (...parameters: number[]) => void>();
  #floats = new Float32Array(this.#memory.buffer);

  /**
   * Addresses (in bytes) of arrays of so many floats. They hold what earlier operations left, and are valid until the next layout.
   */
  layout<const N extends readonly number[]>(...counts: N): { readonly [K in keyof N]: number } {
    let end = LINE;
    const places = counts.map((count) => {
      const at = end;
      end = Math.ceil((end + count * 4) / LINE + 1) * LINE;
      return at;
    });
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      this.#memory.grow(missing);
      this.#floats = new Float32Array(this.#memory.buffer);
    }
    return places as { readonly [K in keyof N]: number };
  }

  /** `count` floats at an address, to be read or written. */
  floats(at: number, count: number): Float32Array {
    return this.#floats.subarray(at / 4, at / 4 + count);
  }

  /** Floats of 64 bits; each takes the place of two. */
  doubles(at: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, count);
  }

  integers(at: number, count: number): Int32Array {
    return new Int32Array(this.#memory.buffer, at, count);
  }

  words(at: number, count: number): Uint16Array {
    return new Uint16Array(this.#memory.buffer, at, count);
  }

  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, count);
  }

  /** The routine as a function; compiled when it is first asked for. */
  run(routine: Routine): (...parameters: number[]) => void {
    let found = this.#routines.get(routine);
    if (found === undefined) {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(routine)), { m: { m: this.#memory } });
      found = instance.exports.run as (...parameters: number[]) => void;
      this.#routines.set(routine, found);
    }
    return found;
  }
}
