/** The random numbers of a sample: ranges, shares and independence, and what the options change. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { drawSample, transposeSquare, warpMapX } from './draws.ts';
import type { SampleOptions } from './options.ts';

const options: SampleOptions = {
  resolution: 64,
  faceType: 'whole_face',
  randomFlip: true,
  randomWarp: true,
  hsvPower: 0.1,
  uniformYaw: false,
  symmetricWarp: true,
  halfPixelShift: true,
};
const draw = (i: number, changed: Partial<SampleOptions> = {}) => drawSample(streamFor(5, 'draws', i), { ...options, ...changed });
const many = Array.from({ length: 4000 }, (_, i) => draw(i));

test('rotation, scale and move stay in their ranges and fill them', () => {
  const angles = many.map(({ targetFromSource: m }) => (Math.atan2(m[1], m[0]) * 180) / Math.PI);
  const scales = many.map(({ targetFromSource: m }) => Math.hypot(m[0], m[1]));
  const moves = many.map(({ targetFromSource: m }) => (m[0] * 32 + m[1] * 32 + m[2] - 32) / 64); // of the centre
  for (const [values, low, high] of [
    [angles, -10, 10],
    [scales, 1 / 1.15, 1.15],
    [moves, -0.05, 0.05],
  ] as const) {
    const slack = (high - low) / 100;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low - 1e-12);
    expect(Math.max(...values)).toBeLessThanOrEqual(high + 1e-12);
    expect(Math.min(...values)).toBeLessThan(low + slack);
    expect(Math.max(...values)).toBeGreaterThan(high - slack);
  }
});

test('two in five samples are mirrored, none without the option', () => {
  const share = many.filter(({ mirrored }) => mirrored).length / many.length;
  expect(Math.abs(share - 0.4)).toBeLessThan(4 * Math.sqrt(0.24 / many.length));
  expect(many.some((_, i) => draw(i, { randomFlip: false }).mirrored)).toBe(false);
});

test('the hue moves by at most 180 · power whole degrees, both ways', () => {
  const hues = new Set(many.map(({ hsv }) => hsv?.hueDeg));
  expect([...hues].sort((a, b) => a! - b!)).toEqual(Array.from({ length: 37 }, (_, i) => i - 18));
});

test('an option that is off leaves the numbers of the others alone', () => {
  const [full, plain] = [draw(8), draw(8, { randomFlip: false, randomWarp: false, hsvPower: 0 })];
  expect(plain.targetFromSource).toEqual(full.targetFromSource);
  expect([plain.maps, plain.hsv, plain.mirrored]).toEqual([undefined, undefined, false]);
});

test('the reference bends x and y by one map and its transpose; independent maps differ', () => {
  const { x, y } = draw(1).maps!;
  expect(y).toEqual(transposeSquare(x, 64));
  const independent = draw(1, { symmetricWarp: false }).maps!;
  expect(independent.y).not.toEqual(transposeSquare(independent.x, 64));
});

test('a map without noise is x + ½, and x without the half-pixel slip', () => {
  const none = new Float64Array(49);
  const map = warpMapX(64, 8, none, none);
  expectClose(
    map,
    map.map((_, i) => (i % 64) + 0.5),
    {},
  );
  const [shifted, placed] = [draw(2).maps!, draw(2, { halfPixelShift: false }).maps!];
  expectClose(
    placed.x,
    shifted.x.map((v) => v - 0.5),
    { abs: 1e-6 },
  );
});
