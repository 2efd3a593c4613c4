/**
 * Affine warps between windows of larger images: only the part that is needed is held and computed, and every value is what a warp of the
 * whole images gives. Cubic, on OpenCV 4's 1/32 grid, zeros outside of the source. bench/merge.mjs times it.
 */
import type { Affine } from './affine.ts';
import type { FloatImage } from './image.ts';
import { roundHalfEven } from './positions.ts';
import { cubicTable } from './sampling.ts';
import type { Simd } from './simd.ts';
import { type Code, choose, constant, f32x4, i32, type Local, type Locals, loop, type Routine, when } from './wasmCode.ts';
import { sumOfPixels, weightsOfPixels } from './wasmPixels.ts';

/** A rectangle of a larger image: its first pixel and its size. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An image that is a window of a larger one: its first pixel lies at (x, y) there. */
export interface Pane {
  readonly x: number;
  readonly y: number;
  readonly image: FloatImage;
}

/** A whole image as a pane. */
export const wholePane = (image: FloatImage): Pane => ({ x: 0, y: 0, image });

/** Zeros around the source, so that no tap needs a test. */
const RING = 4;
const FRACTIONS = 32;
const unlimited = [-Infinity, Infinity] as const;

/**
 * Fills `target`, which has the channels of `source` (1 or 3).
 *
 * @param sourceFromTarget  in pixels of the larger images.
 * @param where  one value for each pixel of the target: where it is 0, nothing is computed and 0 is written.
 * @param range  what values are held in; by default they may overshoot those of the source.
 * Source: as sampling.ts and positions.ts, which do the same for whole images.
 */
export function warpWindow(
  source: Pane,
  sourceFromTarget: Affine,
  target: Pane,
  simd: Simd,
  { where, range: [low, high] = unlimited }: { readonly where?: Float32Array; readonly range?: readonly [low: number, high: number] } = {},
): void {
  const [a, b, tx, c, d, ty] = sourceFromTarget;
  const { width, height, channels, data } = target.image;
  const { image } = source;
  const row = (image.width + 2 * RING) * channels;
  const [from, acrossX, acrossY, where1, out, across, down] = simd.layout(
    ...([row * (image.height + 2 * RING), width, width, width, width * channels, FRACTIONS * 4 * channels, FRACTIONS * 4] as const),
  );
  withRing(image, simd.floats(from, row * (image.height + 2 * RING)));
  simd.floats(across, FRACTIONS * 4 * channels).set(weightsOfPixels(cubicTable, channels));
  simd.floats(down, FRACTIONS * 4).set(cubicTable);
  const [dx, dy] = [simd.integers(acrossX, width), simd.integers(acrossY, width)];
  for (let i = 0; i < width; i++) {
    dx[i] = roundHalfEven(a * (target.x + i) * 1024);
    dy[i] = roundHalfEven(c * (target.x + i) * 1024);
  }
  const run = simd.run(channels === 3 ? warpRow3 : warpRow1);
  const wanted = simd.floats(where1, width).fill(1);
  const result = simd.floats(out, width * channels);
  for (let j = 0; j < height; j++) {
    const y = target.y + j;
    const x0 = ((roundHalfEven((b * y + tx) * 1024) + 16) | 0) - source.x * 1024;
    const y0 = ((roundHalfEven((d * y + ty) * 1024) + 16) | 0) - source.y * 1024;
    if (where !== undefined) wanted.set(where.subarray(j * width, (j + 1) * width));
    run(...[from, row * 4, image.width, image.height, acrossX, acrossY, x0, y0, out, width, where1, across, down, low, high]);
    data.set(result, j * width * channels);
  }
}

function withRing({ width, height, channels, data }: FloatImage, to: Float32Array): void {
  const [values, ring] = [width * channels, RING * channels];
  const row = values + 2 * ring;
  to.fill(0, 0, RING * row + ring);
  for (let y = 0; y < height; y++) {
    const at = (y + RING) * row + ring;
    to.set(data.subarray(y * values, (y + 1) * values), at);
    to.fill(0, at + values, at + values + 2 * ring);
  }
  to.fill(0, (height + RING) * row);
}

/** A row of the target: for each pixel Σ over rows k of down[k] · Σ over columns j of across[j] · tap[k][j]. */
const warpRow = (channels: 1 | 3): Routine => ({
  parameters: [...Array<'i32'>(13).fill('i32'), 'f32', 'f32'],
  body(locals, from, row, width, height, acrossX, acrossY, x0, y0, out, count, where, across, down, low, high) {
    const [i, x, y, tap, weights] = locals.many('i32', 5) as [Local, Local, Local, Local, Local];
    const zero = f32x4.splatConstant(0);
    const sums = locals.many('v128', channels);
    const result = locals.one('v128');
    const [weight, least, most] = locals.many('v128', 3) as [Local, Local, Local];
    const taps = [0, 1, 2, 3].flatMap((k) => [
      ...weight.set(f32x4.loadSplat(y.get, k * 4)),
      ...sums.flatMap((sum, v) => {
        const product = f32x4.mul(f32x4.load(tap.get, v * 16), weight.get);
        return sum.set(k === 0 ? product : f32x4.add(sum.get, product));
      }),
      ...(k === 3 ? [] : tap.set(i32.add(tap.get, row.get))),
    ]);
    const pixel = [
      ...x.set(i32.shiftRight(i32.add(i32.load(i32.add(acrossX.get, i.get)), x0.get), constant(5))),
      ...y.set(i32.shiftRight(i32.add(i32.load(i32.add(acrossY.get, i.get)), y0.get), constant(5))),
      ...weights.set(i32.add(across.get, i32.mul(i32.and(x.get, constant(31)), constant(16 * channels)))),
      ...x.set(within(locals, i32.add(i32.shiftRight(x.get, constant(5)), constant(RING - 1)), width)),
      ...tap.set(within(locals, i32.add(i32.shiftRight(y.get, constant(5)), constant(RING - 1)), height)),
      ...tap.set(i32.add(from.get, i32.mul(tap.get, row.get), i32.mul(x.get, constant(4 * channels)))),
      ...y.set(i32.add(down.get, i32.mul(i32.and(y.get, constant(31)), constant(16)))),
      ...taps,
      ...result.set(sumOfPixels(sums, (v) => f32x4.load(weights.get, v * 16))),
      ...result.set(f32x4.lesser(f32x4.greater(result.get, least.get), most.get)),
    ];
    return [
      ...least.set(f32x4.splat(low.get)),
      ...most.set(f32x4.splat(high.get)),
      ...loop(i, i32.mul(count.get, constant(4)), constant(4), [
        ...result.set(zero),
        ...when(i32.load(i32.add(where.get, i.get)), pixel),
        ...f32x4.store(out.get, result.get),
        ...out.set(i32.add(out.get, constant(4 * channels))),
      ]),
    ];
  },
});

/** The place of a first tap, held where all its taps lie in the ring. */
function within(locals: Locals, place: Code, size: Local): Code {
  const [at, most] = [locals.one('i32'), i32.add(size.get, constant(RING))];
  const below = choose(at.get, most, i32.less(at.get, most));
  return [...at.set(place), ...at.set(below), ...choose(at.get, constant(0), i32.greater(at.get, constant(0)))];
}

const warpRow1 = warpRow(1);
const warpRow3 = warpRow(3);
