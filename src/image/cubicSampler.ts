/**
 * sampleCubic for the hot loop of training: the same kernel, four floats at once in WebAssembly. Pixels lie there as B, G, R and a spare,
 * with a border around them, so that no tap needs a test. bench/samples.mjs times it: about a quarter of the plain loop's time.
 */
import type { FloatImage } from './image.ts';
import type { Positions } from './positions.ts';
import { type Border, cubicWeights } from './sampling.ts';
import { type Code, constant, f32x4, i32, type Local, loop, moduleOf, type Routine } from './wasmCode.ts';

/** Pixels around the image. Taps of a position further out than 3 pixels all lie in the border. */
const RING = 4;
const PIXEL = 16;
const TABLE_BYTES = 32 * PIXEL;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Positions as addresses: what a sampler of one size reads for each target pixel. */
export interface CubicPlan {
  /** Of the first tap, from the start of the source. */
  readonly taps: Int32Array;
  /** Of the weights across, and 65536 times that of the weights down, in the table. */
  readonly weights: Int32Array;
}

/** Samples three-channel images of one size into results of one size. */
export class CubicSampler {
  readonly #width: number;
  readonly #height: number;
  readonly #source: Float32Array;
  readonly #taps: Int32Array;
  readonly #weights: Int32Array;
  readonly #run: (pixels: number) => void;
  /** The last result: four floats a pixel, the fourth 0. Overwritten by the next. */
  readonly out: Float32Array;

  /** @param target  size of the results; that of the sources if absent. */
  constructor({ width, height }: Size, target: Size = { width, height }) {
    [this.#width, this.#height] = [width, height];
    const pixels = target.width * target.height;
    const padded = (width + 2 * RING) * (height + 2 * RING);
    const at = { source: TABLE_BYTES, out: TABLE_BYTES + padded * PIXEL, taps: 0, weights: 0 };
    at.taps = at.out + pixels * PIXEL;
    at.weights = at.taps + pixels * 4;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((at.weights + pixels * 4) / 65536) });
    const { buffer } = memory;
    new Float32Array(buffer, 0, 128).set(Array.from({ length: 32 }, (_, f) => cubicWeights(f / 32)).flat());
    this.#source = new Float32Array(buffer, at.source, padded * 4);
    this.out = new Float32Array(buffer, at.out, pixels * 4);
    this.#taps = new Int32Array(buffer, at.taps, pixels);
    this.#weights = new Int32Array(buffer, at.weights, pixels);
    const module = new WebAssembly.Module(moduleOf(kernel({ ...at, rowBytes: (width + 2 * RING) * PIXEL })));
    this.#run = new WebAssembly.Instance(module, { m: { m: memory } }).exports.run as (pixels: number) => void;
  }

  /** @param at  as many positions as a result has pixels. */
  plan(at: Positions): CubicPlan {
    const plan = { taps: new Int32Array(at.x.length), weights: new Int32Array(at.x.length) };
    const [width, height, row] = [this.#width, this.#height, this.#width + 2 * RING];
    for (let i = 0; i < at.x.length; i++) {
      const x = Math.min(Math.max(at.x[i]! >> 5, 1 - RING), width + RING - 3);
      const y = Math.min(Math.max(at.y[i]! >> 5, 1 - RING), height + RING - 3);
      plan.taps[i] = ((y + RING - 1) * row + x + RING - 1) * PIXEL;
      plan.weights[i] = (at.x[i]! & 31) * PIXEL + (at.y[i]! & 31) * PIXEL * 65536;
    }
    return plan;
  }

  /**
   * @param image  three values a pixel, or four as in `out`, which itself may be read again.
   * @returns `out`.
   */
  sample(image: Pick<FloatImage, 'data' | 'channels'>, plan: CubicPlan, border: Border): Float32Array {
    this.#load(image.data, image.channels, border);
    this.#taps.set(plan.taps);
    this.#weights.set(plan.weights);
    this.#run(plan.taps.length);
    return this.out;
  }

  #load(data: Float32Array, channels: number, border: Border): void {
    const [width, height, source] = [this.#width, this.#height, this.#source];
    const row = (width + 2 * RING) * 4;
    const first = RING * row;
    for (let y = 0; y < height; y++) {
      const start = first + y * row + RING * 4;
      if (channels === 4) source.set(data.subarray(y * width * 4, (y + 1) * width * 4), start);
      else widen(data, y * width * 3, source, start, width);
      for (let k = 1; k <= RING; k++) {
        source.copyWithin(start - k * 4, start, start + 4);
        source.copyWithin(start + (width - 1 + k) * 4, start + (width - 1) * 4, start + width * 4);
      }
      if (border === 'zero') {
        source.fill(0, start - RING * 4, start);
        source.fill(0, start + width * 4, start + (width + RING) * 4);
      }
    }
    const last = first + (height - 1) * row;
    for (let k = 1; k <= RING; k++) {
      if (border === 'zero') {
        source.fill(0, first - k * row, first - (k - 1) * row);
        source.fill(0, last + k * row, last + (k + 1) * row);
      } else {
        source.copyWithin(first - k * row, first, first + row);
        source.copyWithin(last + k * row, last, last + row);
      }
    }
  }
}

function widen(from: Float32Array, at: number, to: Float32Array, start: number, pixels: number): void {
  for (let p = at, o = start; p < at + pixels * 3; p += 3, o += 4) {
    to[o] = from[p]!;
    to[o + 1] = from[p + 1]!;
    to[o + 2] = from[p + 2]!;
  }
}

/** For each pixel: Σ over rows k of down[k] · Σ over columns j of across[j] · tap[k][j]. Addresses are fixed when it is made. */
const kernel = (at: { source: number; out: number; taps: number; weights: number; rowBytes: number }): Routine => ({
  parameters: ['i32'],
  body(locals, pixels) {
    const [i, tap, across, down, out] = locals.many('i32', 5) as [Local, Local, Local, Local, Local];
    const weights = locals.many('v128', 4);
    const { add, mul } = f32x4;
    const sum = (terms: readonly Code[]): Code => terms.reduce((a, b) => add(a, b));
    const row = (k: number): Code => {
      const products = weights.map(({ get }, j) => mul(f32x4.load(tap.get, at.source + k * at.rowBytes + j * PIXEL), get));
      return mul(sum(products), f32x4.loadSplat(down.get, k * 4));
    };
    return loop(i, i32.mul(pixels.get, constant(4)), constant(4), [
      ...tap.set(i32.load(i.get, at.taps)),
      ...across.set(i32.and(i32.load(i.get, at.weights), constant(65535))),
      ...down.set(i32.shiftRight(i32.load(i.get, at.weights), constant(16))),
      ...weights.flatMap((weight, j) => weight.set(f32x4.loadSplat(across.get, j * 4))),
      ...f32x4.store(out.get, sum([0, 1, 2, 3].map(row)), at.out),
      ...out.set(i32.add(out.get, constant(PIXEL))),
    ]);
  },
});
