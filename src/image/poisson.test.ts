/** The Poisson solver and cloning against mathematics: known harmonic functions, random right sides, and shifts that must not matter. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { type FloatImage, floatImage } from './image.ts';
import { poissonFloats, solvePoisson } from './poisson.ts';
import { seamlessClone } from './seamlessClone.ts';
import { Simd } from './simd.ts';
import { sineFloats, sineTransform } from './sineTransform.ts';
import { wholePane } from './windowWarp.ts';

const simd = new Simd();

/** One number for each of the four channels of a pixel. */
const shares = [1, -2, 0.5, 0.1];

test.each([1, 2, 3, 4, 5, 6, 11, 22, 24, 48, 58, 63, 100, 120, 306, 1008])(
  'the sine transform of two rows of %i is its sum, in each channel',
  (n) => {
    const rng = streamFor(1, 'sine', n);
    const rows = Float32Array.from({ length: 2 * n }, () => rng.normal());
    const [at, tables] = simd.layout(8 * n, sineFloats(n));
    const data = simd.floats(at, 8 * n);
    for (let i = 0; i < data.length; i++) data[i] = rows[i >> 2]! * shares[i & 3]!;
    sineTransform(n, simd, tables).run(at, at + n * 16);
    const sum = (row: number, k: number): number =>
      rows.subarray(row * n, row * n + n).reduce((s, x, j) => s + x * Math.sin((Math.PI * (j + 1) * (k + 1)) / (n + 1)), 0);
    const sums = Float64Array.from(rows, (_, i) => sum(Math.floor(i / n), i % n));
    expectClose(
      data,
      Float64Array.from(data, (_, i) => sums[i >> 2]! * shares[i & 3]!),
      { abs: 2e-6 * Math.sqrt(n) * Math.log2(n + 1) },
    );
  },
);

/** Solves for four channels, each with its share of the right side. */
function solved(rightSide: Float64Array, width: number, height: number): Float32Array {
  const [field, tables] = simd.layout((width * height + 2 * width) * 4, poissonFloats(width, height));
  const [start, count] = [field + width * 16, width * height * 4];
  simd.floats(field, count + 8 * width).fill(0);
  const data = simd.floats(start, count);
  for (let i = 0; i < count; i++) data[i] = rightSide[i >> 2]! * shares[i & 3]!;
  solvePoisson(simd, width, height, start, tables);
  return simd.floats(start, count);
}

const spread = (values: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: values.length * 4 }, (_, i) => values[i >> 2]! * shares[i & 3]!);

/** The five-point Laplacian of f over a rectangle of pixels, with f itself around it moved to the right side. */
function rightSideOf(f: (x: number, y: number) => number, laplacian: (x: number, y: number) => number, width: number, height: number) {
  return Float64Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    let v = laplacian(x, y);
    for (const [nx, ny] of [[x - 1, y], [x + 1, y], [x, y - 1], [x, y + 1]] as const) {
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) v -= f(nx, ny);
    }
    return v;
  }); // biome-ignore format: neighbours in a line
}

test.each([
  [1, 1],
  [7, 30],
  [46, 61],
  [120, 57],
  [400, 380],
])('a harmonic function of %i×%i pixels is found from its border', (width, height) => {
  // x² − y² is harmonic for the five-point Laplacian too: second differences of squares are 2.
  const f = (x: number, y: number): number => (x - 3) ** 2 - (y - 5) ** 2 + 4 * x * y + 7;
  const field = rightSideOf(f, () => 0, width, height);
  const expected = Float64Array.from(field, (_, i) => f(i % width, Math.floor(i / width)));
  const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expectClose(solved(field, width, height), spread(expected), { abs: 1e-5 * largest });
});

test('a random picture is found from its Laplacian', () => {
  const [width, height] = [58, 46]; // 59 is a prime: one direction takes Bluestein's detour
  const rng = streamFor(2, 'poisson');
  const u = Float64Array.from({ length: width * height }, () => rng.normal());
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : u[y * width + x]!);
  const field = rightSideOf(
    () => 0,
    (x, y) => at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y),
    width,
    height,
  );
  expectClose(solved(field, width, height), spread(u), { abs: 1e-4 });
});

const size = { width: 60, height: 50 };

function noise(seed: number, low: number, high: number): FloatImage {
  const image = floatImage(size.width, size.height, 3);
  const rng = streamFor(seed, 'clone');
  for (let i = 0; i < image.data.length; i++) image.data[i] = rng.uniform(low, high);
  return image;
}

/** A disc of ones, off the middle. */
function disc(radius: number): FloatImage {
  const mask = floatImage(size.width, size.height, 1);
  for (let i = 0; i < mask.data.length; i++) {
    if (Math.hypot((i % size.width) - 31, Math.floor(i / size.width) - 24) <= radius) mask.data[i] = 1;
  }
  return mask;
}

test('the frame cloned into itself stays as it is', () => {
  const frame = noise(1, 40, 200);
  const out = seamlessClone(wholePane(frame), { source: frame, mask: disc(17) }, size, false, simd)!;
  expectClose(out.data, frame.data, { abs: 1e-3 });
});

test('a constant added to the patch changes nothing', () => {
  const [frame, source] = [noise(2, 40, 200), noise(3, 60, 150)];
  const lighter: FloatImage = { ...source, data: source.data.map((v) => v + 50) };
  const clone = (patch: FloatImage): Float32Array =>
    seamlessClone(wholePane(frame), { source: patch, mask: disc(17) }, size, false, simd)!.data;
  expectClose(clone(lighter), clone(source), { abs: 1e-3 });
});

test('nothing outside of the box of the mask changes, and inside the patch keeps its gradients', () => {
  const [frame, source] = [noise(4, 90, 110), noise(5, 60, 150)];
  const out = seamlessClone(wholePane(frame), { source, mask: disc(17) }, size, false, simd)!;
  const pixel = (image: FloatImage, x: number, y: number): number => image.data[(y * size.width + x) * 3]!;
  expect(pixel(out, 12, 24)).toBe(pixel(frame, 12, 24));
  const laplacian = (image: FloatImage, x: number, y: number): number =>
    pixel(image, x - 1, y) + pixel(image, x + 1, y) + pixel(image, x, y - 1) + pixel(image, x, y + 1) - 4 * pixel(image, x, y);
  expectClose([laplacian(out, 31, 24), laplacian(out, 25, 20)], [laplacian(source, 31, 24), laplacian(source, 25, 20)], { abs: 1e-3 });
});

test('a mask cut by the edge of the frame clones what is left of it; none is refused', () => {
  const [frame, source] = [noise(6, 90, 110), noise(7, 60, 150)];
  const all = floatImage(size.width, size.height, 1);
  all.data.fill(1);
  const out = seamlessClone(wholePane(frame), { source, mask: all }, size, false, simd)!;
  const edge = (i: number): boolean => {
    const [x, y] = [Math.floor(i / 3) % size.width, Math.floor(i / 3 / size.width)];
    return x < 2 || y < 2 || x >= size.width - 2 || y >= size.height - 2;
  };
  // The frame's outermost pixels are never in the box, and the box's border keeps the frame's values.
  expect(out.data.every((v, i) => !edge(i) || v === frame.data[i])).toBe(true);
  expect(out.data.some((v, i) => v !== frame.data[i])).toBe(true);
  expect(seamlessClone(wholePane(frame), { source, mask: disc(0.1) }, size, false, simd)).toBeUndefined();
});
