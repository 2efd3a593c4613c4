/** Chips of light computed two values at a time are those of the formula, written value by value, to the last bit. */
import { expect, test } from 'vitest';
import type { Affine } from './affine.ts';
import { CHIP, laplacianVariance, signalChip } from './chip.ts';
import { type PlanarImage, type Plane, signalColours } from './planarImage.ts';

const noise = (width: number, height: number, seed: number): Plane => ({
  ...{ width, height },
  data: Uint8Array.from({ length: width * height }, (_, i) => (Math.imul(i + seed * 7919, 0x9e3779b1) >>> 13) & 255),
});

const image: PlanarImage = {
  ...{ width: 400, height: 300, luma: noise(400, 300, 1), blue: noise(200, 150, 2), red: noise(200, 150, 3) },
  lumaFromPicture: [1, 0, 0, 0, 1, 0],
  chroma: { scaleX: 0.5, shiftX: 0.25, scaleY: 0.5, shiftY: 0 },
  colours: signalColours(0.2126, 0.0722, false),
};

/** Between the pixels at (u, v) of the unit square. */
function reading({ width, height }: Plane, m: Affine, u: number, v: number, at: (x: number, y: number) => number) {
  const x = Math.min(Math.max(m[0] * u + m[1] * v + m[2], 0), width - 1);
  const y = Math.min(Math.max(m[3] * u + m[4] * v + m[5], 0), height - 1);
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const pixel = (dx: number, dy: number): number => at(Math.min(x0 + dx, width - 1), Math.min(y0 + dy, height - 1));
  return { x, y, x0, y0, pixel };
}

test.each([
  ['inside', [150, -40, 120, 40, 150, 60], 1],
  ['large', [300, 20, 60, -20, 260, 20], 3],
  ['over two edges', [200, 90, -70, -90, 200, 220], 2],
] as const)('a square %s', (_, m: Affine, samples) => {
  const half: Affine = [m[0] / 2, m[1] / 2, m[2] / 2, m[3] / 2, m[4] / 2, m[5] / 2 - 0.25];
  const factors = { base: -18.5, luma: 1.164, blue: -0.07, red: 0.21 };
  const expected = new Float32Array(CHIP * CHIP);
  const { luma, blue, red } = image;
  let total = 0;
  for (let i = 0; i < CHIP * CHIP; i++) {
    const [x, y] = [i % CHIP, Math.floor(i / CHIP)];
    let sum = 0;
    for (let j = 0; j < samples ** 2; j++) {
      const [u, v] = [(x + ((j % samples) + 0.5) / samples) / CHIP, (y + (Math.floor(j / samples) + 0.5) / samples) / CHIP];
      const at = reading(luma, m, u, v, (px, py) => luma.data[py * luma.width + px]!);
      const upper = at.pixel(0, 0) * (1 - at.x + at.x0) + at.pixel(1, 0) * (at.x - at.x0);
      const lower = at.pixel(0, 1) * (1 - at.x + at.x0) + at.pixel(1, 1) * (at.x - at.x0);
      sum += upper * (1 - at.y + at.y0) + lower * (at.y - at.y0);
    }
    const colour = (px: number, py: number): number =>
      factors.blue * blue.data[py * blue.width + px]! + factors.red * red.data[py * red.width + px]!;
    const at = reading(blue, half, (x + 0.5) / CHIP, (y + 0.5) / CHIP, colour);
    const [upper, lower] = [0, 1].map((dy) => at.pixel(0, dy) + (at.pixel(1, dy) - at.pixel(0, dy)) * (at.x - at.x0));
    const value = factors.base + factors.luma * Math.fround(sum / samples ** 2) + upper! + (lower! - upper!) * (at.y - at.y0);
    expected[i] = value;
    total += value;
  }
  const chip = new Float32Array(CHIP * CHIP);
  expect(signalChip(image, m, half, factors, samples, chip)).toBe(total);
  expect(chip).toEqual(expected);
});

test('the variance of the Laplacian is that of the formula', () => {
  const chip = Float32Array.from({ length: CHIP * CHIP }, (_, i) => 100 + 50 * Math.sin(i * 0.7) + ((i * 31) % 17));
  const found: number[] = [];
  for (let y = 1; y < CHIP - 1; y++) {
    for (let x = 1; x < CHIP - 1; x++) {
      const at = (dx: number, dy: number): number => chip[(y + dy) * CHIP + x + dx]!;
      found.push(at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4 * at(0, 0));
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  expect(laplacianVariance(chip)).toBe(mean(found.map((v) => v * v)) - mean(found) ** 2);
});
