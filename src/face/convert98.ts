/** Landmark sets of 98 points (WFLW order) as the 68 that everything else uses: some points kept, some means of neighbours. */
import type { Landmarks } from './landmarks.ts';

/** Which of the 98 points each of the 68 is; a list is their mean. Jaw points 1…15 but 8 are means weighted 1 2 1. */
const sources: readonly (number | readonly number[])[] = [
  0,
  ...[2, 4, 6, 8, 10, 12, 14].map((i) => [i - 1, i, i, i + 1]),
  16,
  ...[18, 20, 22, 24, 26, 28, 30].map((i) => [i - 1, i, i, i + 1]),
  32,
  33, [34, 41], [35, 40], [36, 39], [37, 38],
  [42, 50], [43, 49], [44, 48], [45, 47], 46,
  51, 52, 53, 54, 55, 56, 57, 58, 59,
  60, 61, 63, 64, 65, 67,
  68, 69, 71, 72, 73, 75,
  ...Array.from({ length: 20 }, (_, i) => 76 + i),
]; // biome-ignore format: rows of the face

/** @param points98  196 numbers. */
export function landmarksFrom98(points98: ArrayLike<number>): Landmarks {
  const out = new Float64Array(136);
  for (const [i, source] of sources.entries()) {
    const from = typeof source === 'number' ? [source] : source;
    for (let k = 0; k < 2; k++) out[i * 2 + k] = from.reduce((sum, p) => sum + points98[p * 2 + k]!, 0) / from.length;
  }
  return out;
}
