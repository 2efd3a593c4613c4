/** The Poisson solver and cloning against mathematics: known harmonic functions, random right sides, and shifts that must not matter. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { type FloatImage, floatImage } from './image.ts';
import { PoissonSolver } from './poisson.ts';
import { seamlessClone } from './seamlessClone.ts';
import { sineTransform } from './sineTransform.ts';
import { wholePane } from './windowWarp.ts';

test.each([1, 2, 5, 11, 22, 58, 63, 100, 306])('the sine transform of two rows of %i is its sum', (n) => {
  const rng = streamFor(1, 'sine', n);
  const rows = Float64Array.from({ length: 2 * n }, () => rng.normal());
  const out = rows.slice();
  sineTransform(n).run(out, 0, n);
  const sum = (row: number, k: number): number =>
    rows.subarray(row * n, row * n + n).reduce((s, x, j) => s + x * Math.sin((Math.PI * (j + 1) * (k + 1)) / (n + 1)), 0);
  expectClose(
    out,
    Float64Array.from(rows, (_, i) => sum(Math.floor(i / n), i % n)),
    { abs: 1e-10 },
  );
});

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
])('a harmonic function of %i×%i pixels is found from its border', (width, height) => {
  // x² − y² is harmonic for the five-point Laplacian too: second differences of squares are 2.
  const f = (x: number, y: number): number => (x - 3) ** 2 - (y - 5) ** 2 + 4 * x * y + 7;
  const field = rightSideOf(f, () => 0, width, height);
  new PoissonSolver(width, height).solve(field);
  expectClose(
    field,
    Float64Array.from(field, (_, i) => f(i % width, Math.floor(i / width))),
    { abs: 1e-7, rel: 1e-12 },
  );
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
  new PoissonSolver(width, height).solve(field);
  expectClose(field, u, { abs: 1e-11 });
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
  const out = seamlessClone(wholePane(frame), { source: frame, mask: disc(17) }, size, false)!;
  expectClose(out.data, frame.data, { abs: 1e-3 });
});

test('a constant added to the patch changes nothing', () => {
  const [frame, source] = [noise(2, 40, 200), noise(3, 60, 150)];
  const lighter: FloatImage = { ...source, data: source.data.map((v) => v + 50) };
  const clone = (patch: FloatImage): Float32Array => seamlessClone(wholePane(frame), { source: patch, mask: disc(17) }, size, false)!.data;
  expectClose(clone(lighter), clone(source), { abs: 1e-3 });
});

test('nothing outside of the box of the mask changes, and inside the patch keeps its gradients', () => {
  const [frame, source] = [noise(4, 90, 110), noise(5, 60, 150)];
  const out = seamlessClone(wholePane(frame), { source, mask: disc(17) }, size, false)!;
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
  const out = seamlessClone(wholePane(frame), { source, mask: all }, size, false)!;
  const edge = (i: number): boolean => {
    const [x, y] = [Math.floor(i / 3) % size.width, Math.floor(i / 3 / size.width)];
    return x < 2 || y < 2 || x >= size.width - 2 || y >= size.height - 2;
  };
  // The frame's outermost pixels are never in the box, and the box's border keeps the frame's values.
  expect(out.data.every((v, i) => !edge(i) || v === frame.data[i])).toBe(true);
  expect(out.data.some((v, i) => v !== frame.data[i])).toBe(true);
  expect(seamlessClone(wholePane(frame), { source, mask: disc(0.1) }, size, false)).toBeUndefined();
});
