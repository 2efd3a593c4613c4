/**
 * How much is left of fine detail: the variance of the Laplacian of aperture 11 over all channels; motion blur takes it away.
 * Source: OpenCV, Laplacian with ksize 11 on CV_64F: Dxx + Dyy of the Sobel kernels, not normalised, border reflect-101.
 */
import { reflect101 } from '../image/index.ts';
import { paintedRegion } from './region.ts';

/**
 * The kernels of the two directions are [1 1]⁸ with [1 2 1] and with [1 −2 1]; so Dxx + Dyy is [1 1]⁸ both ways, and of the result
 * twice the four corners of each 3×3 pixels less eight times its middle.
 */
const binomial = [1, 8, 28, 56, 70] as const;
const RADIUS = 5;

/**
 * @param data  interleaved bytes. All sums are whole numbers that 32 bits hold; only where the picture is not black is there anything to compute.
 */
export function laplacianVariance(data: Uint8Array, width: number, height: number, channels: number): number {
  const { left, top, right, bottom } = paintedRegion(data, width, height, channels, RADIUS);
  if (right <= left || bottom <= top) return 0;
  const [across, down] = [right - left, bottom - top];
  const rows = blurredRows(data, { width, height, channels }, { left, top, right, bottom });
  const row = (across + 2) * channels;
  const blurred = blurredColumns(rows, row, down + 2);
  const laplacian = new Int32Array(across * down * channels);
  let sum = 0;
  for (let y = 0, to = 0; y < down; y++) {
    for (let x = 0, p = y * row; x < across * channels; x++, p++, to++) {
      const corners = blurred[p]! + blurred[p + 2 * channels]! + blurred[p + 2 * row]! + blurred[p + 2 * row + 2 * channels]!;
      const value = 2 * corners - 8 * blurred[p + row + channels]!;
      laplacian[to] = value;
      sum += value;
    }
  }
  const size = width * height * channels;
  const mean = sum / size;
  let squares = (size - laplacian.length) * mean * mean;
  for (let i = 0; i < laplacian.length; i++) squares += (laplacian[i]! - mean) ** 2;
  return squares / size;
}

/** [1 1]⁸ along the rows of the region grown by five each way; a row comes out one pixel wider than the region on each side. */
function blurredRows(
  data: Uint8Array,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
  { left, top, right, bottom }: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
): Int32Array {
  const lines = bottom - top + 2 * RADIUS;
  const row = (right - left + 2) * channels;
  const padded = new Int32Array((right - left + 2 * RADIUS) * channels);
  const columns = Int32Array.from({ length: padded.length }, (_, i) => {
    const x = left - RADIUS + Math.trunc(i / channels);
    return reflect101(x, width) * channels + (i % channels);
  });
  const out = new Int32Array(lines * row);
  for (let line = 0; line < lines; line++) {
    const from = reflect101(top - RADIUS + line, height) * width * channels;
    for (let i = 0; i < padded.length; i++) padded[i] = data[from + columns[i]!]!;
    blurLine(padded, 0, channels, out, line * row, row);
  }
  return out;
}

/** [1 1]⁸ along the columns. */
function blurredColumns(rows: Int32Array, row: number, lines: number): Int32Array {
  const out = new Int32Array(lines * row);
  for (let line = 0; line < lines; line++) blurLine(rows, line * row, row, out, line * row, row);
  return out;
}

/** Nine taps `step` apart, for `count` values from `at` on. */
function blurLine(from: Int32Array, at: number, step: number, to: Int32Array, start: number, count: number): void {
  const [k0, k1, k2, k3, k4] = binomial;
  for (let i = 0, p = at; i < count; i++, p++) {
    to[start + i] =
      k0 * (from[p]! + from[p + 8 * step]!) +
      k1 * (from[p + step]! + from[p + 7 * step]!) +
      k2 * (from[p + 2 * step]! + from[p + 6 * step]!) +
      k3 * (from[p + 3 * step]! + from[p + 5 * step]!) +
      k4 * from[p + 4 * step]!;
  }
}
