/** The warp of bytes is the float warp, rounded; outside is black. */
import { expect, test } from 'vitest';
import { Rng } from '../base/index.ts';
import { rotationAbout } from './affine.ts';
import { floatFromBytes } from './image.ts';
import { warpAffine } from './warp.ts';
import { warpBytes } from './warpBytes.ts';

test('bytes warp as floats do, rounded, also over the edges', () => {
  const rng = new Rng(5);
  const image = { width: 37, height: 29, channels: 3, data: Uint8Array.from({ length: 37 * 29 * 3 }, () => rng.uint32() & 255) };
  for (const [angle, scale] of [
    [0, 1],
    [17, 1.7],
    [-123, 0.45],
  ] as const) {
    const m = rotationAbout(18, 14, angle, scale);
    const bytes = warpBytes(image, m, 48, 40);
    const floats = warpAffine(floatFromBytes(image), m, { width: 48, height: 40, filter: 'linear', border: 'zero' });
    for (const [i, v] of bytes.data.entries()) expect(Math.abs(v - floats.data[i]! * 255)).toBeLessThanOrEqual(0.5 + 1e-4);
  }
});

test('a part that holds what is shown warps as the whole picture does, into memory that was used before', () => {
  const rng = new Rng(8);
  const [width, height] = [90, 70];
  const image = { width, height, channels: 3, data: Uint8Array.from({ length: width * height * 3 }, () => rng.uint32() & 255) };
  const part = (x: number, y: number, w: number, h: number) => {
    const rows = Array.from({ length: h }, (_, j) => image.data.subarray(((y + j) * width + x) * 3, ((y + j) * width + x + w) * 3));
    return { width: w, height: h, channels: 3, data: Uint8Array.from(rows.flatMap((row) => [...row])) };
  };
  for (const [shiftX, shiftY, x, y, w, h] of [
    [-30.3, -20.7, 16, 20, 34, 34], // inside
    [8.2, 5.5, 0, 0, 40, 40], // over the left and upper edge
    [-70.1, -50.9, 48, 50, 42, 20], // over the others
  ] as const) {
    const [a, b, , c, d] = rotationAbout(0, 0, 11, 1.1);
    const m = [a, b, shiftX, c, d, shiftY] as const;
    const out = new Uint8Array(3000).fill(99);
    const whole = warpBytes(image, m, 24, 24);
    expect(warpBytes(part(x, y, w, h), m, 24, 24, { x, y, out }).data).toEqual(whole.data);
    expect(new Set(whole.data).size).toBeGreaterThan(50);
  }
});
