/** resize() with the cubic filter for large images of one or three channels: the same taps, four floats at a time. bench/merge.mjs times it. */
import { type FloatImage, floatImage } from './image.ts';
import { cubicWeights } from './sampling.ts';
import type { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, type Local, loop, type Routine, v128 } from './wasmCode.ts';
import { sumOfPixels, weightsOfPixels } from './wasmPixels.ts';

const TAPS = 4;
/** Pixels repeated beyond either edge, which taps may read. */
const EDGE = 2;

/**
 * @param range  what values are held in, where the image is resized.
 * @param into  what is written: another image of the new size, as large ones cost more to get than to fill.
 * @returns the image itself if it has the size already; values as resize() gives them, but for rounding in float32.
 */
export function resizeCubic(
  image: FloatImage,
  width: number,
  height: number,
  simd: Simd,
  [low, high]: readonly [low: number, high: number] = [-Infinity, Infinity],
  into?: FloatImage,
): FloatImage {
  if (width === image.width && height === image.height) return image;
  const { channels } = image;
  if (channels !== 1 && channels !== 3) throw new RangeError(`${channels} channels`);
  const [across, down] = [taps(image.width, width), taps(image.height, height)];
  // Of one channel four results are made at once, so that a row is a multiple of four.
  const columns = Math.ceil(width / 4) * 4;
  const [row, stretched] = [(image.width + 2 * EDGE) * channels, columns * channels];
  const out = into ?? floatImage(width, height, channels);
  const slot = stretched + 4; // of the last pixel a fourth float is written
  const [source, starts, weights, rows, result] = simd.layout(
    ...([row, columns, columns * TAPS * channels, slot * TAPS, stretched] as const),
  );
  simd.integers(starts, columns).fill(source).set(across.first.map((at) => source + (at + EDGE) * channels * 4)); // biome-ignore format: one call
  simd.floats(weights, width * TAPS * channels).set(weightsOfPixels(across.weights, channels));
  const stretch = simd.run(channels === 1 ? stretch1 : stretch3);
  const padded = simd.floats(source, row);
  const [mix, values] = [simd.run(mixRows), simd.floats(result, width * channels)];
  // The last stretched rows, each in a place of four in turn: what is mixed is still near the processor.
  const held = new Int32Array(TAPS).fill(-1);
  const stretchedRow = (asked: number): number => {
    const y = Math.min(Math.max(asked, 0), image.height - 1);
    const at = rows + (y % TAPS) * slot * 4;
    if (held[y % TAPS] === y) return at;
    held[y % TAPS] = y;
    pad(image, y, padded);
    stretch(starts, weights, at, columns);
    return at;
  };
  for (let y = 0; y < height; y++) {
    const place = (k: number): number => stretchedRow(down.first[y]! + k);
    const weight = down.weights.subarray(y * TAPS, (y + 1) * TAPS);
    mix(place(0), place(1), place(2), place(3), weight[0]!, weight[1]!, weight[2]!, weight[3]!, result, width * channels * 4, low, high);
    out.data.set(values, y * width * channels);
  }
  return out;
}

/** The first tap of each target value and the weights of the four. */
function taps(from: number, to: number): { first: Int32Array; weights: Float32Array } {
  const first = new Int32Array(to);
  const weights = new Float32Array(to * TAPS);
  for (let d = 0; d < to; d++) {
    const s = (d + 0.5) * (from / to) - 0.5;
    first[d] = Math.floor(s) - 1;
    weights.set(cubicWeights(s - Math.floor(s)), d * TAPS);
  }
  return { first, weights };
}

/** A row with its edges repeated. */
function pad({ data, width, channels }: FloatImage, y: number, to: Float32Array): void {
  to.set(data.subarray(y * width * channels, (y + 1) * width * channels), EDGE * channels);
  for (let k = 0; k < EDGE * channels; k++) {
    to[k] = to[EDGE * channels + (k % channels)]!;
    to[(EDGE + width) * channels + k] = to[(EDGE + width - 1) * channels + (k % channels)]!;
  }
}

/** A row of three channels stretched across: for each pixel the place of its taps and their weights. */
const stretch3: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, starts, weights, out, count) {
    const [i, tap] = locals.many('i32', 2) as [Local, Local];
    const values = locals.many('v128', 3);
    return loop(i, i32.mul(count.get, constant(4)), constant(4), [
      ...tap.set(i32.load(i32.add(starts.get, i.get))),
      ...values.flatMap((value, v) => value.set(f32x4.load(tap.get, v * 16))),
      ...f32x4.store(
        out.get,
        sumOfPixels(values, (v) => f32x4.load(weights.get, v * 16)),
      ),
      ...weights.set(i32.add(weights.get, constant(48))),
      ...out.set(i32.add(out.get, constant(12))),
    ]);
  },
};

/** The same of one channel, four pixels at once. */
const stretch1: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, starts, weights, out, count) {
    const i = locals.one('i32');
    const [p, q, r, s] = locals.many('v128', 4) as [Local, Local, Local, Local];
    const product = (k: number): Code =>
      f32x4.mul(f32x4.load(i32.load(i32.add(starts.get, i.get), k * 4)), f32x4.load(weights.get, k * 16));
    const pairs = (a: Local, b: Local): Code =>
      f32x4.add(v128.shuffle(a.get, b.get, [0, 4, 1, 5]), v128.shuffle(a.get, b.get, [2, 6, 3, 7]));
    return loop(i, i32.mul(count.get, constant(4)), constant(16), [
      ...[p, q, r, s].flatMap((local, k) => local.set(product(k))),
      ...p.set(pairs(p, q)),
      ...r.set(pairs(r, s)),
      ...f32x4.store(
        i32.add(out.get, i.get),
        f32x4.add(v128.shuffle(p.get, r.get, [0, 1, 4, 5]), v128.shuffle(p.get, r.get, [2, 3, 6, 7])),
      ),
      ...weights.set(i32.add(weights.get, constant(64))),
    ]);
  },
};

/** Four rows times their weights, added. */
const mixRows: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'f32', 'f32', 'f32', 'f32', 'i32', 'i32', 'f32', 'f32'],
  body(locals, a, b, c, d, wa, wb, wc, wd, out, bytes, low, high) {
    const i = locals.one('i32');
    const factors = locals.many('v128', TAPS);
    const product = (row: Local, k: number): Code => f32x4.mul(f32x4.load(i32.add(row.get, i.get)), factors[k]!.get);
    const [least, most] = locals.many('v128', 2) as [Local, Local];
    const sum = f32x4.add(f32x4.add(product(a, 0), product(b, 1)), f32x4.add(product(c, 2), product(d, 3)));
    return [
      ...[wa, wb, wc, wd].flatMap((weight, k) => factors[k]!.set(f32x4.splat(weight.get))),
      ...least.set(f32x4.splat(low.get)),
      ...most.set(f32x4.splat(high.get)),
      ...loop(i, bytes.get, constant(16), f32x4.store(i32.add(out.get, i.get), f32x4.lesser(f32x4.greater(sum, least.get), most.get))),
    ];
  },
};
