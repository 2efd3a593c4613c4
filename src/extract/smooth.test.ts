/** Smoothing has no lag: lines and slow waves stay where they are, noise goes, gaps are bridged, and sudden motion is not smeared out. */
import { expect, test } from 'vitest';
import { Rng } from '../base/index.ts';
import { bridged, smoother, smoothTogether } from './smooth.ts';

const N = 80;
const ones = new Float64Array(N).fill(1);
const over = (f: (t: number) => number): Float64Array => Float64Array.from({ length: N }, (_, t) => f(t));
const smooth = (values: Float64Array, weights = ones): Float64Array => smoothTogether([values], weights, 3)[0]!;

test('constant speed and acceleration stay exactly as they are', () => {
  const parabola = over((t) => 3 - 2 * t + 0.25 * t * t);
  for (const [i, v] of smooth(parabola).entries()) expect(v).toBeCloseTo(parabola[i]!, 6);
});

test('a wave is weakened by the factor of the filter and not delayed', () => {
  const even = new Float64Array(N).fill(3);
  for (const period of [4, 6, 10, 16]) {
    const expected = 1 / (1 + 3 * (2 * Math.sin(Math.PI / period)) ** 6);
    const z = smoother(ones, even, 3).solve(over((t) => Math.sin((2 * Math.PI * t) / period)));
    for (let t = 24; t < N - 24; t++) expect(z[t]!).toBeCloseTo(expected * Math.sin((2 * Math.PI * t) / period), 2);
  }
});

test('white noise on a slow wave loses most of its second differences, and the curve comes nearer to the wave', () => {
  const rng = new Rng(7);
  const wave = over((t) => 40 * Math.sin((2 * Math.PI * t) / 50));
  const noisy = wave.map((v) => v + (rng.uint32() / 2 ** 32 - 0.5) * 2);
  const z = smooth(noisy);
  const rough = (x: Float64Array): number => Math.sqrt(x.slice(2).reduce((sum, v, i) => sum + (v - 2 * x[i + 1]! + x[i]!) ** 2, 0));
  const away = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v, i) => sum + (v - wave[i]!) ** 2, 0));
  const off = (x: Float64Array): Float64Array => x.map((v, i) => v - wave[i]!);
  expect(rough(off(z))).toBeLessThan(rough(off(noisy)) / 4);
  expect(away(z)).toBeLessThan(0.8 * away(noisy));
});

test('a jump among little noise is not smeared over more than the frames beside it', () => {
  const rng = new Rng(9);
  const jump = over((t) => (t < 40 ? 0 : 50) + (rng.uint32() / 2 ** 32 - 0.5));
  const z = smooth(jump);
  for (let t = 0; t < N; t++) if (t < 37 || t > 42) expect(Math.abs(z[t]! - jump[t]!)).toBeLessThan(1.5);
});

test('measurements without weight are not read, and a gap in a parabola is bridged by the parabola', () => {
  const parabola = over((t) => 0.1 * t * t);
  const weights = ones.map((_, t) => (t >= 30 && t < 36 ? 0 : 1));
  const holed = parabola.map((v, t) => (weights[t] === 0 ? 1e6 : v));
  const z = smoother(weights, new Float64Array(N).fill(3), 3).solve(holed);
  for (const [i, v] of z.entries()) expect(v).toBeCloseTo(parabola[i]!, 5);
  expect([...bridged(Float64Array.of(9, 2, 9, 9, 8, 9), Float64Array.of(0, 1, 0, 0, 1, 0))]).toEqual([2, 2, 4, 6, 8, 8]);
});
