/**
 * Poisson's equation on a rectangle of pixels with given values around it, solved directly: a sine transform along rows turns it into one
 * tridiagonal system for each frequency (Hockney 1965). Much less work than two transforms, and only one of the sides has to factor well.
 * Four channels at once, in float32: about 1e-5 of the largest values.
 */
import type { Simd } from './simd.ts';
import { fourierCost, sineFloats, sineTransform } from './sineTransform.ts';
import { constant, f32x4, i32, type Local, loop, type Routine } from './wasmCode.ts';

const PIXEL = 16;

/** Whether rows had better run down the picture: where that side has the smaller prime factors. */
export const isBetterTurned = (width: number, height: number): boolean => fourierCost(height + 1) * width < fourierCost(width + 1) * height;

/** Floats of memory that solvePoisson takes beside the field. */
export const poissonFloats = (length: number, lines: number): number => sineFloats(length) + length * lines;

/**
 * u with u[left] + u[right] + u[up] + u[down] − 4·u = right side, zero around the rectangle; in place.
 *
 * @param field  address of the right side: `lines` rows of `length` pixels of four floats, with a row of zeros before and one behind them.
 * @param tables  address of poissonFloats(length, lines) floats to work with.
 */
export function solvePoisson(simd: Simd, length: number, lines: number, field: number, tables: number): void {
  const transform = sineTransform(length, simd, tables);
  const upper = tables + sineFloats(length) * 4;
  eliminate(simd.floats(upper, length * lines), length, lines);
  const row = length * PIXEL;
  const rows = (): void => {
    for (let i = 0; i < lines; i += 2) transform.run(field + i * row, field + Math.min(i + 1, lines - 1) * row);
  };
  rows();
  simd.run(forward)(field, upper, row, lines * row);
  simd.run(backward)(field, upper + length * lines * 4, row, lines * row, 2 / (length + 1));
  rows();
}

/** Thomas' algorithm for 1, 2·cos(π·k / (n + 1)) − 4, 1: its factors, which depend on the frequency alone. */
function eliminate(upper: Float32Array, length: number, lines: number): void {
  const diagonal = Float64Array.from({ length }, (_, k) => 2 * Math.cos((Math.PI * (k + 1)) / (length + 1)) - 4);
  const u = new Float64Array(length);
  for (let i = 0, p = 0; i < lines; i++) {
    for (let k = 0; k < length; k++, p++) {
      u[k] = 1 / (diagonal[k]! - u[k]!);
      upper[p] = u[k]!;
    }
  }
}

/** field[p] = (field[p] − field[p − row]) · upper[p]. */
const forward: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, field, upper, row, bytes) {
    const end = locals.one('i32');
    const above = f32x4.load(i32.subtract(field.get, row.get));
    return [
      ...end.set(i32.add(field.get, bytes.get)),
      ...loop(field, end.get, constant(PIXEL), [
        ...f32x4.store(field.get, f32x4.mul(f32x4.subtract(f32x4.load(field.get), above), f32x4.loadSplat(upper.get))),
        ...upper.set(i32.add(upper.get, constant(4))),
      ]),
    ];
  },
};

/** From the end on: field[p] = field[p] · scale − upper[p] · field[p + row]. */
const backward: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'f32'],
  body(locals, field, upperEnd, row, bytes, scale) {
    const [at, done] = locals.many('i32', 2) as [Local, Local];
    const below = f32x4.load(i32.add(at.get, row.get));
    return [
      ...at.set(i32.add(field.get, bytes.get)),
      ...loop(done, bytes.get, constant(PIXEL), [
        ...at.set(i32.subtract(at.get, constant(PIXEL))),
        ...upperEnd.set(i32.subtract(upperEnd.get, constant(4))),
        ...f32x4.store(
          at.get,
          f32x4.subtract(f32x4.mul(f32x4.load(at.get), f32x4.splat(scale.get)), f32x4.mul(f32x4.loadSplat(upperEnd.get), below)),
        ),
      ]),
    ];
  },
};
