/** Rows of bytes and floats against the definition, value by value. */
import { expect, test } from 'vitest';
import { readBgrRow, writeBgrRow } from './bgrRows.ts';
import { Simd } from './simd.ts';

const simd = new Simd();

test.each([256, 3 * 85, 3, 12, 3 * 7])('%i bytes are read as themselves over 255, pixels turned, and written back', (length) => {
  const rgb = Uint8Array.from({ length: length - (length % 3) }, (_, i) => (i * 37) % 256);
  const floats = new Float32Array(rgb.length + 2).fill(7);
  readBgrRow(rgb, floats, 1, simd);
  const turned = (i: number): number => i - (i % 3) + 2 - (i % 3);
  expect([...floats]).toEqual([7, ...Array.from(rgb, (_, i) => Math.fround(rgb[turned(i)]! / 255)), 7]);
  const bytes = new Uint8Array(rgb.length + 2).fill(9);
  writeBgrRow(floats.subarray(1, rgb.length + 1), bytes, 1, simd);
  expect([...bytes]).toEqual([9, ...rgb, 9]);
});

test('values are held in range and cut, not rounded', () => {
  const bytes = new Uint8Array(6);
  writeBgrRow(Float32Array.of(-0.5, 0.999 / 255, 1.999 / 255, 254.99 / 255, 1, 1.5), bytes, 0, simd);
  expect([...bytes]).toEqual([1, 0, 0, 255, 255, 254]);
});
