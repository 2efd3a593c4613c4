/** Histogram distances and the orders made of them, against their definitions computed the long way. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { Rng } from '../base/index.ts';
import { channelDistance, differenceChain, farthestOrder, histogramChain } from './chains.ts';
import { bhattacharyya, preparedHistograms, totalDistances } from './histograms.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function randomHistograms(rng: Rng, count: number, bins: number): Float32Array {
  const out = new Float32Array(count * bins);
  for (let i = 0; i < count; i++) {
    // Narrow bumps, so that some pairs hardly meet.
    for (let from = i * bins; from < (i + 1) * bins; from += 256) {
      const centre = rng.integer(20, 236);
      for (let k = 0; k < 500; k++) out[from + Math.min(255, Math.max(0, Math.round(centre + rng.normal() * 20)))]!++;
    }
  }
  return out;
}

test("Bhattacharyya's distance is 0 for equal, 1 for disjoint and √(1 − √½) for half-shared histograms, and scale does not count", () => {
  const [a, b, c] = [new Float32Array(256), new Float32Array(256), new Float32Array(256)];
  a[3] = 10;
  b[200] = 4;
  [c[3], c[200]] = [6, 6];
  expect(bhattacharyya(a, a)).toBe(0);
  expect(bhattacharyya(a, b)).toBe(1);
  expect(bhattacharyya(a, c)).toBeCloseTo(Math.sqrt(1 - Math.sqrt(0.5)), 12);
  expect(bhattacharyya(a, new Float32Array(256))).toBe(1);
});

test('prepared histograms give the distance of the formula, and totals are its sums', () => {
  const n = 70; // more than one tile
  const h = randomHistograms(new Rng(3), n, 256);
  const formula = (i: number, j: number): number => {
    let [cross, s1, s2] = [0, 0, 0];
    for (let b = 0; b < 256; b++) {
      cross += Math.sqrt(h[i * 256 + b]! * h[j * 256 + b]!);
      s1 += h[i * 256 + b]!;
      s2 += h[j * 256 + b]!;
    }
    return Math.sqrt(Math.max(0, 1 - cross / Math.sqrt(s1 * s2)));
  };
  const totals = range(n).map((i) => range(n).reduce((sum, j) => sum + (i === j ? 0 : formula(i, j)), 0));
  expectClose(totalDistances(preparedHistograms(h, range(n), 256), n, undefined), totals, { rel: 1e-12 });
});

test('the chain of histograms is that of comparing all with all', () => {
  const n = 200;
  const h = randomHistograms(new Rng(5), n, 768);
  h.copyWithin(60 * 768, 10 * 768, 11 * 768); // equal faces: the earlier one comes first
  h.copyWithin(90 * 768, 10 * 768, 11 * 768);
  const faces = range(n).filter((i) => i % 7 !== 3);
  const prepared = preparedHistograms(h, range(n), 768);
  const expected = [...faces];
  for (let i = 0; i + 1 < expected.length; i++) {
    let [at, least] = [i + 1, Infinity];
    for (let j = i + 1; j < expected.length; j++) {
      const d = channelDistance(prepared, expected[i]! * 768, expected[j]! * 768, 256);
      if (d < least) [at, least] = [j, d];
    }
    [expected[i + 1], expected[at]] = [expected[at]!, expected[i + 1]!];
  }
  expect(histogramChain(h, faces, undefined)).toEqual(expected);
});

test('chains of pixel differences take the nearest, or the farthest, of what is left', () => {
  const [n, bytes] = [40, 300];
  const rng = new Rng(7);
  const pictures = Uint8Array.from({ length: n * bytes }, () => rng.integer(0, 256));
  for (let i = 0; i < n; i++) for (let b = 0; b < bytes; b++) pictures[i * bytes + b] = (pictures[i * bytes + b]! >> 2) + ((i * 37) % 190);
  const difference = (i: number, j: number): number =>
    range(bytes).reduce((sum, b) => sum + Math.abs(pictures[i * bytes + b]! - pictures[j * bytes + b]!), 0);
  for (const similar of [true, false]) {
    const left = range(n).slice(1);
    const expected = [0];
    while (left.length > 0) {
      const all = left.map((j) => difference(expected.at(-1)!, j));
      const at = all.indexOf(similar ? Math.min(...all) : Math.max(...all));
      expected.push(...left.splice(at, 1));
    }
    expect(differenceChain(pictures, bytes, range(n), { similar, progress: undefined })).toEqual(expected);
  }
});

test('farthest-point order visits every group before it visits one twice', () => {
  const rng = new Rng(9);
  const [groups, each, width] = [12, 15, 8];
  const centres = range(groups).map(() => range(width).map(() => rng.uniform(-50, 50)));
  const vectors = Float32Array.from(range(groups * each).flatMap((i) => centres[i % groups]!.map((v) => v + rng.normal() * 0.5)));
  const order = farthestOrder(vectors, width, range(groups * each), { exact: 20, progress: undefined });
  expect(new Set(order.slice(0, groups).map((i) => i % groups)).size).toBe(groups);
  expect([...order].sort((a, b) => a - b)).toEqual(range(groups * each));
});
