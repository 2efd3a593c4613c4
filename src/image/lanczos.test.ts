/** Lanczos against its definition: the kernel itself, exact positions, and waves that are slow enough to be kept. */
import { expect, test } from 'vitest';
import { floatImage } from './image.ts';
import { lanczosWeights, resizeLanczos, warpLanczos } from './lanczos.ts';

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

test('the weights are those of the kernel made to sum to 1, and mirror with the fraction', () => {
  for (const t of [0.03125, 0.3, 0.5, 0.97]) {
    const plain = Array.from({ length: 8 }, (_, i) => sinc(t + 3 - i) * sinc((t + 3 - i) / 4));
    const sum = plain.reduce((a, b) => a + b, 0);
    for (const [i, w] of lanczosWeights(t).entries()) {
      expect(w).toBeCloseTo(plain[i]! / sum, 12);
      expect(w).toBeCloseTo(lanczosWeights(1 - t)[7 - i]!, 12);
    }
  }
  expect([...lanczosWeights(0)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
});

test('a slow wave keeps its values at new positions, a constant its value up to the edges', () => {
  const wave = floatImage(64, 48, 1);
  const value = (x: number, y: number): number => 0.5 + 0.3 * Math.sin(0.3 * x + 1) * Math.cos(0.2 * y);
  for (let y = 0; y < 48; y++) for (let x = 0; x < 64; x++) wave.data[y * 64 + x] = value(x, y);
  const larger = resizeLanczos(wave, 100, 90);
  for (let y = 20; y < 70; y++) {
    for (let x = 20; x < 80; x++) {
      expect(larger.data[y * 100 + x]).toBeCloseTo(value(((x + 0.5) * 64) / 100 - 0.5, ((y + 0.5) * 48) / 90 - 0.5), 2);
    }
  }
  const flat = floatImage(9, 9, 2);
  flat.data.fill(0.25);
  expect(resizeLanczos(flat, 23, 4).data.every((v) => Math.abs(v - 0.25) < 1e-6)).toBe(true);
  expect(resizeLanczos(flat, 9, 9)).toBe(flat);
});

test('a shift by whole pixels moves pixels unchanged, with zeros where none come from', () => {
  const image = floatImage(6, 5, 3);
  for (let i = 0; i < image.data.length; i++) image.data[i] = i / 100;
  const moved = warpLanczos(image, [1, 0, 2, 0, 1, -1], 6, 5);
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 6; x++) {
      for (let c = 0; c < 3; c++) {
        const inside = x >= 2 && y + 1 < 5;
        expect(moved.data[(y * 6 + x) * 3 + c]).toBe(inside ? image.data[((y + 1) * 6 + x - 2) * 3 + c] : 0);
      }
    }
  }
});
