/** The look of wide colours and the way back: what the tone map makes of a picture taken back must be that picture, and nothing may be lost on the way. */
import { expect, test } from 'vitest';
import { DisplayColours, hlgSignal } from './displayColours.ts';
import { hlgScene, pqSignal, ToneMap, type WideTransfer } from './toneMap.ts';

const cases: readonly (readonly [WideTransfer, number | undefined])[] = [
  ['hlg', undefined],
  ['pq', undefined],
  ['pq', 4000],
  ['sdr', undefined],
];

test.each(cases)('%s, peak %s: colours of standard range, taken back and mapped again, are themselves', (transfer, peak) => {
  const steps = [0, 9, 40, 77, 128, 170, 201, 230, 250];
  const rgb = Uint8Array.from(steps.flatMap((r) => steps.flatMap((g) => steps.flatMap((b) => [r, g, b]))));
  const image = { data: Float32Array.from(rgb, (v) => v / 255) };
  swapEnds(image.data);
  const colours = new DisplayColours({ transfer, peak });
  colours.fromBt709(image);
  colours.toSignal(image);
  swapEnds(image.data);
  const again = new Uint8Array(rgb.length);
  new ToneMap(transfer, peak).map(
    Uint16Array.from(image.data, (v) => Math.round(v * 65535)),
    again,
  );
  // The dark component of a saturated colour is a small difference of large numbers, of which 16 bits leave an error of light, not of levels.
  const light = (level: number): number => (level / 255) ** 2.4;
  for (let i = 0; i < rgb.length; i++) {
    const [was, is] = [rgb[i]!, again[i]!];
    if (Math.abs(is - was) > 1)
      expect(Math.abs(light(is) - light(was)), `${rgb.subarray(i - (i % 3), i - (i % 3) + 3)}`).toBeLessThan(5e-4);
  }
});

/** RGB to BGR and back. */
function swapEnds(data: Float32Array): void {
  for (let i = 0; i < data.length; i += 3) [data[i], data[i + 2]] = [data[i + 2]!, data[i]!];
}

test('the white of standard range is as bright as it is told to be at most, not the peak of the display', () => {
  const white = (most?: number): number => {
    const image = { data: new Float32Array(3).fill(1) };
    new DisplayColours({ transfer: 'hlg' }).toSignal(image, most);
    return image.data[1]!;
  };
  expect(white()).toBeCloseTo(1, 4);
  expect(white(1)).toBeCloseTo(0.75, 2); // BT.2408, table 1: 203 cd/m² is 75 %
  expect(white(0)).toBeCloseTo(0.75, 2);
  const colours = new DisplayColours({ transfer: 'hlg' });
  const brightest = (signal: number): number => {
    const image = { data: new Float32Array(3).fill(signal) };
    colours.fromSignal(image);
    return colours.brightest(image);
  };
  expect(brightest(0.75)).toBeCloseTo(1, 2);
  expect(brightest(1)).toBeCloseTo(1000 / 203, 2);
});

test.each(cases)('%s, peak %s: colours that BT.709 does not hold look like light under white, and come back', (transfer, peak = 1000) => {
  const top = transfer === 'hlg' ? 1 : transfer === 'pq' ? pqSignal(peak) : 1;
  const steps = [0, 0.02, 0.1, 0.31, 0.5, 0.72, 0.9].map((v) => v * top); // at the very top the curve is flat
  const signals = Float32Array.from(steps.flatMap((r) => steps.flatMap((g) => steps.flatMap((b) => [b, g, r]))));
  const image = { data: signals.slice() };
  const colours = new DisplayColours({ transfer, peak });
  colours.fromSignal(image);
  expect(image.data.every((v) => v >= 0 && v <= 1)).toBe(true);
  colours.toSignal(image);
  // A quarter of a step of 10 bits.
  for (const [i, was] of signals.entries())
    expect(Math.abs(image.data[i]! - was), `${signals.subarray(i - (i % 3), i - (i % 3) + 3)}`).toBeLessThan(2.5e-4);
});

test('light below the knee looks as it is, coded for BT.1886', () => {
  const image = { data: new Float32Array(3).fill(pqSignal(0.2 * 203)) };
  new DisplayColours({ transfer: 'pq' }).fromSignal(image);
  expect(image.data[1]).toBeCloseTo(0.2 ** (1 / 2.4), 5);
  const scene = { data: new Float32Array(3).fill(0.5) };
  new DisplayColours({ transfer: 'hlg' }).fromSignal(scene);
  expect(scene.data[1]).toBeCloseTo(((1000 / 203) * hlgScene(0.5) ** 1.2) ** (1 / 2.4), 5);
});

test('the curve of HLG joins at a twelfth of the light', () => {
  expect(hlgSignal(1 / 12)).toBeCloseTo(0.5, 9);
  expect(hlgSignal(1 / 12 + 1e-9)).toBeCloseTo(0.5, 6);
  expect(hlgSignal(1)).toBeCloseTo(1, 6);
});

test.each(cases)(
  '%s, peak %s: light and back is within a twentieth of a 10-bit step, black and the brightest are exact',
  (transfer, peak) => {
    const { light } = new DisplayColours({ transfer, peak });
    const codes = Float32Array.from({ length: 1024 }, (_, i) => i / 1023);
    const image = { data: codes.slice() };
    light.toLight(image);
    expect(image.data.every((v, i) => i === 0 || v > image.data[i - 1]!)).toBe(true);
    expect(image.data[0]).toBeCloseTo(0, 9);
    expect(image.data[1023]).toBeCloseTo(1, 6);
    light.toSignal(image);
    for (const [i, code] of codes.entries()) expect(Math.abs(image.data[i]! - code), String(i)).toBeLessThan(0.05 / 1023);
  },
);
