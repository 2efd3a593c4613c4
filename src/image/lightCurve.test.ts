/** Light and back, for the curve of sRGB: against its formula, and over every value of 16 bits. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { srgbCurve } from './lightCurve.ts';

test('light and back is within an eighth of a 16-bit step, and the curve is that of sRGB', () => {
  const curve = srgbCurve();
  const ramp = Float32Array.from({ length: 65536 }, (_, i) => i / 65535);
  const there = { data: ramp.slice() };
  curve.toLight(there);
  const exact = ramp.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  expectClose(there.data, exact, { abs: 2e-7 });
  curve.toSignal(there);
  expectClose(there.data, ramp, { abs: 1.9e-6 });
});

test('what lies beyond 0…1 is held there', () => {
  const image = { data: Float32Array.of(-0.5, 1.5) };
  const curve = srgbCurve();
  curve.toLight(image);
  expect([...image.data]).toEqual([0, 1]);
  image.data.set([-0.5, 1.5]);
  curve.toSignal(image);
  expect(image.data[0]).toBe(0);
  expect(image.data[1]).toBeCloseTo(1, 6);
});
