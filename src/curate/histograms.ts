/**
 * Histograms and how far apart they are: Bhattacharyya's distance √(1 − Σ√(ab) / √(Σa·Σb)), which is 0 for equal and 1 for disjoint
 * histograms. Of histograms prepared as √(h/Σh) it is one dot product.
 * Source: OpenCV, compareHist with HISTCMP_BHATTACHARYYA.
 */

export const BINS = 256;

/** OpenCV does not divide by sums whose product is no larger. */
const EPSILON = 2 ** -23;

/** √(h/Σh) of histograms that follow one another; one without any count becomes zeros, and is then at distance 1 from all. */
export function preparedHistograms(histograms: ArrayLike<number>, faces: readonly number[], width: number): Float64Array {
  const out = new Float64Array(faces.length * width);
  for (const [k, face] of faces.entries()) {
    for (let from = face * width, to = k * width; to < (k + 1) * width; from += BINS, to += BINS) {
      let sum = 0;
      for (let b = 0; b < BINS; b++) sum += histograms[from + b]!;
      const scale = sum * sum > EPSILON ? 1 / sum : 0;
      for (let b = 0; b < BINS; b++) out[to + b] = Math.sqrt(histograms[from + b]! * scale);
    }
  }
  return out;
}

/** Σ√(ab) of prepared histograms that start at these places. */
export function overlap(values: Float64Array, i: number, j: number, bins: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let end = i + bins; i < end; i += 4, j += 4) {
    s0 += values[i]! * values[j]!;
    s1 += values[i + 1]! * values[j + 1]!;
    s2 += values[i + 2]! * values[j + 2]!;
    s3 += values[i + 3]! * values[j + 3]!;
  }
  return s0 + s1 + (s2 + s3);
}

/** The distance that belongs to an overlap. */
export const distanceOf = (overlapping: number): number => Math.sqrt(Math.max(0, 1 - overlapping));

/** Bhattacharyya's distance of two histograms of equal length, a multiple of four, as they are. */
export function bhattacharyya(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [bins, both] = [a.length, new Float64Array(2 * a.length)];
  for (const [k, h] of [a, b].entries()) {
    let sum = 0;
    for (let i = 0; i < bins; i++) sum += h[i]!;
    for (let i = 0; i < bins; i++) both[k * bins + i] = sum > 0 ? Math.sqrt(h[i]! / sum) : 0;
  }
  return distanceOf(overlap(both, 0, bins, bins));
}

/**
 * For each face the sum of its histogram's distances to all others.
 *
 * @param prepared  one histogram of 256 bins per face. n²/2 products of 256: about n²·0.1 µs.
 */
export function totalDistances(
  prepared: Float64Array,
  count: number,
  progress: ((done: number, total: number) => void) | undefined,
): Float64Array {
  const totals = new Float64Array(count);
  const TILE = 64; // rows that stay in the cache while all others pass
  for (let top = 0; top < count; top += TILE) {
    const bottom = Math.min(count, top + TILE);
    for (let j = top; j < count; j++) {
      for (let i = top; i < Math.min(bottom, j); i++) {
        const distance = distanceOf(overlap(prepared, i * BINS, j * BINS, BINS));
        totals[i]! += distance;
        totals[j]! += distance;
      }
    }
    progress?.(bottom, count);
  }
  return totals;
}
