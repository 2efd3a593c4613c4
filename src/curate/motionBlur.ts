/**
 * How much is left of fine detail: the variance of the Laplacian of aperture 11 over all channels; motion blur takes it away.
 * Source: OpenCV, Laplacian with ksize 11 on CV_64F: Dxx + Dyy of the Sobel kernels, not normalised, border reflect-101.
 */
import { reflect101 } from '../image/index.ts';

const TAPS = 11;
const RADIUS = 5;

/** [1 1] convolved with itself 10 times; with [−1 1] twice among them for the second derivative. */
const smoothing = convolved(Array.from({ length: 10 }, () => [1, 1]));
const secondDerivative = convolved([...Array.from({ length: 8 }, () => [1, 1]), [-1, 1], [-1, 1]]);

function convolved(factors: readonly (readonly number[])[]): Float64Array {
  return factors.reduce((kernel, [a = 0, b = 0]) => {
    const next = new Float64Array(kernel.length + 1);
    for (const [i, v] of kernel.entries()) {
      next[i]! += v * a;
      next[i + 1]! += v * b;
    }
    return next;
  }, Float64Array.of(1));
}

/**
 * @param data  interleaved bytes.
 * All sums are whole numbers below 2⁵³, hence exact.
 */
export function laplacianVariance(data: Uint8Array, width: number, height: number, channels: number): number {
  const row = width * channels;
  const size = row * height;
  const smooth = new Float64Array(size);
  const second = new Float64Array(size);
  const padded = new Float64Array(width + 2 * RADIUS);
  for (let y = 0; y < height; y++) {
    for (let c = 0; c < channels; c++) {
      const start = y * row + c;
      for (let i = 0; i < padded.length; i++) padded[i] = data[start + reflect101(i - RADIUS, width) * channels]!;
      for (let x = 0; x < width; x++) {
        let [s, d] = [0, 0];
        for (let k = 0; k < TAPS; k++) {
          s += smoothing[k]! * padded[x + k]!;
          d += secondDerivative[k]! * padded[x + k]!;
        }
        smooth[start + x * channels] = s;
        second[start + x * channels] = d;
      }
    }
  }
  let [sum, squares] = [0, 0];
  const values = new Float64Array(row);
  const all = new Float64Array(size);
  for (let y = 0; y < height; y++) {
    values.fill(0);
    for (let k = 0; k < TAPS; k++) {
      const from = reflect101(y + k - RADIUS, height) * row;
      const [a, b] = [secondDerivative[k]!, smoothing[k]!];
      for (let x = 0; x < row; x++) values[x]! += a * smooth[from + x]! + b * second[from + x]!;
    }
    for (let x = 0; x < row; x++) sum += values[x]!;
    all.set(values, y * row);
  }
  const mean = sum / size;
  for (let i = 0; i < size; i++) squares += (all[i]! - mean) ** 2;
  return squares / size;
}
