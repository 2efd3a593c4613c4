/**
 * Where each target pixel reads in the source, in units of 1/32 pixel. OpenCV 4 rounds sampling positions to this grid, so that its
 * interpolation weights come from a table; reproducing the rounding is what makes warps agree to float32 noise.
 * One set of positions serves every image that moves alike.
 */
import type { Affine } from './affine.ts';

export interface Positions {
  readonly width: number;
  readonly height: number;
  /** 32 · x, row by row of the target. */
  readonly x: Int32Array;
  readonly y: Int32Array;
}

export function positions(width: number, height: number): Positions {
  return { width, height, x: new Int32Array(width * height), y: new Int32Array(width * height) };
}

/** 1.5 · 2⁵²: adding it leaves no bits for a fraction, so that the sum is rounded half to even. Good for |v| < 2⁵¹. */
const ROUND = 6755399441055744;

export const roundHalfEven = (v: number): number => v + ROUND - ROUND;

/**
 * Fills `out` for an affine warp.
 *
 * @param mirrored  reads each row from right to left: the warp followed by a horizontal flip.
 * Source: OpenCV 4, warpAffine: fixed point with 10 bits, then >> 5 after adding half a step.
 */
export function affinePositions(out: Positions, sourceFromTarget: Affine, mirrored = false): void {
  const [a, b, tx, c, d, ty] = sourceFromTarget;
  const { width, height } = out;
  const dx = new Int32Array(width);
  const dy = new Int32Array(width);
  for (let i = 0; i < width; i++) {
    const x = mirrored ? width - 1 - i : i;
    dx[i] = roundHalfEven(a * x * 1024);
    dy[i] = roundHalfEven(c * x * 1024);
  }
  for (let y = 0, at = 0; y < height; y++) {
    const x0 = (roundHalfEven((b * y + tx) * 1024) + 16) | 0;
    const y0 = (roundHalfEven((d * y + ty) * 1024) + 16) | 0;
    for (let i = 0; i < width; i++, at++) {
      out.x[at] = (x0 + dx[i]!) >> 5;
      out.y[at] = (y0 + dy[i]!) >> 5;
    }
  }
}

/** Fills `out` from maps that give the source position of each target pixel, in pixels. Source: OpenCV 4, remap. */
export function mapPositions(out: Positions, mapX: Float32Array, mapY: Float32Array): void {
  for (let i = 0; i < out.x.length; i++) {
    out.x[i] = roundHalfEven(mapX[i]! * 32);
    out.y[i] = roundHalfEven(mapY[i]! * 32);
  }
}
