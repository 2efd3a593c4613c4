import { expect, test } from 'vitest';
import { Rng } from '../base/index.ts';
import { type FloatImage, floatImage } from './image.ts';
import { maskedDssim, maskedPsnr } from './similarity.ts';

const noise = (seed: number, channels: number): FloatImage => {
  const rng = new Rng(seed);
  const image = floatImage(24, 20, channels);
  image.data.set(image.data.map(() => rng.uniform()));
  return image;
};
const ones: FloatImage = { ...floatImage(24, 20, 1), data: new Float32Array(480).fill(1) };

test('equal pictures score 0 and infinity; a constant error of 0.1 is 20 dB', () => {
  const a = noise(1, 3);
  expect(maskedDssim(a, a, ones)).toBeCloseTo(0, 12);
  expect(maskedPsnr(a, a, ones)).toBe(Number.POSITIVE_INFINITY);
  const b = { ...a, data: a.data.map((x) => x + 0.1) };
  expect(maskedPsnr(a, b, ones)).toBeCloseTo(20, 4);
});

test('flat pictures differ by luminance alone, as the formula says', () => {
  const flat = (x: number): FloatImage => ({ ...floatImage(24, 20, 1), data: new Float32Array(480).fill(x) });
  const [x, y] = [Math.fround(0.2), Math.fround(0.6)];
  expect(maskedDssim(flat(x), flat(y), ones)).toBeCloseTo((1 - (2 * x * y + 1e-4) / (x * x + y * y + 1e-4)) / 2, 6);
});

test('what lies outside the mask does not count', () => {
  const mask = floatImage(24, 20, 1);
  for (let p = 0; p < 240; p++) mask.data[p] = 1;
  const [a, b] = [noise(1, 3), noise(2, 3)];
  const other = { ...a, data: a.data.map((x, i) => (i < 720 ? x : 1 - x)) };
  expect(maskedDssim(other, b, mask)).toBe(maskedDssim(a, b, mask));
  expect(maskedPsnr(other, b, mask)).toBe(maskedPsnr(a, b, mask));
});
