/**
 * Erosion and dilation of gray masks by an ellipse. Each row of the ellipse is a run of pixels, whose extreme is found from two runs
 * whose length is a power of two: the cost grows with the ellipse's height, not its area.
 */
import { type FloatImage, floatImage } from './image.ts';

/**
 * The least value under the ellipse, zeros outside of the image.
 *
 * @param mask  one channel.
 * @param size  side of the ellipse; 0 and 1 are none. Its anchor is at size div 2, so even sizes are lopsided.
 * Source: OpenCV, getStructuringElement(MORPH_ELLIPSE) and erode.
 */
export function erodeMask(mask: FloatImage, size: number): FloatImage {
  return size <= 1 ? mask : leastUnderEllipse(mask, size, 1);
}

/** The greatest value under the ellipse, for masks that are nowhere below 0 by more than an overshoot; see erodeMask. */
export function dilateMask(mask: FloatImage, size: number): FloatImage {
  return size <= 1 ? mask : leastUnderEllipse(mask, size, -1);
}

/** The least of sign · mask under the ellipse, times sign. */
function leastUnderEllipse({ width, height, data }: FloatImage, size: number, sign: 1 | -1): FloatImage {
  const r = size >> 1;
  const after = size - 1 - r;
  const padded = width + size;
  const out = floatImage(width, height, 1);
  out.data.fill(Number.POSITIVE_INFINITY);
  const runs = Array.from({ length: 1 + Math.floor(Math.log2(size)) }, () => new Float32Array(padded));
  const least = new Float32Array(width);
  const rowsBySpan = ellipseRows(size);
  for (let y = 0; y < height; y++) {
    const own = runs[0]!;
    own.fill(0);
    for (let x = 0; x < width; x++) own[x + r] = sign * data[y * width + x]!;
    for (let k = 1; k < runs.length; k++) doubleRuns(runs[k - 1]!, runs[k]!, 2 ** (k - 1));
    for (const { reach, rows } of rowsBySpan) {
      const first = r - reach;
      const length = reach + Math.min(reach, after) + 1;
      const k = Math.floor(Math.log2(length));
      leastOfTwo(runs[k]!, first, first + length - 2 ** k, least);
      for (const dy of rows) if (y - dy >= 0 && y - dy < height) lessen(out.data, (y - dy) * width, least);
    }
  }
  // Rows of the ellipse that hang out of the image see zeros.
  for (let y = 0; y < height; y++) {
    const outside = y - r < 0 || y + after >= height;
    for (let p = y * width; p < (y + 1) * width; p++) out.data[p] = sign * (outside ? Math.min(out.data[p]!, 0) : out.data[p]!);
  }
  return out;
}

/** The rows of the ellipse by how far they reach to the left: offsets dy from the anchor. */
function ellipseRows(size: number): { reach: number; rows: number[] }[] {
  const r = size >> 1;
  const found = new Map<number, number[]>();
  for (let dy = -r; dy < size - r; dy++) {
    const reach = Math.round(Math.sqrt(r * r - dy * dy));
    found.set(reach, [...(found.get(reach) ?? []), dy]);
  }
  return [...found].map(([reach, rows]) => ({ reach, rows }));
}

function doubleRuns(from: Float32Array, to: Float32Array, length: number): void {
  const last = from.length - length;
  for (let x = 0; x < last; x++) {
    const [a, b] = [from[x]!, from[x + length]!];
    to[x] = a < b ? a : b;
  }
  for (let x = last; x < from.length; x++) to[x] = Math.min(from[x]!, 0);
}

function leastOfTwo(runs: Float32Array, first: number, second: number, out: Float32Array): void {
  for (let x = 0; x < out.length; x++) {
    const a = runs[x + first]!;
    const b = runs[x + second]!;
    out[x] = a < b ? a : b;
  }
}

function lessen(out: Float32Array, at: number, values: Float32Array): void {
  for (let x = 0; x < values.length; x++) if (values[x]! < out[at + x]!) out[at + x] = values[x]!;
}
