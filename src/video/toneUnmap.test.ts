/** The way back from standard range: what the map makes of its result must be what it came from. */
import { expect, test } from 'vitest';
import { ToneMap, type WideTransfer } from './toneMap.ts';
import { hlgSignal, ToneUnmap } from './toneUnmap.ts';

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
  new ToneUnmap({ transfer, peak }).unmap(image);
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
    new ToneUnmap({ transfer: 'hlg' }).unmap(image, most);
    return image.data[1]!;
  };
  expect(white()).toBeCloseTo(1, 4);
  expect(white(1)).toBeCloseTo(0.75, 2); // BT.2408, table 1: 203 cd/m² is 75 %
  expect(white(0)).toBeCloseTo(0.75, 2);
  const unmap = new ToneUnmap({ transfer: 'hlg' });
  expect(unmap.brightest({ data: new Float32Array(3).fill(0.75) })).toBeCloseTo(1, 2);
  expect(unmap.brightest({ data: new Float32Array(3).fill(1) })).toBeCloseTo(1000 / 203, 4);
});

test('the curve of HLG joins at a twelfth of the light', () => {
  expect(hlgSignal(1 / 12)).toBeCloseTo(0.5, 9);
  expect(hlgSignal(1 / 12 + 1e-9)).toBeCloseTo(0.5, 6);
  expect(hlgSignal(1)).toBeCloseTo(1, 6);
});
