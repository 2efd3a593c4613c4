/**
 * Canny's edges with the defaults of scikit-image for real-valued pictures: a Gaussian of sigma 1 in which the outside does not count, Sobel
 * gradients, maxima across the edge by interpolation, hysteresis between 0.1 and 0.2.
 * Source: Canny 1986; scikit-image, feature.canny (BSD-3-Clause), for borders and ties.
 */
import type { Region } from './region.ts';

const RADIUS = 4; // sigma 1, cut off at four sigma
const LOW = 0.1;
const HIGH = 0.2;

interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/**
 * @param region  outside of it, and within five pixels of its border inside the picture, everything is 0.
 * @returns 1 at edge pixels, else 0.
 */
export function cannyEdges({ width, height, data }: Grey, region: Region): Uint8Array {
  const smooth = smoothed({ width, height, data }, region);
  const size = width * height;
  const [gx, gy, magnitude] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  gradients({ width, height, data: smooth }, region, { gx, gy, magnitude });
  const edges = new Uint8Array(size); // 1: weak maximum, 2: edge
  const strong: number[] = [];
  for (let y = Math.max(1, region.top); y < Math.min(height - 1, region.bottom); y++) {
    for (let x = Math.max(1, region.left); x < Math.min(width - 1, region.right); x++) {
      const p = y * width + x;
      const m = magnitude[p]!;
      if (m < LOW || !isMaximum(magnitude, p, width, gx[p]!, gy[p]!)) continue;
      edges[p] = 1;
      if (m >= HIGH) strong.push(p);
    }
  }
  for (let p = strong.pop(); p !== undefined; p = strong.pop()) {
    if (edges[p] === 2) continue;
    edges[p] = 2;
    for (let dy = -width; dy <= width; dy += width) {
      for (let q = p + dy - 1; q <= p + dy + 1; q++) if (edges[q] === 1) strong.push(q);
    }
  }
  for (let p = 0; p < size; p++) edges[p] = edges[p] === 2 ? 1 : 0;
  return edges;
}

/** The Gaussian of the picture divided by the Gaussian of ones, both with nothing outside. */
function smoothed({ width, height, data }: Grey, { left, top, right, bottom }: Region): Float64Array {
  const half = Float64Array.from({ length: RADIUS + 1 }, (_, k) => Math.exp(-(k * k) / 2));
  const sum = half.reduce((a, b) => a + 2 * b, -1);
  const kernel = half.map((v) => v / sum);
  const [along, across] = [weights(kernel, width), weights(kernel, height)];
  const [w0, w1, w2, w3, w4] = kernel as unknown as [number, number, number, number, number];
  // Rows and columns with four zeros on either side: nothing outside.
  const rows = new Float64Array((height + 2 * RADIUS) * width);
  const line = new Float64Array(width + 2 * RADIUS);
  for (let y = top; y < bottom; y++) {
    line.set(data.subarray(y * width, (y + 1) * width), RADIUS);
    for (let x = left, to = (y + RADIUS) * width + left; x < right; x++, to++) {
      rows[to] =
        w0 * line[x + 4]! +
        w1 * (line[x + 3]! + line[x + 5]!) +
        w2 * (line[x + 2]! + line[x + 6]!) +
        w3 * (line[x + 1]! + line[x + 7]!) +
        w4 * (line[x]! + line[x + 8]!);
    }
  }
  const out = new Float64Array(data.length);
  const row = width;
  for (let y = top; y < bottom; y++) {
    for (let x = left, p = y * width + left; x < right; x++, p++) {
      const value =
        w0 * rows[p + 4 * row]! +
        w1 * (rows[p + 3 * row]! + rows[p + 5 * row]!) +
        w2 * (rows[p + 2 * row]! + rows[p + 6 * row]!) +
        w3 * (rows[p + row]! + rows[p + 7 * row]!) +
        w4 * (rows[p]! + rows[p + 8 * row]!);
      out[p] = value / (along[x]! * across[y]! + Number.EPSILON);
    }
  }
  return out;
}

/** Sum of the kernel's weights that fall inside 0 … length − 1, at each place. */
function weights(kernel: Float64Array, length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    let sum = 0;
    for (let k = Math.max(-RADIUS, -i); k <= Math.min(RADIUS, length - 1 - i); k++) sum += kernel[Math.abs(k)]!;
    return sum;
  });
}

/** Sobel gradients; the border repeats. */
function gradients(
  { width, height, data }: Grey,
  region: Region,
  { gx, gy, magnitude }: { readonly gx: Float64Array; readonly gy: Float64Array; readonly magnitude: Float64Array },
): void {
  for (let y = region.top; y < region.bottom; y++) {
    const [up, here, down] = [Math.max(0, y - 1) * width, y * width, Math.min(height - 1, y + 1) * width];
    for (let x = region.left; x < region.right; x++) {
      const [l, r] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      const [ul, ur, dl, dr] = [data[up + l]!, data[up + r]!, data[down + l]!, data[down + r]!];
      const across = ur - ul + 2 * (data[here + r]! - data[here + l]!) + (dr - dl);
      const along = dl - ul + 2 * (data[down + x]! - data[up + x]!) + (dr - ur);
      gx[here + x] = across;
      gy[here + x] = along;
      magnitude[here + x] = Math.sqrt(across * across + along * along);
    }
  }
}

/** Whether no magnitude one step along the gradient, either way, exceeds that at p. */
function isMaximum(magnitude: Float64Array, p: number, width: number, gx: number, gy: number): boolean {
  const [ax, ay] = [Math.abs(gx), Math.abs(gy)];
  const diagonal = gx * gy >= 0 ? width + 1 : width - 1; // down-right, or down-left
  const [straight, w] = ay >= ax ? [width, ax / ay] : [gx * gy >= 0 ? 1 : -1, ay / ax];
  const m = magnitude[p]!;
  const ahead = magnitude[p + diagonal]! * w + magnitude[p + straight]! * (1 - w);
  const behind = magnitude[p - diagonal]! * w + magnitude[p - straight]! * (1 - w);
  return ahead <= m && behind <= m;
}
