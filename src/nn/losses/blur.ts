/**
 * Gaussian windows, applied along one axis after the other: a product of two one-dimensional windows is the two-dimensional one,
 * normalised alike. Along an axis a window is a banded matrix, so that blurring is a matrix product.
 */
import { constantMatmul, dims4, type Matrix, matrix, misfit, reshape, type Value } from '../../graph/index.ts';

/** `size` taps ∝ exp(−(i − centre)² / 2σ²), of sum 1. */
function gaussianTaps(size: number, sigma: number, centre: number): readonly number[] {
  const taps = Array.from({ length: size }, (_, i) => Math.exp(-((i - centre) ** 2) / (2 * sigma ** 2)));
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}

/** Row r holds the taps from column r − before on; what lies outside meets zeros. */
const banded = (rows: number, columns: number, taps: readonly number[], before: number): Matrix =>
  matrix(rows, columns, (row, column) => taps[column - row + before] ?? 0);

/** y[i, j] = Σ rows[i, k]·columns[j, l]·x[k, l]: a linear map along each axis. */
function alongBoth(rows: Matrix, columns: Matrix, x: Value): Value {
  const [h, w, n, c] = dims4(x);
  const vertical = constantMatmul(rows, reshape(x, [h, w * n * c]));
  return reshape(constantMatmul(columns, reshape(vertical, [rows.rows, w, n * c])), [rows.rows, columns.rows, n, c]);
}

/**
 * Windowed means where the whole window fits: (h, w, n, c) → (h − size + 1, w − size + 1, n, c).
 *
 * @throws ShapeError if it fits nowhere.
 */
export function windowMean(x: Value, size: number, sigma: number): Value {
  const [h, w] = dims4(x);
  if (size > h || size > w) throw misfit(`window ${size} does not fit ${h}×${w}`, { x });
  const taps = gaussianTaps(size, sigma, (size - 1) / 2);
  return alongBoth(banded(h - size + 1, h, taps, 0), banded(w - size + 1, w, taps, 0), x);
}

/** Taps of gaussianBlur: ⌊4σ⌋, at least 3, made odd. */
const blurSize = (sigma: number): number => Math.max(3, Math.trunc(4 * sigma)) | 1;

/** Gaussian blur of each channel with zeros around the image; the shape stays. @param sigma in pixels, above 0. */
export function gaussianBlur(x: Value, sigma: number): Value {
  const [h, w] = dims4(x);
  const size = blurSize(sigma);
  const half = Math.floor(size / 2);
  const taps = gaussianTaps(size, sigma, half);
  return alongBoth(banded(h, h, taps, half), banded(w, w, taps, half), x);
}
