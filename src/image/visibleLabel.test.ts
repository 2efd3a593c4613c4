/** The visible label: white on dark wherever it lies, nothing changed elsewhere, on 8 and 16 bits alike. */
import { expect, test } from 'vitest';
import { readFont } from './font.ts';
import { drawLabel, visibleLabel } from './visibleLabel.ts';

const glyphs = readFont();

test.each([
  ['8 bits', Uint8Array, 255],
  ['16 bits', Uint16Array, 65535],
] as const)('on a white and on a black frame the text is brighter than its band by half the range, %s', (_, Data, greatest) => {
  for (const level of [0, greatest]) {
    const frame = { width: 640, height: 360, data: new Data(640 * 360 * 3).fill(level) };
    const label = visibleLabel(glyphs, 'AI', frame);
    drawLabel(label, frame);
    const at = (x: number, y: number): number => frame.data[((360 - label.height + y) * 640 + x) * 3]!;
    // The upper end of A is a row of three dots, one dot from its left; the band begins four dots above it.
    const [text, band] = [at(5, 4), at(0, 0)];
    expect(text).toBe(greatest);
    expect(text - band).toBeGreaterThan(greatest / 2);
    const outside = frame.data.filter((_, i) => i / 3 < (360 - label.height) * 640 || Math.floor(i / 3) % 640 >= label.width);
    expect(outside.every((value) => value === level)).toBe(true);
  }
});

test('capitals are about a fortieth of the shorter side, less if the text is long, and a text that cannot fit is refused', () => {
  const heightOf = (text: string, width: number, height: number): number => visibleLabel(glyphs, text, { width, height }).height;
  expect(heightOf('Synthetic', 1920, 1080)).toBe(4 * 17); // 4 pixels a dot, 7 of the 17 rows are a capital: 28 of 1080
  expect(heightOf('x'.repeat(150), 1920, 1080)).toBe(2 * 17); // 899 dots and 8 around them fit twice
  expect(() => heightOf('x'.repeat(400), 1920, 1080)).toThrow('does not fit');
  expect(() => heightOf(' ', 1920, 1080)).toThrow('does not fit');
});
