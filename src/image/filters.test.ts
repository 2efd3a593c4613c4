/** Filters, histograms and medians against their definitions; agreement with the reference is tested by the golden cases. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { bilateralFilter } from './bilateral.ts';
import { reflect101 } from './blur.ts';
import { blurSharpen, correlate, linearMotionBlur } from './filters.ts';
import { histogramMatch } from './histogramMatch.ts';
import { type FloatImage, floatImage } from './image.ts';
import { medianFiltered } from './median.ts';
import { reduceColours } from './reduceColours.ts';
import { Simd } from './simd.ts';
import { sortValues } from './sortOrder.ts';

const simd = new Simd();

function noise(width: number, height: number, channels: number, seed: number): FloatImage {
  const image = floatImage(width, height, channels);
  const rng = streamFor(seed, 'filters');
  for (let i = 0; i < image.data.length; i++) image.data[i] = rng.normal();
  return image;
}

/** A picture of bytes, in 0…1. */
function bytes(width: number, height: number, channels: number, seed: number): FloatImage {
  const image = noise(width, height, channels, seed);
  for (let i = 0; i < image.data.length; i++) image.data[i] = Math.min(Math.max(Math.round(128 + 60 * image.data[i]!), 0), 255) / 255;
  return image;
}

test.each([
  [17, 13, 3],
  [9, 3, 1],
  [1, 2, 3],
])('medians of %i×%i bytes of %i channels in 16 bits are those in floats', (width, height, channels) => {
  const image = bytes(width, height, channels, 2);
  const [levels, whole] = [255 * 256, 10];
  expect([...medianFiltered(image, 30, whole, simd, levels).data]).toEqual([...medianFiltered(image, 30, whole, simd).data]);
  // Each of nine shares is cut to a step.
  const [fine, coarse] = [medianFiltered(image, 90, 100, simd), medianFiltered(image, 90, 100, simd, levels)];
  expectClose(coarse.data, fine.data, { abs: 9 / levels + 1e-6 });
});

test.each([0.3, 5, 0.02])('the bilateral filter weighs by distance and by difference of colour, σ %d', (sigmaColor) => {
  const [width, height, sigmaSpace, radius] = [11, 6, 2, 3];
  const image = noise(width, height, 3, 4);
  const at = (x: number, y: number, c: number): number => image.data[(reflect101(y, height) * width + reflect101(x, width)) * 3 + c]!;
  const expected = image.data.map((_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    let [sum, total] = [0, 0];
    for (let v = -radius; v <= radius; v++) {
      for (let u = -radius; u <= radius; u++) {
        if (Math.hypot(u, v) > radius) continue;
        const colour = [0, 1, 2].reduce((d, k) => d + Math.abs(at(x + u, y + v, k) - at(x, y, k)), 0);
        const weight = Math.exp(-(u * u + v * v) / (2 * sigmaSpace ** 2) - colour ** 2 / (2 * sigmaColor ** 2));
        sum += weight * at(x + u, y + v, c);
        total += weight;
      }
    }
    return sum / total;
  });
  expectClose(bilateralFilter(image, sigmaColor, sigmaSpace, simd).data, expected, { abs: 2e-6 });
});

test.each([
  [17, 13, 3],
  [9, 3, 1],
  [1, 2, 3],
])('the median of %i×%i pixels and %i channels is the 13th of the 25 around, edges replicated', (width, height, channels) => {
  const image = noise(width, height, channels, 1);
  const held = (i: number, n: number): number => Math.min(Math.max(i, 0), n - 1);
  const expected = image.data.map((_, i) => {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const around = Array.from({ length: 25 }, (_, k) => {
      const [qx, qy] = [held(x + (k % 5) - 2, width), held(y + Math.floor(k / 5) - 2, height)];
      return image.data[(qy * width + qx) * channels + c]!;
    });
    return around.sort((a, b) => a - b)[12]!;
  });
  expect([...medianFiltered(image, 10, 10, simd).data]).toEqual([...expected]);
});

test.each([
  ['spread', (v: number) => v],
  ['equal for the most part', (v: number) => Math.max(v, 0)],
  ['close together but for one', (v: number, i: number) => (i === 7 ? 1e6 : v * 1e-3)],
  ['in two heaps', (v: number, i: number) => (i % 2) * 1e4 + v],
  ['closer than the first passes tell apart', (v: number) => 1 + (Math.abs(v) % 1) * 2 ** -14],
  ['all one', () => 0.25],
])('sorting values that are %s is a stable sort', (_, make: (v: number, i: number) => number) => {
  const rng = streamFor(5, 'sort');
  const data = Float32Array.from({ length: 3 * 3000 }, (_v, i) => make(rng.normal(), Math.floor(i / 3)));
  const { values, order } = sortValues(data, 1, 3, 3000, simd);
  const expected = Array.from({ length: 3000 }, (_v, i) => i).sort((a, b) => data[a * 3 + 1]! - data[b * 3 + 1]! || a - b);
  expect([...order]).toEqual(expected);
  expect([...values]).toEqual(expected.map((i) => data[i * 3 + 1]));
});

test('a picture matched to its own histogram is itself; to another of the same size, it is its values in its own order', () => {
  const [image, like] = [noise(20, 15, 3, 2), noise(20, 15, 3, 3)];
  expectClose(histogramMatch(image, image, 255, simd).data, image.data, { abs: 1e-6 });
  const out = histogramMatch(image, like, 255, simd);
  for (let c = 0; c < 3; c++) {
    const channel = ({ data }: FloatImage): number[] => [...data.filter((_, i) => i % 3 === c)].sort((a, b) => a - b);
    expectClose(channel(out), channel(like), { abs: 1e-5 });
  }
});

test('filters keep a flat picture flat, and a kernel of one shifts', () => {
  const flat = floatImage(12, 9, 3);
  flat.data.fill(0.37);
  for (const out of [
    linearMotionBlur(flat, 9, 25),
    blurSharpen(flat, 'box', 7, simd),
    blurSharpen(flat, 'gaussian', 7, simd),
    blurSharpen(flat, 'none', -15, simd),
  ]) {
    expectClose(out.data, flat.data, { abs: 1e-6 });
  }
  const image = noise(8, 6, 1, 4);
  const shifted = correlate(image, [0, 0, 0, 0, 0, 1, 0, 0, 0], 3); // reads its right neighbour; the border mirrors about the edge pixel
  expect([...shifted.data.subarray(0, 8)]).toEqual([...image.data.subarray(1, 8), image.data[6]!]);
});

test('a picture of few colours keeps them all', () => {
  const data = Uint8Array.from({ length: 600 * 3 }, (_, i) => (Math.floor(i / 3) % 40) * 5 + (i % 3));
  expect(reduceColours({ width: 30, height: 20, channels: 3, data }, 256).data).toEqual(data);
});
