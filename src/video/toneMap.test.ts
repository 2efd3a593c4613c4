/** Tone mapping against the numbers that its sources print. */
import { expect, test } from 'vitest';
import { compressedLight, hlgScene, pqLight, pqSignal, ToneMap } from './toneMap.ts';

test('PQ signals mean the light that BT.2408 prints', () => {
  expect(pqSignal(203)).toBeCloseTo(0.5807, 3); // table 1: 58 %
  expect(pqSignal(1000)).toBeCloseTo(0.7518, 3);
  expect(pqSignal(10000)).toBeCloseTo(1, 9);
  for (const light of [0.01, 1, 100, 4000]) expect(pqLight(pqSignal(light)) / light).toBeCloseTo(1, 6);
});

test('HLG at 75 % on a display of 1000 cd/m² is the white of 203', () => {
  expect(hlgScene(0.5)).toBeCloseTo(1 / 12, 9);
  expect(hlgScene(1)).toBeCloseTo(1, 6);
  expect(1000 * hlgScene(0.75) ** 1.2).toBeCloseTo(203, 0);
});

test('the curve keeps light below its knee, grows, and ends at the target', () => {
  const curve = (light: number): number => compressedLight(light, { peak: 1000, target: 203 });
  expect(curve(50)).toBe(50);
  expect(curve(1000)).toBeCloseTo(203, 3);
  let last = 0;
  for (let light = 1; light <= 1000; light += 5) {
    expect(curve(light)).toBeGreaterThan(last);
    expect(curve(light)).toBeLessThanOrEqual(light + 1e-9);
    last = curve(light);
  }
});

test('gray stays gray, and light below the knee comes out as standard range codes it', () => {
  const code = (transfer: 'hlg' | 'pq' | 'sdr', signal: number): number[] => {
    const out = new Uint8Array(3);
    new ToneMap(transfer).map(new Uint16Array(3).fill(Math.round(signal * 65535)), out);
    return [...out];
  };
  const dim = Math.round(255 * 0.2 ** (1 / 2.4)); // a fifth of white
  expect(code('pq', pqSignal(0.2 * 203))).toEqual([dim, dim, dim]);
  expect(code('sdr', 128 / 255)).toEqual([128, 128, 128]);
  expect(code('sdr', 1)).toEqual([255, 255, 255]);
  expect(code('hlg', 1)).toEqual([255, 255, 255]);
  expect(code('hlg', 0)).toEqual([0, 0, 0]);
});
