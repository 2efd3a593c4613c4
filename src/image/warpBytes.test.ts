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
