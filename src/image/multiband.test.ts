/** Multiband blending: the bands of a picture add up to it, and blending changes only what it should. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { type FloatImage, floatImage } from './image.ts';
import { collapsePyramid, laplacianPyramid, multibandBlend } from './multiband.ts';

const [WIDTH, HEIGHT] = [101, 66];

function noise(seed: number, mean: number): FloatImage {
  const image = floatImage(WIDTH, HEIGHT, 3);
  const rng = streamFor(seed, 'bands');
  for (let i = 0; i < image.data.length; i++) image.data[i] = mean + 0.1 * rng.normal();
  return image;
}

function half(): FloatImage {
  const mask = floatImage(WIDTH, HEIGHT, 1);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = i % WIDTH < WIDTH / 2 ? 0 : 1;
  return mask;
}

test('the bands of a picture add up to it, whatever their number', () => {
  const image = noise(1, 0.5);
  for (const levels of [1, 2, 4]) expectClose(collapsePyramid(laplacianPyramid(image, levels)).data, image.data, { abs: 1e-6 });
});

test('bands but the last have no light of their own', () => {
  const bands = laplacianPyramid(noise(2, 0.5), 4);
  for (const band of bands.slice(0, -1)) expect(Math.abs(band.data.reduce((a, b) => a + b, 0) / band.data.length)).toBeLessThan(3e-3);
});

test('a picture blended with itself is itself', () => {
  const image = noise(3, 0.4);
  expectClose(multibandBlend(image, image, half()).data, image.data, { abs: 1e-6 });
});

test('between two flat pictures the light goes over smoothly and without overshoot', () => {
  const [dark, light] = [floatImage(WIDTH, HEIGHT, 3), floatImage(WIDTH, HEIGHT, 3)];
  light.data.fill(1);
  const row = multibandBlend(dark, light, half()).data.filter((_, i) => i % 3 === 0 && Math.floor(i / 3 / WIDTH) === 30);
  for (let x = 1; x < WIDTH; x++) {
    expect(row[x]! - row[x - 1]!).toBeGreaterThanOrEqual(-1e-6);
    expect(row[x]! - row[x - 1]!).toBeLessThan(0.15);
  }
  expect(row[0]).toBeLessThan(0.1);
  expect(row[WIDTH - 1]).toBeGreaterThan(0.9);
});
